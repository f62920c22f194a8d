"""A time limit that is fair to whoever is waited for: when our own loop has stood still, what came meanwhile
is read first. Knows nobody who is waited for."""

import asyncio
from types import TracebackType
from typing import Final

from server.clock import loop_time

OVERSLEPT: Final = 0.3
"""Seconds by which a limit may come late before the loop is taken to have stood still. Larger: others are
blamed for longer stalls of ours."""
GRACE: Final = 0.2
"""Seconds to read what has come, after that. Larger: later fallbacks on a day that is bad for both."""


class Deadline:
    """As asyncio.timeout_at: raises TimeoutError at `when`, on the loop's clock; None = never."""

    def __init__(self, when: float | None) -> None:
        self._when = when
        self._limit = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    def expired(self) -> bool:
        """Whether it is over."""
        return self._limit.expired()

    def reschedule(self, when: float | None) -> None:
        """Move it."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if when is not None:
            self._timer = asyncio.get_running_loop().call_at(when, self._come, when)

    async def __aenter__(self) -> "Deadline":
        await self._limit.__aenter__()
        self.reschedule(self._when)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reschedule(None)
        await self._limit.__aexit__(kind, error, trace)

    def _come(self, due: float) -> None:
        now = loop_time()
        if now - due > OVERSLEPT:
            self.reschedule(now + GRACE)
        else:
            self._limit.reschedule(now)
