"""Serving, as `serve` and `demo` both do it: the loop, the end, and what is said if it fails."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, TypeVar

import click

from server.app import serve
from server.cli.databases import opened_database
from server.cli.output import Failure
from server.cli.seeding import first_keys
from server.settings import Settings

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


def serve_until_ended(settings: Settings) -> None:
    """Run the server until it is told to end. Raises Failure."""
    asyncio.run(_tell_first_keys(settings))
    started = False

    def tell(url: str, _: str) -> None:
        nonlocal started
        started = True
        click.echo(f"Vivavoce is ready at {url}")

    try:
        whole = run_on_loop(serve(settings, ready=tell))
    except KeyboardInterrupt:
        return
    if not started:
        raise Failure(NOT_STARTED)
    if not whole:
        raise Failure(BROKEN)


async def _tell_first_keys(settings: Settings) -> None:
    """Make and show the keys of a new database, beside the line that programs read. Raises Failure."""
    async with opened_database(settings) as database:
        keys = await first_keys(database)
    if keys is not None:
        click.echo(f"Live key: {keys.live}", err=True)
        click.echo(f"Test key: {keys.test}", err=True)
        click.echo(
            "They are shown this once: keep them now. `vivavoce keys` makes and revokes others.", err=True
        )
