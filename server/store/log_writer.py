"""Makes every session's log durable: one task per process, one transaction for all that has come since the
last.

So twenty talks cost hardly more writes to the disk than one. When the database is away nothing is dropped:
lines wait in memory, in order, and whoever asked is told. Knows nothing of what the events mean.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final, Self

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from dialog.events import Event
from server.store.database import Database
from server.store.event_log import (
    EventLog,
    LogBroken,
    OpenedSession,
    StorageChanged,
    WriterFenced,
)
from server.store.event_rows import Line, epochs, last_seqs, read_events, store
from server.store.scrubbing import scrub_events

STALL_TIMEOUT: Final = 1.0
"""Seconds that a transaction may take before storage counts as faltering."""
RETRY_DELAY: Final = 0.05
LONGEST_RETRY_DELAY: Final = 2.0
GATHERING: Final = 0.25
"""Seconds for which events gather before they are stored, unless somebody waits for one of them. Larger: a
killed process loses more of what nobody was told is kept; smaller: with many talks the database, and the
thread that writes to it, do little else, and whoever waits has more transactions in front."""
SCRUB_PATIENCE: Final = 0.3
"""Seconds that other talks' events wait for the scrubbing after an erasure; it goes on beside them."""
CLOSE_TIMEOUT: Final = 10.0
"""Seconds for storing what still waits when the process ends."""

logger = logging.getLogger(__name__)


class Share(msgspec.Struct, frozen=True):
    """One log's lines of a batch."""

    log: EventLog
    lines: list[Line]


class _Rider(msgspec.Struct, frozen=True):
    """What goes into the log's next transaction beside its events."""

    work: Callable[[Connection], None]
    done: asyncio.Future[None]


Follow = Callable[[Connection, Sequence[Line]], None]
"""Does, in the transaction that adds these lines, what must follow from them whatever is killed then."""


def _nothing_follows(_: Connection, __: Sequence[Line]) -> None:
    pass


class LogWriter:
    """The one writer of a process. Use as `async with LogWriter(database) as writer`, or run `run()` in a
    task."""

    def __init__(self, database: Database, follow: Follow = _nothing_follows) -> None:
        self.faltering: str | None = None
        """Why storage is behind, or None: while it is, no new talk should begin."""
        self._database = database
        self._follow = follow
        self._logs: dict[EventLog, None] = {}
        self._woken: dict[EventLog, None] = {}
        self._riders: list[_Rider] = []
        self._work = asyncio.Event()
        self._hurried = asyncio.Event()
        self._closing = False
        self._unsure = False
        self._tasks: asyncio.TaskGroup | None = None
        self._task: asyncio.Task[None] | None = None
        self._beside: asyncio.TaskGroup | None = None
        self._scrubbing: asyncio.Task[None] | None = None
        self._scrub_again = False

    def open(self, session: OpenedSession, storage_changed: StorageChanged | None = None) -> EventLog:
        """Begin the log of a session. `storage_changed` hears why storage falters, and None when it has
        recovered."""
        log = EventLog(session, wake=self._wake, hurry=self._hurried.set, history=self._history)
        if storage_changed is not None:
            log.storage_changed = storage_changed
        self._logs[log] = None
        return log

    async def run(self) -> None:
        """Store whatever comes, until `close` and all is stored."""
        try:
            async with asyncio.TaskGroup() as beside:
                self._beside = beside
                while True:
                    await self._work.wait()
                    self._work.clear()
                    await self._gather()
                    await self._store_what_came()
                    if self._closing and not (self._woken or self._riders):
                        return
        finally:
            _let_go(self._riders, asyncio.CancelledError())

    async def along(self, work: Callable[[Connection], None]) -> None:
        """Do `work` in the log's next transaction; on the disk when this returns.

        A transaction of its own would stand in the log's way, and be a further write to the disk. `work` runs
        in the log's thread, once: raises what the database raised, the events of that transaction go on.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._riders.append(_Rider(work, done))
        self._work.set()
        await done

    def close(self) -> None:
        """Let `run` return once all is stored. Nothing may be appended after this."""
        self._closing = True
        self._hurried.set()
        self._work.set()

    async def __aenter__(self) -> Self:
        self._tasks = await asyncio.TaskGroup().__aenter__()
        self._task = self._tasks.create_task(self.run(), name="log writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._tasks is not None
        assert self._task is not None
        self.close()
        late = (await asyncio.wait({self._task}, timeout=CLOSE_TIMEOUT))[1]
        if late:
            waiting = sum(log.last_seq - log.stored_seq for log in self._logs)
            logger.error("! events are lost, the database did not come back", extra={"events": waiting})
            self._task.cancel()
        # What went wrong outside is not the task's: it goes on as it is, in no group.
        await self._tasks.__aexit__(None, None, None)

    def _wake(self, log: EventLog) -> None:
        self._woken[log] = None
        self._work.set()

    async def _history(self, run_id: str, after: int, limit: int) -> list[Event]:
        return await read_events(self._database, run_id, after=after, limit=limit)

    async def _gather(self) -> None:
        """Let more come, for as long as nobody waits for what is there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHERING):
                await self._hurried.wait()
        self._hurried.clear()

    async def _store_what_came(self) -> None:
        # A frame of its own: whatever waits for the next events would hold the talks of these.
        if (batch := self._collect()) or self._riders:
            await self._store_at_last(batch)

    def _collect(self) -> list[Share]:
        woken, self._woken = self._woken, {}
        for log in woken:
            if log.finished:
                self._logs.pop(log, None)
        return [Share(log, lines) for log in woken if (lines := log.take())]

    async def _store_at_last(self, batch: list[Share]) -> None:
        """Try until the database has it. Only a batch that it will never have is given up, log by log."""
        delay = RETRY_DELAY
        while True:
            try:
                await self._store_in_time(batch)
            except (IntegrityError, DataError) as error:
                # A fault of some line, not of the disk: find whose, so that it stops no other session.
                if len(batch) != 1:
                    for share in batch:
                        await self._store_at_last([share])
                    return
                logger.exception("! a log is broken", extra={"run": batch[0].log.session.run_id})
                batch[0].log.fail(LogBroken(str(error.orig)))
                return
            except Exception as error:
                if self.faltering is None:
                    logger.exception("! events can't be stored")
                self._unsure = True
                self._falter(f"{type(error).__name__}: {getattr(error, 'orig', error)}")
                await asyncio.sleep(delay)
                delay = min(2 * delay, LONGEST_RETRY_DELAY)
            else:
                self._recover()
                return

    async def _store_in_time(self, batch: list[Share]) -> None:
        stall = asyncio.get_running_loop().call_later(
            STALL_TIMEOUT, self._falter, f"the database has not answered for {STALL_TIMEOUT:g} s"
        )
        unsure, riders = self._unsure, self._riders
        self._riders = []
        try:
            fenced = await self._database.write_log(
                lambda connection: _store(
                    connection, batch, unsure, self._follow, [rider.work for rider in riders]
                )
            )
        except BaseException as error:
            _let_go(riders, error)
            raise
        finally:
            stall.cancel()
        _let_go(riders, None)
        self._unsure = False
        if any(line.rewrites for share in batch for line in share.lines):
            await self._scrub_soon()  # before it is confirmed: what is settled is gone from the files too
        for share in batch:
            if share.log in fenced:
                logger.warning("= a later session has taken over", extra={"run": share.log.session.run_id})
                share.log.fail(WriterFenced(share.log.session.session_id))
            else:
                share.log.confirm(share.lines)
            if share.log.finished:
                self._logs.pop(share.log, None)

    async def _scrub_soon(self) -> None:
        """Have the database's files scrubbed. A large database takes longer than other talks can be kept
        waiting."""
        self._scrub_again = True
        if self._scrubbing is None or self._scrubbing.done():
            assert self._beside is not None
            self._scrubbing = self._beside.create_task(self._scrub(), name="scrubbing")
        await asyncio.wait({self._scrubbing}, timeout=SCRUB_PATIENCE)

    async def _scrub(self) -> None:
        while self._scrub_again:
            self._scrub_again = False
            await scrub_events(self._database)

    def _falter(self, reason: str) -> None:
        if self.faltering is None:
            self.faltering = reason
            self._tell(reason)

    def _recover(self) -> None:
        if self.faltering is not None:
            self.faltering = None
            logger.info("= events are stored again")
            self._tell(None)

    def _tell(self, reason: str | None) -> None:
        for log in list(self._logs):
            if not log.finished:
                try:
                    log.storage_changed(reason)
                except Exception:  # one session's fault must not stop the writing of all the others
                    logger.exception("! a session could not be told", extra={"run": log.session.run_id})


def _let_go(riders: Sequence[_Rider], error: BaseException | None) -> None:
    """Tell those who went along how it ended."""
    for rider in riders:
        if rider.done.done():
            continue
        if error is None:
            rider.done.set_result(None)
        elif isinstance(error, Exception):
            rider.done.set_exception(error)
        else:
            rider.done.cancel()


def _store(
    connection: Connection,
    batch: list[Share],
    unsure: bool,
    follow: Follow,
    along: Sequence[Callable[[Connection], None]],
) -> set[EventLog]:
    """Store a batch within a transaction; returns the logs that are fenced, of which nothing is stored.

    `unsure`: the commit before may have come about after all, so what is there already must not be added
    again.
    """
    run_ids = {share.log.session.run_id for share in batch}
    valid = epochs(connection, run_ids) if batch else {}
    there = last_seqs(connection, run_ids) if unsure else {}
    fenced = {share.log for share in batch if valid.get(share.log.session.run_id) != share.log.session.epoch}
    lines = [
        line
        for share in batch
        if share.log not in fenced
        for line in share.lines
        if line.rewrites or line.seq > there.get(line.run_id, 0)
    ]
    store(connection, lines)
    follow(connection, [line for line in lines if not line.rewrites])
    for work in along:
        work(connection)
    return fenced
