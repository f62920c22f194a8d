"""What a process has open and under way, to be compared before and after. Linux, as it reads /proc."""

import asyncio
import contextlib
import gc
import heapq
import os
import threading
from collections import Counter
from pathlib import Path

import msgspec
from sqlalchemy import QueuePool

from server.gateway.webrtc import WebRtcLeg
from server.live.page import Page
from server.live.registry import Registry
from server.live.session import Session
from server.live.visit import Visit
from server.store.database import Database
from server.store.event_log import EventLog
from server.store.jobs import Jobs

_OURS = Path("/proc/self")
_OF_A_TALK = (Visit, Session, EventLog, Page, WebRtcLeg)
"""Whoever holds one of them holds nearly all that there was of a talk."""


class Census(msgspec.Struct, frozen=True):
    """One look. Tasks are counted by name where they have one of their own, else by what they run."""

    tasks: dict[str, int]
    threads: int
    files: int
    """Descriptors, sockets among them, but for those of a database's main file: of connections that it closes
    SQLite keeps them for the next. One that is open has its write-ahead log's too, and that is counted."""
    udp_sockets: int
    children: int
    visits: int
    resident_kib: int

    @property
    def counts(self) -> dict[str, int]:
        """All but the memory, which nobody can expect to be the same to the byte."""
        return {
            "tasks": sum(self.tasks.values()),
            "threads": self.threads,
            "files": self.files,
            "UDP sockets": self.udp_sockets,
            "child processes": self.children,
            "visits": self.visits,
        }


def take_census(registry: Registry) -> Census:
    """Count everything of this process now. Called on the loop whose tasks are meant."""
    gc.collect()
    links = _links()
    return Census(
        tasks=dict(Counter(map(_kind, asyncio.all_tasks()))),
        threads=threading.active_count(),
        files=sum(not link.endswith(".db") for link in links),
        udp_sockets=len(_udp_inodes() & {link for link in links if link.startswith("socket:")}),
        children=len(_children()),
        visits=len(registry._visits),
        resident_kib=_resident_kib(),
    )


def left_of_talks() -> Counter[str]:
    """How many of the parts of talks are still in memory, those of talks that are over too. Called on the
    loop."""
    _drop_cancelled_timers()
    gc.collect()
    kinds = map(type, gc.get_objects())
    return Counter(kind.__name__ for kind in kinds if kind in _OF_A_TALK)


def _drop_cancelled_timers() -> None:
    """asyncio's own loop keeps a timer that was cancelled until it would have been due, and with it the
    context in which it was set; the one that the server runs on lets go of it at once."""
    scheduled = getattr(asyncio.get_running_loop(), "_scheduled", [])
    scheduled[:] = [timer for timer in scheduled if not timer.cancelled()]
    heapq.heapify(scheduled)


async def fill_thread_pool() -> None:
    """Have the running loop's pool start all its threads: by itself it does so whenever more work than never
    before meets."""
    size = min(32, (os.cpu_count() or 1) + 4)
    together = threading.Barrier(size)
    await asyncio.gather(*(asyncio.to_thread(together.wait) for _ in range(size)))


async def at_rest(database: Database) -> None:
    """Wait until the office has done what is to be done, the pool of the database is whole and nobody is at
    it: the office looks in every second."""
    jobs = Jobs(database)
    while await jobs.waiting():  # noqa: ASYNC110 - it is on the disk
        await asyncio.sleep(0.2)
    await database.warm()
    pool = database.engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    looks = 0
    while looks < 3:  # the thread and the task of what was closed last end a moment after it
        await asyncio.sleep(0.02)
        looks = 0 if pool.checkedout() else looks + 1


def _kind(task: "asyncio.Task[object]") -> str:
    name = task.get_name()
    if not name.startswith("Task-"):
        return name
    coroutine = task.get_coro()
    return str(getattr(coroutine, "__qualname__", coroutine))


def _links() -> list[str]:
    links = []
    for descriptor in os.listdir(_OURS / "fd"):
        try:
            links.append(os.readlink(_OURS / "fd" / descriptor))
        except FileNotFoundError:  # the listing's own
            continue
    return links


def _udp_inodes() -> set[str]:
    inodes = set()
    for table in ("udp", "udp6"):
        for line in (_OURS / "net" / table).read_text().splitlines()[1:]:
            inodes.add(f"socket:[{line.split()[9]}]")
    return inodes


def _children() -> list[str]:
    children = []
    for thread in (_OURS / "task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
            children += (thread / "children").read_text().split()
    return children


def _resident_kib() -> int:
    status = (_OURS / "status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])
