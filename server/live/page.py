"""A participant's page as a session sees it: something to be told. Knows no socket and no session."""

import asyncio
from typing import Final

from server.live.wire import AnyToPage

OUTBOX: Final = 256
"""Messages between a session and a page that reads slower; past it the page is let go, and catches up by
`seq`."""

GOING_AWAY: Final = 1001
TRY_AGAIN: Final = 1013
FAILED: Final = 1011
ENDED: Final = 1000


class Page:
    """One connected page."""

    def __init__(self) -> None:
        self._outbox: asyncio.Queue[AnyToPage | None] = asyncio.Queue()
        self._read = asyncio.Event()
        self.closed: tuple[int, str] | None = None
        """WebSocket code and reason, once it is to be closed."""

    def tell(self, message: AnyToPage) -> None:
        """Send a message; never waits."""
        if self.closed is not None:
            return
        if self._outbox.qsize() >= OUTBOX:
            self.close(TRY_AGAIN, "this page reads too slowly")
            return
        self._outbox.put_nowait(message)

    async def show(self, message: AnyToPage) -> None:
        """Send a message, at the pace at which the page reads."""
        while self.closed is None and self._outbox.qsize() >= OUTBOX:
            self._read.clear()
            await self._read.wait()
        self.tell(message)

    def close(self, code: int, reason: str) -> None:
        """Let the page go when it has been sent what it was told before."""
        if self.closed is None:
            self.closed = (code, reason)
            self._outbox.put_nowait(None)
            self._read.set()

    async def next_message(self) -> AnyToPage | None:
        """What is to be sent next; None when the page is to be closed."""
        message = await self._outbox.get()
        self._read.set()
        return message
