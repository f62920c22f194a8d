"""Serving, as `serve` and `demo` both do it: the loop, the port, the end, and what is said if it fails."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, TypeVar

import click

from server.app import serve
from server.cli.output import Failure
from server.logs import configure_logs
from server.providers.catalog import choose
from server.settings import Settings, SettingsError, unknown_names

NOT_STARTED: Final = "The server didn't start: the lines above say why, and `vivavoce doctor` looks closer."
BROKEN: Final = (
    "The server ended because a part of it broke: the lines above say which. All that was said is kept."
)

_Result = TypeVar("_Result")


def run_on_loop(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run to the end on uvloop, where there is one: its timers are on time by half a millisecond more."""
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


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
            " or choose another address with --port or VIVAVOCE_HOST."
        ) from None


class Served(NamedTuple):
    """A server that listens."""

    url: str
    local_url: str
    """Where this machine reaches it, whatever the public URL leads to."""
    ended: asyncio.Task[bool]
    """Done when somebody has ended the server."""


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    """Serve beside the body. Raises Failure.

    Afterwards the server ends as when a supervisor asks: no new talk begins, those under way are safe.
    """
    listening: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    # The server raises the signal that ended it once more when it is done; here there is nothing left to end.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    # This function owns the task and awaits it below. Not a TaskGroup: it would wrap a Failure into a group,
    # and nobody could read what went wrong.
    serving = asyncio.get_running_loop().create_task(
        serve(settings, ready=lambda *urls: listening.set_result(urls), stop=stop), name="server"
    )
    try:
        await asyncio.wait((listening, serving), return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            await serving
            raise Failure(NOT_STARTED)
        yield Served(*listening.result(), serving)
    finally:
        stop.set()
        await serving
        signal.signal(signal.SIGTERM, before)
