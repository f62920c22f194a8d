"""Ends for a leg, and a caller: what a session would be above it, and a browser below it, as small as they
can be."""

import asyncio
import fractions
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame as AvFrame
from av import AudioResampler

from media.frames import FRAME_DURATION, VOICE_FRAME_SAMPLES, AudioFrame, VoiceFrame
from server.clock import loop_time
from server.gateway.metronome import Metronome
from tests.support.speech import pieces, speech_pcm


class KeptEar:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.frames: list[AudioFrame] = []
        self.happened: list[str] = []
        self.stalls: list[float] = []

    def hear(self, frame: AudioFrame) -> None:
        self.frames.append(frame)

    def stalled(self, missing: float) -> None:
        self.stalls.append(missing)

    def lost(self) -> None:
        self.happened.append("lost")

    def found(self) -> None:
        self.happened.append("found")


class SpeechMouth:
    """Says the utterance over and over, live, or nothing."""

    def __init__(self, *, silent: bool = False) -> None:
        self._pieces = [] if silent else pieces(speech_pcm(24_000), VOICE_FRAME_SAMPLES * 2)
        self.asked = 0

    def next_frame(self) -> VoiceFrame | None:
        self.asked += 1
        if not self._pieces:
            return None
        return VoiceFrame(self._pieces[self.asked % len(self._pieces)])


class KeptTap:
    """Keeps what passes."""

    def __init__(self) -> None:
        self.received_packets: list[tuple[int, bytes]] = []
        self.sent_packets: list[tuple[int, bytes]] = []

    def received(self, packet: bytes, timestamp: int) -> None:
        self.received_packets.append((timestamp, packet))

    def sent(self, packet: bytes, slot: int) -> None:
        self.sent_packets.append((slot, packet))


@asynccontextmanager
async def beating() -> AsyncIterator[Metronome]:
    """A metronome that runs for as long as the block."""
    metronome = Metronome()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(metronome.run())
        try:
            yield metronome
        finally:
            task.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`, looked at every few milliseconds; fail after twenty seconds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is watched are plain attributes of the parts under test
            await asyncio.sleep(0.01)


class SpeechTrack(MediaStreamTrack):
    """A microphone that hears the utterance over and over, in real time, at 48 kHz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._pieces = pieces(speech_pcm(48_000), 960 * 2)
        self._sent = 0
        self._origin = 0.0

    async def recv(self) -> AvFrame:
        if self._sent == 0:
            self._origin = loop_time()
        await asyncio.sleep(max(0.0, self._origin + self._sent * FRAME_DURATION - loop_time()))
        frame = AvFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(self._pieces[self._sent % len(self._pieces)])
        frame.pts, frame.sample_rate, frame.time_base = (
            self._sent * 960,
            48_000,
            fractions.Fraction(1, 48_000),
        )
        self._sent += 1
        return frame


class Caller:
    """A participant on stock aiortc: speaks the utterance, keeps what it hears, has a control channel."""

    def __init__(self, *, with_control: bool = True) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTrack(SpeechTrack())
        self.pcm = bytearray()
        """What it heard, mono 16 kHz."""
        self.messages: list[str] = []
        """What came on the control channel."""
        self.control = self.connection.createDataChannel("control") if with_control else None
        if self.control is not None:
            self.control.on("message", self.messages.append)
        self.pings: RTCDataChannel | None = None
        """The channel that the server opens: what comes on it goes back."""
        self.connection.on("datachannel", self._echo)
        self._listening: asyncio.Task[None] | None = None
        self.connection.on("track", self._listen_to)

    def _echo(self, channel: RTCDataChannel) -> None:
        self.pings = channel
        channel.on("message", channel.send)

    def _listen_to(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler("s16", "mono", 16_000)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AvFrame)
            for piece in resampler.resample(frame):
                self.pcm += bytes(piece.planes[0])[: piece.samples * 2]

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def take(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def vanish(self) -> None:
        """Be gone without a word: no sound, no BYE, no DTLS close."""

        async def nowhere(data: bytes) -> None:
            pass

        self.connection.getSenders()[0].transport.transport._send = nowhere

    async def close(self) -> None:
        await self.connection.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
