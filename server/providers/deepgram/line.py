"""One talk's line to Deepgram: connects, sends the sound in order, passes on what is said, connects again.

Whatever may take long happens in the line's own task, which nobody waits for. Knows nothing of words.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from server.clock import jitter, loop_time
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.sound import SoundFormat
from server.providers.deepgram.talk import Talk
from server.providers.deepgram.transport import NAME, Transport, Unavailable

logger = logging.getLogger(__name__)

Dial = Callable[[], AbstractAsyncContextManager[Any]]
"""Asks the SDK for a socket, with what holds now: an AsyncV1SocketClient or AsyncV2SocketClient."""
Order = Callable[[Any], Awaitable[None]]
"""Something to be said to Deepgram beside the sound, by a method of the SDK's socket."""
_AT_ONCE: Final = 16
"""Messages sent without a break, when much has gathered: other talks want the loop too."""


class Speech(Protocol):
    """What a line carries."""

    def connected(self, place: int) -> None:
        """A connection begins, whose clock starts at that place of the sound."""

    def receive(self, frame: str | bytes) -> None:
        """A frame came."""


class Meter:
    """Counts the sound that was sent, silence and repetitions included: Deepgram has it on its bill."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told
        self._size = 0

    def count(self, size: int) -> None:
        self._size += size

    def tell(self) -> None:
        """Tell what was not told yet."""
        size, self._size = self._size, 0
        if size:
            self._told(size)


class Line:
    """Runs from `run` to `hang_up`. Nothing but `run` waits."""

    def __init__(
        self,
        dial: Dial,
        speech: Speech,
        talk: Talk,
        form: SoundFormat,
        limits: DeepgramLimits,
        meter: Meter,
        *,
        keep_alive: Order | None = None,
    ) -> None:
        self.up = False
        """A connection stands."""
        self.meter = meter
        self._dial = dial
        self._speech = speech
        self._talk = talk
        self._limits = limits
        self._keep_alive = keep_alive
        self._piece = form.size(limits.send_duration)
        self._place = 0
        """Up to where sound has been sent over this connection."""
        self._orders: deque[tuple[int, Order]] = deque()
        self._work = asyncio.Event()
        self._over = asyncio.Event()
        self._transport: Transport | None = None
        self._heard_at = 0.0
        self._trouble = "unreachable"

    @property
    def trouble(self) -> str:
        """Why there are no words, in a word."""
        return "timeout" if self.up else self._trouble

    def feed(self) -> None:
        """There is more sound."""
        if self._talk.sound.end - self._place >= self._piece and self.up:
            self._work.set()

    def order(self, order: Order, place: int | None = None) -> None:
        """Have something said once all sound up to `place` is sent; at once without one. Without a connection
        it is forgotten: the next one begins with what holds then."""
        if self.up:
            if place is None:
                due = sum(at <= self._place for at, _ in self._orders)
                self._orders.insert(due, (self._place, order))
            else:
                self._orders.append((place, order))
            self._work.set()

    def hang_up(self) -> None:
        """End `run` soon; doesn't wait for it."""
        self._over.set()

    async def run(self) -> None:
        """Hold a connection, and another after it, until hung up. Raises Unavailable when trying again is no
        use."""
        delay = self._limits.first_retry_delay
        while not self._over.is_set():
            began_at = loop_time()
            try:
                await self._hold()
            except Unavailable as fault:
                self._trouble = fault.reason
                if not fault.retryable:
                    raise
                if self._heard_at >= began_at:
                    delay = self._limits.first_retry_delay
                if fault.reason == "busy":
                    delay = max(delay, self._limits.crowded_retry_delay)
                delay = min(delay, self._limits.longest_retry_delay)
                logger.warning("! %s; trying again in %.1f s", fault, delay)
                await self._wait_over(jitter(delay))
                delay *= 2

    async def _wait_over(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            pass

    async def _hold(self) -> None:
        """One connection, from the call to its end."""
        async with self._dial() as socket:
            transport: Transport = socket._websocket
            try:
                if not await self._opened(transport):
                    return
                self._begin()
                await self._converse(socket, transport)
            finally:
                self.up = False
                self.meter.tell()
                transport.drop()

    async def _opened(self, transport: Transport) -> bool:
        """Whether the connection stands; False when it isn't wanted any more."""
        loop = asyncio.get_running_loop()
        opening = loop.create_task(transport.open(self._limits))  # owned here, and ended below
        hung_up = loop.create_task(self._over.wait())
        try:
            await asyncio.wait((opening, hung_up), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hung_up.cancel()
            opening.cancel()
            await asyncio.wait((opening, hung_up))
        if opening.cancelled():
            return False
        opening.result()
        return True

    def _begin(self) -> None:
        self._heard_at = loop_time()
        self._orders.clear()
        self._place = max(self._talk.wanted_from, self._talk.sound.start)
        self.up = True
        logger.debug("= a line to %s stands", NAME)
        self._speech.connected(self._place)
        self._work.set()

    async def _converse(self, socket: Any, transport: Transport) -> None:
        """Send and listen until the connection or the talk is over. Raises Unavailable for the former."""
        loop = asyncio.get_running_loop()
        watch = _DeafnessWatch(self._talk, self._limits, transport)
        tasks = [  # owned here, and ended below; a TaskGroup would wrap the one fault into a group
            loop.create_task(self._send(socket)),
            loop.create_task(self._listen(transport, watch)),
            loop.create_task(self._over.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.end()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()
        await self._part(socket, transport)

    async def _part(self, socket: Any, transport: Transport) -> None:
        """Say good-bye as is the custom, where that goes quickly."""
        try:
            async with asyncio.timeout(self._limits.parting_timeout):
                await socket.send_close_stream()
                await transport.part()
        except (TimeoutError, Unavailable):
            logger.debug("! a line to %s had to be cut", NAME)

    async def _send(self, socket: Any) -> None:
        """Send sound and orders in their order, for as long as the connection stands."""
        sound = self._talk.sound
        sent = 0
        while True:
            while self._orders and self._orders[0][0] <= self._place:
                await self._orders.popleft()[1](socket)
            size = self._piece
            if self._orders:
                size = min(size, self._orders[0][0] - self._place)
            if sound.end - self._place < size:
                await self._wait_for_work(socket)
                continue
            try:
                piece = sound.read(self._place, size)
            except LookupError:
                raise Unavailable("doesn't take the sound", reason="busy", retryable=True) from None
            await socket.send_media(piece)
            self._place += len(piece)
            self.meter.count(len(piece))
            sound.forget(min(self._place, self._talk.wanted_from))
            sent += 1
            if sent % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _wait_for_work(self, socket: Any) -> None:
        self._work.clear()
        if self._keep_alive is None:
            await self._work.wait()
            return
        try:
            async with asyncio.timeout(self._limits.keep_alive_interval):
                await self._work.wait()
        except TimeoutError:
            await self._keep_alive(socket)

    async def _listen(self, transport: Transport, watch: "_DeafnessWatch") -> None:
        """Pass on frames as they come, unread: how they are read is the recogniser's business."""
        try:
            async for frame in transport:
                self._heard_at = loop_time()
                watch.heard()
                self._speech.receive(frame)
        except Unavailable:
            if watch.struck:
                raise Unavailable("said nothing about speech", reason="timeout", retryable=True) from None
            raise


class _DeafnessWatch:
    """Drops a connection whose peer has said nothing for too long while there was speech.

    Counts its own looks instead of asking the clock: when our loop stood still, the silence was ours.
    """

    _LOOKS: Final = 5

    def __init__(self, talk: Talk, limits: DeepgramLimits, transport: Transport) -> None:
        self.struck = False
        self._talk = talk
        self._interval = limits.deaf_timeout / self._LOOKS
        self._transport = transport
        self._silent_looks = 0
        self._timer = self._look_later()

    def heard(self) -> None:
        self._silent_looks = 0

    def end(self) -> None:
        self._timer.cancel()

    def _look_later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._interval, self._look)

    def _look(self) -> None:
        self._silent_looks = self._silent_looks + 1 if self._talk.awaits_words else 0
        if self._silent_looks > self._LOOKS:
            self.struck = True
            self._transport.drop()
        else:
            self._timer = self._look_later()
