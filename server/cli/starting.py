"""What is seen to before a server starts, and known at once: its log, its settings, its port. Imports nothing
of the server itself, which takes seconds."""

import logging

import click

from server.cli.output import Failure
from server.cli.port import fault_at_last
from server.logs import configure_logs
from server.providers.catalog import choose
from server.settings import Settings, SettingsError, unknown_names


def prepare(settings: Settings, log_level: str) -> None:
    """Set up the log, name settings that set nothing, and see that the others can be meant so and
    the port is free. Raises Failure."""
    configure_logs(log_level)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # it tells what we tell in our own words
    for sentence in unknown_names():
        click.echo(sentence, err=True)
    try:
        choose(settings)
    except SettingsError as error:
        raise Failure("\n".join(error.faults)) from None
    if (fault := fault_at_last(settings.host, settings.port)) is not None:
        raise Failure(
            f"{settings.host}:{settings.port} can't be listened on ({fault.strerror}): end the other program,"
            " or choose another address with --port, VIVAVOCE_PORT or VIVAVOCE_HOST."
        )
