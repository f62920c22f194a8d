"""What thousands of short sessions leave behind in one server: memory, tasks, threads, files, sockets."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter_ns
from typing import Final

import click
import msgspec
from websockets.exceptions import ConnectionClosed

from benchmarks.report import Row, publish, this_machine
from benchmarks.soaked_server import Counted, Opened, Visitor
from tests.support.house import ROOT
from tests.support.running_server import Door, Study
from tests.support.short_visits import Visit, visit_number

MOST_KIB_A_SESSION: Final = 8.0
"""Memory that a session may keep, after the warm-up: 40 MB in five thousand of them."""
_WARM_UP: Final = 0.2
"""Share of the sessions after which pools, caches and the allocator have found their size."""
_QUIET_TIMEOUT: Final = 120.0
"""Seconds until the last talk is given up, and all is made that is to come of them."""
_PATIENCE: Final = 120.0
"""Seconds for one visit; one that takes longer has failed."""
_LINE_LIMIT: Final = 1 << 24


class SoakedServer:
    """The server's process, from outside."""

    def __init__(self, process: asyncio.subprocess.Process, opened: Opened) -> None:
        self.opened = opened
        self._process = process

    async def count(self) -> Counted:
        """What it holds now."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"count\n")
        return msgspec.json.decode(await _line(self._process), type=Counted)

    async def count_at_rest(self) -> Counted:
        """What it holds once everybody is gone, the last given up, and all made that comes of them."""
        async with asyncio.timeout(_QUIET_TIMEOUT):
            while (await self.count()).busy:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.5)
        await asyncio.sleep(2.0)  # for connections that were closed at the other end
        return await self.count()


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise click.ClickException("the server has ended")
    return line


@asynccontextmanager
async def soaked_server(data_dir: Path, sessions: int, *, trace: bool) -> AsyncIterator[SoakedServer]:
    """Start the server; it ends with the block."""
    arguments = ["-m", "benchmarks.soaked_server", str(data_dir), str(sessions), *["--trace"][: int(trace)]]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        limit=_LINE_LIMIT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield SoakedServer(process, msgspec.json.decode(await _line(process), type=Opened))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


class Visits:
    """Sends the visitors, so many at a time, and keeps what went wrong."""

    def __init__(self, url: str, at_once: int, spoken_every: int) -> None:
        self.failed: list[str] = []
        self.put_off = 0
        """How often somebody was asked to come again, the disk being behind."""
        self._door = Door(url)
        self._room = asyncio.Semaphore(at_once)
        self._spoken_every = spoken_every
        self._sent = 0

    async def send(self, visitors: list[Visitor]) -> None:
        """Let them all come and go."""
        async with asyncio.TaskGroup() as tasks:
            for visitor in visitors:
                tasks.create_task(self._send_one(self._sent, visitor))
                self._sent += 1

    async def _send_one(self, number: int, visitor: Visitor) -> None:
        visit, study = visit_number(number, self._spoken_every), Study(visitor.run_id, visitor.token, "")
        async with self._room:
            try:
                async with asyncio.timeout(_PATIENCE):
                    while not await self._let_in(visit, study):  # noqa: ASYNC110 - as a page asks again
                        await asyncio.sleep(1.0)
            except Exception as error:  # one that fails is counted, and the others go on
                self.failed.append(f"{number}, {visit.__name__}: {type(error).__name__}: {error}"[:300])

    async def _let_in(self, visit: Visit, study: Study) -> bool:
        """Pay the visit; False when the door is closed for the moment, which a page would try again."""
        try:
            await visit(self._door, study)
        except (AssertionError, ConnectionClosed) as error:
            if "storage_unavailable" not in str(error):
                raise
            self.put_off += 1
            return False
        return True

    async def rest(self) -> None:
        """Close what is kept open for the next visit; it opens by itself again."""
        await self._door.http.aclose()
        self._door = Door(self._door.origin)


async def soak(
    sessions: int, at_once: int, spoken_every: int, *, trace: bool
) -> tuple[Counted, Counted, Visits]:
    """The server after the warm-up and at the end, and how the visits went."""
    with tempfile.TemporaryDirectory() as folder:
        async with soaked_server(Path(folder), sessions, trace=trace) as server:
            visits = Visits(server.opened.url, at_once, spoken_every)
            warm = max(1, round(_WARM_UP * sessions))
            await visits.send(server.opened.visitors[:warm])
            await visits.rest()
            before = await server.count_at_rest()
            await visits.send(server.opened.visitors[warm:])
            await visits.rest()
            after = await server.count_at_rest()
    return before, after, visits


@click.command()
@click.option("--sessions", type=click.IntRange(10), default=2_000, show_default=True)
@click.option("--at-once", type=click.IntRange(1), default=10, show_default=True)
@click.option("--spoken-every", type=click.IntRange(1), default=10, show_default=True, help="Over WebRTC.")
@click.option("--trace", is_flag=True, help="Find where memory is taken. Slow, and takes much itself.")
@click.option("--json", "as_json", is_flag=True)
def command(sessions: int, at_once: int, spoken_every: int, trace: bool, as_json: bool) -> None:
    """Short sessions at one server, and what they leave behind.

    Most are written, some spoken over WebRTC; of both some end properly, and some vanish without a word.
    Compared are the moments after a fifth of them and after all, each when nobody is there any more.
    """
    machine, began = this_machine(), perf_counter_ns()
    before, after, visits = asyncio.run(soak(sessions, at_once, spoken_every, trace=trace))
    wall = (perf_counter_ns() - began) / 1e9
    grown = after.census.resident_kib - before.census.resident_kib
    soaked = sessions - max(1, round(_WARM_UP * sessions))
    left = {what: after.census.counts[what] - count for what, count in before.census.counts.items()}
    publish(
        "soak",
        [
            Row(
                "memory kept by a session, after the warm-up",
                round(grown / soaked, 2),
                "KiB",
                MOST_KIB_A_SESSION,
            ),
            *(Row(f"{what} left over", float(count), "", 0.0) for what, count in left.items()),
            Row("visits that failed", float(len(visits.failed)), "", 0.0),
            Row("visits put off by a slow disk", float(visits.put_off), ""),
            Row("memory at the end", round(after.census.resident_kib / 1024, 1), "MiB"),
            Row("all of it", round(wall, 1), "s"),
        ],
        machine,
        as_json=as_json,
        options={"sessions": sessions, "at_once": at_once, "spoken_every": spoken_every},
        detail={
            "before": msgspec.to_builtins(before.census),
            "after": msgspec.to_builtins(after.census),
            "held before": msgspec.to_builtins(before.held),
            "held after": msgspec.to_builtins(after.held),
            "grown": after.grown,
            "failed": visits.failed,
        },
    )
