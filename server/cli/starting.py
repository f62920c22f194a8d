"""What is seen to before a server starts, and known at once: its log, its settings, its port. Imports nothing
of the server itself, which takes seconds."""

import logging
import socket

import click

from server.cli.output import Failure
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
    try:
        address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], address[1]) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address[4])
    except OSError as error:
        raise Failure(
            f"{settings.host}:{settings.port} can't be listened on ({error.strerror}): end the other program,"
            " or choose another address with --port, VIVAVOCE_PORT or VIVAVOCE_HOST."
        ) from None
