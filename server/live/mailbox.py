"""The one way into a session: many writers, one reader. Knows nothing of what the signals mean, but which may
be lost."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from dialog.signals import AnySignal, PartialTranscript, TimePassed, TypingNoticed
from server.clock import loop_time

CAPACITY: Final = 512
"""Signals waiting at most. The writers are a 50 Hz ear, a recogniser and a page held to 30 messages a second,
so a loop that is not standing still never sees more than a dozen."""

OVERSLEPT: Final = 0.03
"""Seconds by which a deadline may be noticed late before it waits for what came meanwhile. Larger: after a
stall of the loop a silence ends a turn though a voice is there already, in a socket that nobody has read."""
_TURNS_OF_SOCKETS: Final = 3
"""Rounds of the loop until what waits in a socket is a signal here: read, handed on, heard."""
LONGEST_WAIT: Final = 1.0
"""Seconds that a deadline waits for sound that came before it and isn't heard yet. Larger: on a machine that
is too slow by far replies are later still; smaller: somebody's silence is over though their voice is here."""


class MailboxFull(Exception):
    """The loop has stood still for so long that signals would be lost. Raised to the reader, never to a
    writer."""


class Mailbox:
    """Reconciles the speed of the world's news with that of the turn loop."""

    def __init__(
        self, capacity: int = CAPACITY, unheard_since: Callable[[], float | None] = lambda: None
    ) -> None:
        self._signals: deque[AnySignal] = deque()
        self._unheard_since = unheard_since
        """When the oldest sound came that is here and not heard yet, on the event loop's clock."""
        self._arrived = asyncio.Event()
        self._capacity = capacity
        self._overflowed = False

    def __len__(self) -> int:
        return len(self._signals)

    def put(self, signal: AnySignal) -> None:
        """Leave a signal; never waits, never raises. A partial transcript replaces one of its utterance still
        unread."""
        if self._is_superseding(signal):
            self._signals.pop()
        if len(self._signals) >= self._capacity:
            self._overflowed = True
        else:
            self._signals.append(signal)
        self._arrived.set()

    async def receive(self, until: float | None) -> AnySignal:
        """Wait for the next signal; TimePassed when the event loop's clock reaches `until` first. Raises
        MailboxFull.

        A signal that lies here goes before a deadline that is over: speech that has set in outranks a timer.
        So does what came while the loop slept over the deadline, and is still to be read, and sound that came
        before the deadline and is still to be heard.
        """
        if not self._signals:
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                assert until is not None
                await self._let_in(until)
                if not self._signals:
                    return TimePassed()
        if self._overflowed:
            raise MailboxFull(f"more than {self._capacity} signals unread")
        return self._signals.popleft()

    async def _let_in(self, until: float) -> None:
        by = until
        if loop_time() - until > OVERSLEPT:
            for _ in range(_TURNS_OF_SOCKETS):
                await asyncio.sleep(0)
            by = loop_time()  # whether it came before the deadline, nobody was awake to see
        # Each turn of the loop hears a slice of it.
        while not self._signals and self._is_unheard(by) and loop_time() < by + LONGEST_WAIT:  # noqa: ASYNC110
            await asyncio.sleep(0)

    def _is_unheard(self, by: float) -> bool:
        since = self._unheard_since()
        return since is not None and since <= by

    def _is_superseding(self, signal: AnySignal) -> bool:
        if not self._signals:
            return False
        last = self._signals[-1]
        if isinstance(signal, PartialTranscript):
            return isinstance(last, PartialTranscript) and last.utterance_id == signal.utterance_id
        return isinstance(signal, TypingNoticed) and isinstance(last, TypingNoticed)
