"""How a vendor's library gets its connections, and how what goes wrong on them is told: kept for minutes,
timed by the call, replaced when one was given up. Knows no vendor's words."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple

import httpx2

from server.providers.protocols import ProviderError

log = logging.getLogger(__name__)

KEPT: Final = 300.0
"""Seconds that an idle connection is kept; the libraries' own five end between two answers."""
CONNECT_TIMEOUT: Final = 1.0
SEND_TIMEOUT: Final = 2.0
CHECK_TIMEOUT: Final = 5.0
LIMITS: Final = httpx2.Limits(max_connections=500, max_keepalive_connections=100, keepalive_expiry=KEPT)
_REST: Final = 3.0
"""Seconds in which the rest of a reply is read whose decision is in."""
_CLOSING: Final = 0.3
_PLAIN: Final = re.compile(r"[a-z_]{1,40}")


def timeout_of(patience: float) -> httpx2.Timeout:
    """Limits for one call in which nothing may come for `patience` seconds."""
    return httpx2.Timeout(patience, connect=CONNECT_TIMEOUT, write=SEND_TIMEOUT, pool=CONNECT_TIMEOUT)


def refusal(provider: str, status: int, kind: object, retry_after: str | None) -> ProviderError:
    """What a vendor's answer by an HTTP status means. Of its own words only a plain word is repeated: the
    rest may quote what was sent."""
    named = f", {kind}" if isinstance(kind, str) and _PLAIN.fullmatch(kind) else ""
    if status in (401, 403):
        return ProviderError(provider, f"refuses the key ({status}{named}).", retryable=False, status=status)
    seconds = _seconds(retry_after)
    # A limit without a time after which it is over is one of money.
    retryable = status >= 500 or status == 408 or status == 409 or (status == 429 and seconds is not None)
    return ProviderError(
        provider, f"answers {status}{named}.", retryable=retryable, status=status, retry_after=seconds
    )


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


class Opened(NamedTuple):
    """A reply that has begun."""

    pieces: AsyncGenerator[str, None]
    close: Callable[[], Awaitable[None]]
    """Give its connection up."""


class Lines:
    """What goes on beside the calls: rests of replies, and connections in the place of those that were given
    up. Owned by `run`; without it rests are closed, and nothing is opened."""

    def __init__(self, provider: str, reopen: Callable[[], Awaitable[object]]) -> None:
        self._provider = provider
        self._reopen = reopen
        self._tasks: asyncio.TaskGroup | None = None
        self._reopening = False

    async def run(self) -> None:
        """Own the tasks until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                await asyncio.Event().wait()
            finally:
                self._tasks = None

    @asynccontextmanager
    async def spoken(self, opened: Awaitable[Opened]) -> AsyncIterator[AsyncIterator[str]]:
        """Hand out a reply's pieces. Left early, the rest is read beside; left by an exception, it is closed
        and another connection opened."""
        reply: Opened | None = None
        try:
            reply = await opened
            yield reply.pieces
        except BaseException:
            if reply is not None:
                await _close(reply)
            self._open_another()
            raise
        if self._tasks is None:
            await _close(reply)
        else:
            self._tasks.create_task(self._read_out(reply), name=f"{self._provider}: rest of a reply")

    async def _read_out(self, reply: Opened) -> None:
        try:
            with suppress(ProviderError, TimeoutError):
                async with asyncio.timeout(_REST):
                    async for _ in reply.pieces:
                        pass
        finally:
            await _close(reply)

    def _open_another(self) -> None:
        if self._tasks is not None and not self._reopening:
            self._reopening = True
            self._tasks.create_task(self._opened_another(), name=f"{self._provider}: another connection")

    async def _opened_another(self) -> None:
        try:
            await self._reopen()
        except ProviderError as error:
            log.debug("! no connection in reserve: %s", error)
        finally:
            self._reopening = False


async def _close(reply: Opened) -> None:
    """Close a reply, whatever its vendor does."""
    with suppress(TimeoutError, ProviderError):
        async with asyncio.timeout(_CLOSING):
            await reply.pieces.aclose()
    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(_CLOSING):
            await reply.close()
