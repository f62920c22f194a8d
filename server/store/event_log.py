"""One session's log while it is being written: numbered at once, stored soon, read by whoever follows.

Appending never waits. What the session needs to know of storage it asks (`durable`) or is told
(`storage_changed`). Knows nothing of what the events mean.

    LogClosed
    WriterFenced      another session of the run has begun, or the run is gone
    LogBroken         the database refuses these very events: a bug
"""

import asyncio
import logging
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import msgspec

from dialog.events import AnyBody, Event
from server.store.event_rows import Line, line_of

logger = logging.getLogger(__name__)

RECENT_EVENTS: Final = 2_000
"""Stored events kept in memory for followers, some minutes' worth; older ones are read from the database."""
HISTORY_PAGE: Final = 500
LOOKS: Final = 10
"""Parts of a wait for storage, each measured by itself. Larger: a process that was stopped, or starved, for
longer than the whole wait takes less of it away."""


class LogClosed(Exception):
    """The session is over; nothing more can be appended."""


class WriterFenced(Exception):
    """This writer may not write any more; its session must end. What was confirmed before stands."""


class LogBroken(Exception):
    """The database refuses these events whatever happens; the session must end, loudly."""


class OpenedSession(msgspec.Struct, frozen=True):
    """The right to write one session of a run, until the next is opened."""

    run_id: str
    session_id: str
    number: int
    """1 for the run's first session."""
    epoch: int
    last_seq: int
    """`seq` of the last event stored before; the session's first is the next."""
    opened_at_ms: int


Wake = Callable[["EventLog"], None]
History = Callable[[str, int, int], Awaitable[list[Event]]]
"""(run id, after which seq, at most how many) → stored events in order."""
StorageChanged = Callable[[str | None], None]
"""Called with a reason when the log can't be made durable in time, and with None when it is again."""


def _nobody(_: str | None) -> None:
    pass


class EventLog:
    """The log of one session. Made by LogWriter.open, or by `memory_log`; used on one event loop."""

    def __init__(
        self,
        session: OpenedSession,
        *,
        wake: Wake,
        history: History,
        hurry: Callable[[], None] = lambda: None,
        storage_changed: StorageChanged = _nobody,
        keep: int = RECENT_EVENTS,
    ) -> None:
        self.session = session
        self.storage_changed = storage_changed
        self.last_seq = session.last_seq
        self.stored_seq = session.last_seq
        self.closed = False
        self._wake = wake
        self._hurry = hurry
        self._history = history
        self._keep = keep
        self._recent: deque[Event] = deque()
        self._pending: list[Line] = []
        self._unconfirmed = 0
        self._failure: WriterFenced | LogBroken | None = None
        self._stirred = asyncio.Event()
        self._to_tell: list[tuple[int, Callable[[bool], None]]] = []

    # For the turn loop

    def append(self, at: float, body: AnyBody) -> Event:
        """Give `body` the next number and hand it to storage. `at` is seconds in the session.

        Raises LogClosed; WriterFenced or LogBroken once it is known that nothing can be stored any more.
        """
        if self._failure is not None:
            raise self._failure
        if self.closed:
            raise LogClosed(self.session.session_id)
        event = Event(self.last_seq + 1, at, body)
        line = line_of(self.session.run_id, self.session.session_id, event)
        self._recent.append(event)
        self.last_seq = event.seq
        self._stir()
        self._wait_for(line)
        return event

    def rewrite(self, seq: int, body: AnyBody) -> None:
        """Put `body` in the place of an earlier event's, of any session of this run: how a struck passage is
        erased.

        Memory and what still waits for storage change at once; stored rows before any event that is appended
        from now on, so that waiting for that event waits for the erasure too.
        """
        if not 1 <= seq <= self.last_seq:
            raise ValueError(f"there is no event {seq}")
        if self._failure is not None:
            raise self._failure
        event = Event(seq, 0.0, body)
        if self._recent and (place := seq - self._recent[0].seq) >= 0:
            event = self._recent[place] = Event(seq, self._recent[place].at, body)
        line = line_of(self.session.run_id, self.session.session_id, event, rewrites=True)
        for place, waiting in enumerate(self._pending):
            if waiting.seq == seq:
                self._pending[place] = msgspec.structs.replace(line, rewrites=waiting.rewrites)
                return
        self._wait_for(line)

    async def durable(self, seq: int) -> None:
        """Wait until every event up to `seq` is on the disk. Raises WriterFenced or LogBroken when it never
        will be."""
        while self.stored_seq < seq:
            if self._failure is not None:
                raise self._failure
            if seq > self.last_seq:
                raise ValueError(f"there is no event {seq} yet")
            if self._pending and self._pending[0].seq <= seq:  # else it is on its way already
                self._hurry()
            await self._stirred.wait()

    def when_stored(self, seq: int, tell: Callable[[bool], None]) -> None:
        """Call `tell` in the very moment in which every event up to `seq` is on the disk, or in which it is
        known that they never will be (False). What it raises is logged: the log writes for all sessions."""
        if self._failure is not None or self.stored_seq >= seq:
            tell(self._failure is None)
            return
        self._to_tell.append((seq, tell))
        if self._pending and self._pending[0].seq <= seq:
            self._hurry()

    async def durable_within(self, seq: int, seconds: float) -> bool:
        """Wait for `durable`, at most `seconds`. False when it is not to be had.

        A pause of the whole process counts for little: the storage, which stood still too, had none of it.
        """
        for _ in range(LOOKS):
            try:
                async with asyncio.timeout(seconds / LOOKS):
                    await self.durable(seq)
            except TimeoutError:
                continue
            except (WriterFenced, LogBroken):
                return False
            return True
        return False

    async def settled(self) -> None:
        """Wait until nothing waits for storage, rewriting included. Raises as `durable`."""
        while self._unconfirmed:
            if self._failure is not None:
                raise self._failure
            if self._pending:
                self._hurry()
            await self._stirred.wait()

    async def watch(self) -> None:
        """Return when the log is closed; raise WriterFenced or LogBroken as soon as it is known. A session's
        guard."""
        while not self.closed:
            if self._failure is not None:
                raise self._failure
            await self._stirred.wait()

    def close(self) -> None:
        """Nothing more will come: followers end after the last event. What waits is stored all the same."""
        self.closed = True
        self._stir()
        self._wake(self)
        self._hurry()

    # For pages and operators

    async def follow(self, after_seq: int = 0) -> AsyncGenerator[Event, None]:
        """Every event of the run after `after_seq`, then each as it is appended, until the log is closed.

        The log itself is the queue: a reader that is slow holds nobody up and loses nothing, it reads from
        the database what memory no longer holds. Events are given before they are stored.
        """
        seq = after_seq
        while True:
            events = await self._some_after(seq)
            for event in events:
                yield event
                seq = event.seq
            if not events:
                if self.closed or self._failure is not None:
                    return
                await self._stirred.wait()

    async def _some_after(self, seq: int) -> list[Event]:
        first = self._recent[0].seq if self._recent else self.last_seq + 1
        if seq + 1 < first:
            page = await self._history(self.session.run_id, seq, HISTORY_PAGE)
            if page:
                return page
            seq = first - 1
        # Memory holds an unbroken run of events up to the last one, so the place is a matter of counting.
        start = max(0, seq + 1 - first)
        return [self._recent[place] for place in range(start, min(len(self._recent), start + HISTORY_PAGE))]

    # For the writer

    def take(self) -> list[Line]:
        """What waits for storage, in order: the writer's from now on, who must confirm it."""
        taken, self._pending = self._pending, []
        return taken

    def confirm(self, lines: list[Line]) -> None:
        """These lines, taken before, are stored."""
        self._unconfirmed -= len(lines)
        self.stored_seq = max(self.stored_seq, *(line.seq for line in lines))
        self._tell(lambda seq: seq <= self.stored_seq, stored=True)
        while len(self._recent) > self._keep and self._recent[0].seq <= self.stored_seq:
            self._recent.popleft()
        self._stir()

    def fail(self, failure: WriterFenced | LogBroken) -> None:
        """Nothing of this log will be stored any more."""
        self._failure = failure
        self._pending.clear()
        self._tell(lambda _: True, stored=False)
        self._stir()

    @property
    def finished(self) -> bool:
        """Failed, or closed and all stored: the writer may forget it."""
        return self._failure is not None or (self.closed and not self._unconfirmed)

    @property
    def whole(self) -> bool:
        """Closed, and on the disk to its last line, rewriting included."""
        return self.closed and not self._unconfirmed and self.stored_seq == self.last_seq

    def _wait_for(self, line: Line) -> None:
        self._pending.append(line)
        self._unconfirmed += 1
        self._wake(self)

    def _tell(self, ripe: Callable[[int], bool], *, stored: bool) -> None:
        waiting, self._to_tell = self._to_tell, []
        self._to_tell = [one for one in waiting if not ripe(one[0])]
        for seq, tell in waiting:
            if ripe(seq):
                try:
                    tell(stored)
                except Exception:
                    logger.exception("! a session could not be told", extra={"run": self.session.run_id})

    def _stir(self) -> None:
        # Set and cleared at once: whoever waits now is woken, whoever comes later waits for the next time.
        self._stirred.set()
        self._stirred.clear()


def memory_log(session: OpenedSession) -> EventLog:
    """A log that stays in memory and calls everything durable at once: for rehearsals and simulations."""

    async def history(_: str, __: int, ___: int) -> list[Event]:
        return []

    def wake(log: EventLog) -> None:
        if lines := log.take():
            log.confirm(lines)

    return EventLog(session, wake=wake, history=history, keep=sys.maxsize)
