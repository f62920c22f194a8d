"""`python -m benchmarks.soaked_server DATA_DIR SESSIONS`: the real server, which counts what it holds.

On standard output: one line of JSON with its URL and a run for each session; then a census for each line that
comes in. It ends when its standard input does.
"""

import asyncio
import ctypes
import os
import sys
import tracemalloc
from pathlib import Path
from typing import Final

import click
import msgspec

from dialog.blueprint import Pipeline
from server.api.house import House
from server.app import run_server
from server.cli.serving import run_on_loop
from server.live.session import SessionPolicy
from server.settings import Settings
from server.store.jobs import Jobs
from server.store.organizations import Tenant
from tests.support.census import Census, fill_thread_pool, take_census
from tests.support.small_study import small_blueprint

LINGER: Final = 3.0
"""Seconds that a lost participant is waited for: so many vanish that with half a minute the house were full.
"""
_SITES: Final = 25


class Visitor(msgspec.Struct, frozen=True):
    """A run, and the secret of its link."""

    run_id: str
    token: str


class Opened(msgspec.Struct, frozen=True):
    """The first line: where the server is, and who may come."""

    url: str
    visitors: list[Visitor]


class Held(msgspec.Struct, frozen=True):
    """Whose the process's memory is: what is in use, and what its allocator keeps for the next time."""

    objects: int
    """Blocks that Python's own allocator has given out."""
    malloc_kib: int
    """In use in the C library's heaps: SQLite's pages, libopus, OpenSSL, large Python objects."""
    spare_kib: int
    """Free in them, and not given back to the system."""
    arenas_kib: int
    """Mapped for them."""
    trimmed_kib: int
    """Resident once what is spare was given back as far as that is possible."""


class _MallInfo(ctypes.Structure):
    """mallinfo2(3), glibc 2.33."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    )


def _held() -> Held:
    c_library = ctypes.CDLL(None)
    c_library.mallinfo2.restype = _MallInfo
    info = c_library.mallinfo2()
    c_library.malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        objects=sys.getallocatedblocks(),
        malloc_kib=(info.uordblks + info.hblkhd) // 1024,
        spare_kib=info.fordblks // 1024,
        arenas_kib=info.arena // 1024,
        trimmed_kib=pages * (os.sysconf("SC_PAGE_SIZE") // 1024),
    )


class Counted(msgspec.Struct, frozen=True):
    """What the server holds at one moment."""

    census: Census
    busy: bool
    """A talk, the preparing of its words, or what is made of talks that are over goes on."""
    held: Held
    grown: list[str] = []
    """With --trace: where most memory was taken since the census before."""


async def _invite(house: House, sessions: int) -> list[Visitor]:
    organization = await house.organizations.first("Soak & Co.")
    tenant = Tenant(organization.id, test_mode=True)
    # To analyse a talk takes a child of its own, which gives way to all else: they would still be at it when
    # everybody has long left.
    design = small_blueprint().model_copy(update={"pipeline": Pipeline(analysis=False)})
    made = await house.blueprints.create(tenant, design)
    await house.blueprints.publish(tenant, made.id)
    runs = [await house.runs.create(tenant, made.id, consent_needed=True) for _ in range(sessions)]
    return [Visitor(run.id, token) for run, token in runs]


class _Traced:
    """Where memory is taken, from one look to the next."""

    def __init__(self) -> None:
        tracemalloc.start(6)
        self._before = tracemalloc.take_snapshot()

    def grown(self) -> list[str]:
        now = tracemalloc.take_snapshot()
        before, self._before = self._before, now
        return [str(one) for one in now.compare_to(before, "lineno")[:_SITES]]


async def _serve(data_dir: Path, sessions: int, trace: bool) -> None:
    ready: asyncio.Future[tuple[House, str]] = asyncio.get_running_loop().create_future()
    settings = Settings.load(
        data_dir=data_dir, port=0, recogniser_processes=1, max_sessions=1_000, log_level="warning"
    )
    server = run_server(settings, lambda house, url: ready.set_result((house, url)))
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(), name="serving")
        house, url = await ready
        house.registry.policy = SessionPolicy(linger=LINGER)
        visitors = await _invite(house, sessions)
        await fill_thread_pool()
        traced, jobs = _Traced() if trace else None, Jobs(house.database)
        _say(Opened(url, visitors))
        while await asyncio.to_thread(sys.stdin.readline):
            busy = bool(house.registry._visits or house.registry._running or await jobs.waiting())
            census = take_census(house.registry)
            _say(Counted(census, busy, _held(), traced.grown() if traced is not None else []))
        server.should_exit = True
        await serving


def _say(told: msgspec.Struct) -> None:
    print(msgspec.json.encode(told).decode(), flush=True)


@click.command()
@click.argument("data_dir", type=click.Path(path_type=Path))
@click.argument("sessions", type=int)
@click.option("--trace", is_flag=True, help="Tell where memory is taken. Makes all slower.")
def main(data_dir: Path, sessions: int, trace: bool) -> None:
    """Serve until standard input ends."""
    run_on_loop(_serve(data_dir, sessions, trace))


if __name__ == "__main__":
    main()
