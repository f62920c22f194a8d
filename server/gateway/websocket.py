"""Sound over a WebSocket, for networks where UDP can't pass. Knows nothing of tokens or of what is being
said.

Binary messages are those of server/gateway/websocket_frames.py, text messages those of
server/gateway/control.py.
"""

import asyncio
import contextlib
import logging
from collections import deque
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from media.frames import FRAME_DURATION
from server.clock import loop_time
from server.gateway import control
from server.gateway.leg import Ear, Mouth, Tap
from server.gateway.liveness import Liveness
from server.gateway.metronome import Metronome
from server.gateway.websocket_frames import (
    RESAMPLING_DELAY,
    AudioFormat,
    FrameReader,
    FrameWriter,
    Garbage,
)

STALLED_AFTER: Final = 0.1
"""Seconds without a frame after which sound counts as missing: TCP holds all back behind what was lost."""
MAX_BACKLOG: Final = 2.0
"""Seconds for which a message may wait to be taken; a client that doesn't read is dropped then."""
DEFAULT_PLAYOUT_DELAY: Final = 0.15
"""Seconds until the page reports its own: a page must hold about 100 ms against the unevenness of TCP."""

UPLINK_DELAY: Final = 0.03
"""Seconds from a sound at the mouth to the message that ends with it: capture, and an idle network."""

_MAX_QUEUED_FRAMES: Final = 25
"""Half a second of sound, the newest; what is older would only be heard too late."""
_MAX_QUEUED_TEXTS: Final = 32

log = logging.getLogger(__name__)


class WebSocketLeg:
    """One participant's audio socket, accepted and authenticated by the caller, in the format that the client
    named."""

    name = "websocket"

    def __init__(self, websocket: WebSocket, metronome: Metronome, audio: AudioFormat = "pcm") -> None:
        self._websocket = websocket
        self._metronome = metronome
        self._inward = FrameReader(audio)
        self._outward = FrameWriter(audio)
        self._resampling_delay = RESAMPLING_DELAY if audio == "pcm" else 0.0
        self._ear: Ear | None = None
        self._mouth: Mouth | None = None
        self._tap: Tap | None = None
        self._liveness: Liveness | None = None
        self._silenced = False
        self._playout: float | None = None
        self._frames: deque[bytes] = deque(maxlen=_MAX_QUEUED_FRAMES)
        self._texts: deque[str] = deque(maxlen=_MAX_QUEUED_TEXTS)
        self._to_send = asyncio.Event()
        self._sending_since: float | None = None
        self._frames_allowed = control.Allowance(per_second=55.0, burst=250.0)
        self._texts_allowed = control.Allowance(per_second=20.0, burst=40.0)
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._closing = (1000, "")
        self.dropped = 0
        """Frames of the agent that were never sent, for the client didn't read."""

    # The life of the leg

    async def stand(self) -> str | None:
        """Returns at once: the socket was accepted before."""
        return self._ended.result() if self._ended.done() else None

    async def run(self, ear: Ear, mouth: Mouth, tap: Tap | None) -> str:
        """Carry sound until the connection ends.

        `closed` by the client, `garbage` or `backlog` for what it did, `failed`, or what `close` was given.
        """
        self._ear, self._mouth, self._tap = ear, mouth, tap
        self._liveness = Liveness(ear, STALLED_AFTER)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._read()), group.create_task(self._write())]
                self._metronome.join(self)
                await asyncio.shield(self._ended)
                for task in tasks:
                    task.cancel()
        finally:
            self._end("cancelled")
            self._metronome.leave(self)
            await self._hang_up()
        return self._ended.result()

    async def close(self, reason: str) -> None:
        """Hang up. Safe to call twice; `run` then returns `reason`."""
        self._end(reason, text=reason)

    def _end(self, reason: str, code: int = 1000, text: str = "") -> None:
        if not self._ended.done():
            log.debug("= websocket leg: %s %d %s", reason, code, text)
            self._closing = (code, text)
            self._ended.set_result(reason)

    async def _hang_up(self) -> None:
        code, text = self._closing
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._websocket.close(code, text)

    async def _read(self) -> None:
        try:
            while not self._ended.done():
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    self._end("closed")
                elif message.get("bytes") is not None:
                    self._take_frame(message["bytes"], loop_time())
                else:
                    self._take_text(message.get("text") or "", loop_time())
        except Garbage as garbage:
            self._end("garbage", garbage.code, garbage.reason)
        except Exception as error:  # an ear that raises is a bug: it ends this leg alone
            log.exception("the ear of a websocket leg raised")
            self.fail(error)

    async def _write(self) -> None:
        try:
            while True:
                await self._to_send.wait()
                text = self._texts.popleft() if self._texts else None
                frame = self._frames.popleft() if text is None and self._frames else None
                if not self._texts and not self._frames:
                    self._to_send.clear()
                self._sending_since = loop_time()
                if text is not None:
                    await self._websocket.send_text(text)
                elif frame is not None:
                    await self._websocket.send_bytes(frame)
                self._sending_since = None
        except (WebSocketDisconnect, RuntimeError):
            self._end("closed")

    # Once per 20 ms

    def tick(self, slot: int) -> None:
        """Send the frame of this slot, and see whether the client still talks and still listens."""
        assert self._liveness is not None
        assert self._mouth is not None
        self._liveness.beat()
        if self._sending_since is not None and loop_time() - self._sending_since >= MAX_BACKLOG:
            self._end("backlog", 1013, "The client doesn't read.")
            return
        message, packet = self._outward.write(slot, self._mouth.next_frame(), encode=self._tap is not None)
        self.dropped += len(self._frames) == _MAX_QUEUED_FRAMES
        self._frames.append(message)  # drops the oldest when full
        self._to_send.set()
        if self._tap is not None and packet is not None:
            self._tap.sent(packet, slot)

    def fail(self, error: Exception) -> None:
        """End, for a tick has raised."""
        self._end("failed", 1011, "The server failed.")

    # From the client

    def _take_frame(self, message: bytes, now: float) -> None:
        assert self._ear is not None
        assert self._liveness is not None
        if not self._frames_allowed.take(now):
            raise Garbage(1008, "More than 50 frames a second.")
        frames = self._inward.read(message, self._tap)
        self._liveness.came()
        for frame in frames:
            self._ear.hear(frame)

    def _take_text(self, text: str, now: float) -> None:
        if not self._texts_allowed.take(now):
            raise Garbage(1008, "Too many text messages.")
        message = control.read_message(text)
        if message is None:
            raise Garbage(1007, "A text message that is no control message.")
        if message.muted is not None:
            self._inward.muted = message.muted
        if message.type == "ping":
            self._tell(control.pong(message.n))
        elif message.type == "playout" and message.delay is not None:
            self.report_playout(message.delay)

    def _tell(self, text: str) -> None:
        self._texts.append(text)
        self._to_send.set()

    def silence_now(self) -> None:
        """Ask the page to mute at once, and drop what it has not been sent yet."""
        if not self._silenced:
            self._silenced = True
            self._frames.clear()
            self._tell(control.SILENCE)

    def unsilence(self) -> None:
        """Take `silence_now` back."""
        if self._silenced:
            self._silenced = False
            self._tell(control.UNSILENCE)

    def unheard_since(self) -> float | None:
        """Nothing waits here: what has come is heard before the next message is read."""
        return None

    def report_playout(self, seconds: float) -> None:
        """Take the page's word for the time from the arrival of a frame to its sounding."""
        self._playout = seconds

    def uplink_delay(self) -> float:
        """The page's own, as far as it is known: there is no ping on this road."""
        return UPLINK_DELAY

    def playout_delay(self) -> float:
        """Page's own delay (DEFAULT_PLAYOUT_DELAY before its first word), and what is held back here."""
        page = DEFAULT_PLAYOUT_DELAY if self._playout is None else self._playout + FRAME_DURATION
        return page + self._resampling_delay + len(self._frames) * FRAME_DURATION
