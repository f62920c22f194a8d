"""The one way into a session: many writers, one reader. Knows nothing of what the signals mean, but which may
be lost."""

import asyncio
from collections import deque
from typing import Final

from dialog.signals import AnySignal, PartialTranscript, TimePassed, TypingNoticed

CAPACITY: Final = 512
"""Signals waiting at most. The writers are a 50 Hz ear, a recogniser and a page held to 30 messages a second,
so a loop that is not standing still never sees more than a dozen."""


class MailboxFull(Exception):
    """The loop has stood still for so long that signals would be lost. Raised to the reader, never to a
    writer."""


class Mailbox:
    """Reconciles the speed of the world's news with that of the turn loop."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._signals: deque[AnySignal] = deque()
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
        """
        if not self._signals:
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                return TimePassed()
        if self._overflowed:
            raise MailboxFull(f"more than {self._capacity} signals unread")
        return self._signals.popleft()

    def _is_superseding(self, signal: AnySignal) -> bool:
        if not self._signals:
            return False
        last = self._signals[-1]
        if isinstance(signal, PartialTranscript):
            return isinstance(last, PartialTranscript) and last.utterance_id == signal.utterance_id
        return isinstance(signal, TypingNoticed) and isinstance(last, TypingNoticed)
