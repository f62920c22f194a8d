"""How long somebody waits for an event to be on the disk, with twenty talks at once: on SQLite and on
PostgreSQL, beside what the disk itself takes."""

import asyncio
import contextlib
import gc
import os
import statistics
import sys
import tempfile
from bisect import bisect
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Final

import click
import msgspec

from benchmarks.report import Row, publish, this_machine
from dialog.events import AnswerCommitted, Event, NodeEntered, QuestionAsked, SessionOpened
from server.app import SWITCH_INTERVAL
from server.cli.serving import run_on_loop
from server.pipeline.office import DISPATCH_INTERVAL, FOLD_INTERVAL
from server.pipeline.outward import Outward
from server.pipeline.rounds import every
from server.pipeline.webhooks import DELIVER, Webhooks
from server.pipeline.worker import Worker
from server.store.database import Database
from server.store.event_log import EventLog
from server.store.jobs import Jobs
from server.store.log_writer import LogWriter
from server.store.migrations import upgrade
from server.store.runs import progress_note
from server.store.vault import Vault
from tests.simulation.designs import any_design
from tests.simulation.sitting import hold_sitting
from tests.support.postgresql import PROGRAMS, postgresql_server
from tests.support.store import SECRET, Store, open_store

SQLITE_BUDGET_MS: Final = 5.0
POSTGRESQL_BUDGET_MS: Final = 10.0
_BLOCK: Final = b"\0" * 4_096
_SYNCS: Final = 300
_SYNC_PAUSE: Final = 0.02
"""Between two, about as in a talk: some disks take twice as long, or longer, once they rest."""
_AWAITED: Final = (NodeEntered, AnswerCommitted, QuestionAsked)
"""What a talk waits for before the next question is heard."""
_SAMPLED: Final = 0.05
"""Of all other events, as if somebody waited for them too: there are few of the former in a minute."""
_RUNS_A_SECOND: Final = 1.0
"""Made over the API meanwhile, each in a transaction of its own."""


Appended = asyncio.Queue[tuple[int, float]]
"""Numbers of events, and when each was appended."""


class Waits(msgspec.Struct):
    """Seconds: of each event that somebody waits for, from append to durable, and of each transaction, its
    way to the thread and back included."""

    awaited: list[float] = []
    events: int = 0
    transactions: list[float] = []
    seconds: float = 0.0


def recorded_talks(count: int, seed: int) -> list[list[Event]]:
    """The logs of simulated spoken interviews, with the times at which their events came."""
    held = [
        hold_sitting(seed + number, any_design(Random(seed + number)), wildness=0.3).logged
        for number in range(count)
    ]
    return [[event for event in log if not isinstance(event.body, SessionOpened)] for log in held]


async def measure(store: Store, talks: Sequence[list[Event]], seconds: float, seed: int) -> Waits:
    """Replay the talks in real time, each from a moment of its own and over again, beside the office and the
    API's runs."""
    waits = Waits()
    chance = Random(seed)
    began = perf_counter()
    async with (
        timed_transactions(store.database, waits),
        LogWriter(store.database) as writer,
        looked_after(store.database),
        asyncio.TaskGroup() as tasks,
    ):
        # All are there before the first one talks: what is timed is that many under way, not their beginning.
        sessions = [await store.new_session() for _ in talks]
        others = [tasks.create_task(_make_runs(store))]
        for session, events in zip(sessions, talks, strict=True):
            log = writer.open(session)
            appended: Appended = asyncio.Queue()
            others.append(tasks.create_task(_wait(log, appended, waits)))
            own = Random(chance.random())
            others.append(tasks.create_task(_replay(writer, log, events, own, appended)))
        await asyncio.sleep(seconds)
        waits.events = sum(log.stored_seq for log in writer._logs)
        for task in others:
            task.cancel()
    waits.seconds = perf_counter() - began
    return waits


@contextlib.asynccontextmanager
async def looked_after(database: Database) -> AsyncIterator[None]:
    """What the office does beside the talks: the outbox is looked at, jobs are asked for, and SQLite's log is
    folded back."""
    async with Outward(private=False) as outward, asyncio.TaskGroup() as tasks:
        webhooks = Webhooks(database, Vault(SECRET), outward)

        async def tell() -> None:
            while True:
                await webhooks.dispatch()
                await asyncio.sleep(DISPATCH_INTERVAL)

        async with Worker(Jobs(database), {DELIVER: webhooks.deliver}).working():
            rounds = [
                tasks.create_task(tell()),
                tasks.create_task(every(FOLD_INTERVAL, database.fold, "it can't be folded back")),
            ]
            yield
            for each in rounds:
                each.cancel()


async def _replay(
    writer: LogWriter, log: EventLog, events: list[Event], chance: Random, appended: Appended
) -> None:
    """Append events as they came in a talk, from a part of the way on."""
    length = events[-1].at + 1.0
    passed = chance.random() * length
    base = perf_counter() - passed
    ahead = events[bisect(events, passed, key=lambda event: event.at) :]
    async with asyncio.TaskGroup() as notes:
        while True:
            for event in ahead:
                if (wait := base + event.at - perf_counter()) > 0:
                    await asyncio.sleep(wait)
                seq = log.append(event.at, event.body).seq
                if isinstance(event.body, _AWAITED) or chance.random() < _SAMPLED:
                    appended.put_nowait((seq, perf_counter()))
                if isinstance(event.body, AnswerCommitted):
                    notes.create_task(writer.along(progress_note(log.session.run_id, {"answered": seq})))
            base, ahead = base + length, events


async def _wait(log: EventLog, appended: Appended, waits: Waits) -> None:
    """Wait for some events as a talk does."""
    while True:
        seq, began = await appended.get()
        await log.durable(seq)
        waits.awaited.append(perf_counter() - began)


async def _make_runs(store: Store) -> None:
    while True:
        await store.new_run()
        await asyncio.sleep(1 / _RUNS_A_SECOND)


@contextlib.asynccontextmanager
async def timed_transactions(database: Database, waits: Waits) -> AsyncIterator[None]:
    """Time the log's transactions, their way to the thread and back included."""
    write = database.write_log

    async def timed(work):  # type: ignore[no-untyped-def]  # as generic as what it stands for
        began = perf_counter()
        try:
            return await write(work)
        finally:
            waits.transactions.append(perf_counter() - began)

    database.write_log = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        database.write_log = write  # type: ignore[method-assign]


def syncs(directory: Path) -> list[float]:
    """Seconds that the disk takes for one appended block, as a commit has it."""
    taken = []
    with (directory / "blocks").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            sleep(_SYNC_PAUSE)
            began = perf_counter()
            file.write(_BLOCK)
            os.fdatasync(file.fileno())
            taken.append(perf_counter() - began)
    return taken


def percentile_ms(seconds: Sequence[float], share: float) -> float:
    """Milliseconds below which this share lies."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def rows_of(name: str, waits: Waits, budget: float) -> list[Row]:
    """The figures of one database."""
    rows = [
        Row(f"{name}: event to disk, p{share}", percentile_ms(waits.awaited, share / 100), "ms", must)
        for share, must in ((50, None), (95, None), (99, budget))
    ]
    return [
        *rows,
        Row(f"{name}: one transaction, p99", percentile_ms(waits.transactions, 0.99), "ms"),
        Row(f"{name}: events awaited", len(waits.awaited), ""),
        Row(f"{name}: events a second", round(waits.events / waits.seconds, 1), ""),
        Row(f"{name}: events a transaction", round(waits.events / len(waits.transactions), 1), ""),
    ]


async def run(url: str, talks: Sequence[list[Event]], seconds: float, seed: int) -> Waits:
    """Measure on one database."""
    await asyncio.to_thread(upgrade, url)
    async with open_store(url) as store:
        await store.database.warm()
        return await measure(store, talks, seconds, seed)


@click.command()
@click.option("--talks", type=click.IntRange(1), default=20, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=60.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--database", default="", help="PostgreSQL to measure. Default: one started here, if installed."
)
@click.option("--directory", type=click.Path(path_type=Path), help="Where SQLite's file is made.")
@click.option("--json", "as_json", is_flag=True)
def command(
    talks: int, seconds: float, seed: int, database: str, directory: Path | None, as_json: bool
) -> None:
    """Event commits with many talks at once, on SQLite and PostgreSQL."""
    machine = this_machine()
    logs = recorded_talks(talks, seed)
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL)  # as the server has it
    rows = []
    with tempfile.TemporaryDirectory(prefix="vivavoce-commits-", dir=directory) as made:
        place = Path(made)
        disk = syncs(place)
        rows += [
            Row(f"the disk alone, one block, p{share}", percentile_ms(disk, share / 100), "ms")
            for share in (50, 99)
        ]
        waits = run_on_loop(run(f"sqlite:///{place}/vivavoce.db", logs, seconds, seed))
        rows += rows_of("SQLite", waits, SQLITE_BUDGET_MS)
    with contextlib.ExitStack() as stack:
        if not database and PROGRAMS.exists():
            database = stack.enter_context(postgresql_server("fsync=on")).new_database()
        if database:
            waits = run_on_loop(run(database, logs, seconds, seed))
            rows += rows_of("PostgreSQL", waits, POSTGRESQL_BUDGET_MS)
    publish(
        "commits",
        rows,
        machine,
        as_json=as_json,
        options={"talks": talks, "seconds": seconds, "seed": seed},
        detail={"mean_ms": round(1000 * statistics.fmean(disk), 2)},
    )
