"""How a vendor's library gets its connections, and how what goes wrong on them is told: kept for minutes,
timed by the call, replaced when one was given up. Knows no vendor's words."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

import httpx2
import msgspec

from server.providers.bodies import Bounds, UnboundedReply, bounded
from server.providers.protocols import ProviderError

log = logging.getLogger(__name__)

KEPT: Final = 300.0
"""Seconds that an idle connection is kept; the libraries' own five end between two answers."""
BOUNDS: Final = Bounds("event", most_bytes=5 << 20, longest=256 << 10, most_members=1_000)
"""Of a reply: an analysis of 9,000 tokens, each an event of its own, has half of the bytes; as one event, 50
KB. An event has some ten members, each of which takes the libraries 10 µs."""
_ANSWER_BOUNDS: Final = Bounds("body", most_bytes=256 << 10, longest=256 << 10, most_members=1_000)
"""Of a refusal, or whatever else the libraries read whole."""
_LIST_BOUNDS: Final = Bounds("body", most_bytes=5 << 20, longest=5 << 20, most_members=1 << 20)
"""Of the list of models, which is read and not looked into: a broker's has some ten thousand members."""
_LIMITS: Final = httpx2.Limits(max_connections=500, max_keepalive_connections=100, keepalive_expiry=KEPT)
_REST: Final = 3.0
"""Seconds in which the rest of a reply is read whose decision is in."""
_CLOSING: Final = 0.3
_PLAIN: Final = re.compile(r"[a-z_]{1,40}")
NO_CREDIT: Final = 402
"""The status of an account without credit, whatever the vendor itself answers with."""
_UNPAID: Final = frozenset(("billing_error", "insufficient_quota", "billing_not_active"))
"""What vendors call an account without money; by their statuses it is a limit, or a fault of the request."""
_STREAMS: Final = re.compile(rb'"stream": ?true')
"""In a request: what comes is to be events. In what was said it would stand with other quotation marks."""


class Patience(msgspec.Struct, frozen=True):
    """Seconds that a vendor is waited for."""

    connect: float = 1.0
    """Also for a connection of the pool's."""
    send: float = 2.0
    check: float = 5.0
    """For any answer to a question of our own."""
    least: float = 0.0
    """Between two pieces of a reply, whatever its call says; for machines on which nothing is timed."""

    def of(self, patience: float) -> httpx2.Timeout:
        """Limits for one call in which nothing may come for `patience` seconds."""
        return httpx2.Timeout(
            max(patience, self.least), connect=self.connect, write=self.send, pool=self.connect
        )


PATIENCE: Final = Patience()


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends by UnboundedReply where it is too long."""

    def __init__(self, body: httpx2.AsyncByteStream, bounds: Bounds) -> None:
        self._body = body
        self._bounds = bounds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in bounded(self._body, self._bounds):
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()


async def _bound(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise UnboundedReply
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream, _bounds_of(response))


def _bounds_of(response: httpx2.Response) -> Bounds:
    if response.is_success and response.request.url.path.endswith("/models"):
        return _LIST_BOUNDS
    return BOUNDS if response.is_success and _STREAMS.search(response.request.content) else _ANSWER_BOUNDS


def client_of(
    make: Callable[..., httpx2.AsyncClient], transport: httpx2.AsyncBaseTransport | None
) -> httpx2.AsyncClient:
    """A client as a library makes it, that goes where it was sent and nowhere else, and reads so much and no
    more."""
    way: dict[str, Any] = {"limits": _LIMITS} if transport is None else {"transport": transport}
    return make(
        follow_redirects=False,
        headers={"accept-encoding": "identity"},
        event_hooks={"response": [_bound]},
        **way,
    )


def refusal(provider: str, status: int, kind: object, retry_after: str | None) -> ProviderError:
    """What a vendor's answer by an HTTP status means. Of its own words only a plain word is repeated: the
    rest may quote what was sent."""
    named = f", {kind}" if isinstance(kind, str) and _PLAIN.fullmatch(kind) else ""
    if status == NO_CREDIT or (isinstance(kind, str) and kind in _UNPAID):
        return ProviderError(
            provider, f"has no credit left ({status}{named}).", retryable=False, status=NO_CREDIT
        )
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


def text_of(provider: str, piece: object) -> str:
    """A piece of a reply's text: libraries check nothing of what comes. Raises ProviderError."""
    if not isinstance(piece, str):
        raise ProviderError(provider, "talks garbage (no text).", retryable=True)
    return piece


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
        except BaseException as ended:
            if reply is not None:
                await self._beside(_close(reply), "the end of a reply")
            if reply is not None or isinstance(ended, asyncio.CancelledError):
                self._open_another()  # a connection was given up; a refusal leaves its own open
            raise
        await self._beside(_close(reply) if self._tasks is None else self._read_out(reply), "rest of a reply")

    async def _beside(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Have it done by the one who runs; nobody who has a judgement in hand waits for a good-bye."""
        if self._tasks is None:
            await work
        else:
            self._tasks.create_task(work, name=f"{self._provider}: {name}")

    async def _read_out(self, reply: Opened) -> None:
        try:
            with suppress(Exception):  # it is wanted by nobody
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
        except Exception as error:
            log.debug("! no connection in reserve: %r", error)
        finally:
            self._reopening = False


async def _close(reply: Opened) -> None:
    """Close a reply, whatever its vendor and the libraries do: all other replies are owned beside it."""
    for close in (reply.pieces.aclose, reply.close):
        try:
            async with asyncio.timeout(_CLOSING):
                await close()
        except Exception as error:
            log.debug("! a reply closes badly: %r", error)


async def rehearsed(provider: str, rehearse: Callable[[], None]) -> None:
    """Have `rehearse` done in a thread; one that fails costs the first reply some time, and nothing else."""
    try:
        await asyncio.to_thread(rehearse)
    except Exception:
        log.warning("! %s: the library couldn't be warmed up", provider, exc_info=True)
