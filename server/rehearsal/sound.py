"""The simulated participant's mouth and ear on a WebRTC connection: clips out, loudness in.

Knows nothing of what is talked about.
"""

import array
import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.audio.resampler import AudioResampler
from av.stream import Stream

from media.codecs import OpusEncoder
from media.frames import (
    FRAME_DURATION,
    OPUS_CLOCK_HZ,
    OPUS_FRAME_TICKS,
    OPUS_SILENCE,
    VOICE_FRAME_SAMPLES,
    VOICE_RATE_HZ,
)
from server.clock import loop_time
from server.rehearsal.background import over

AUDIBLE_DBFS: Final = -50.0
"""What is louder than this counts as the agent's voice; its comfort noise, if any, lies below."""

_FRAME_BYTES: Final = VOICE_FRAME_SAMPLES * 2
_LATE: Final = 0.2
"""Seconds by which the sender may lag before its schedule starts anew, rather than catching up in a burst."""


class ClipError(Exception):
    """A recording that can't be played; the message names the file."""


def load_clip(path: Path) -> bytes:
    """Decode a recording (Ogg Opus, WAV, what PyAV reads) to mono s16le at VOICE_RATE_HZ.

    Raises ClipError.
    """
    resampler = AudioResampler(format="s16", layout="mono", rate=VOICE_RATE_HZ)
    pcm = bytearray()
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    pcm += piece.to_ndarray().tobytes()
        for piece in resampler.resample(None):
            pcm += piece.to_ndarray().tobytes()
    except (av.FFmpegError, IndexError, OSError) as error:
        raise ClipError(f"{path} can't be played as sound ({error}).") from None
    return bytes(pcm)


class SpokenTrack(MediaStreamTrack):
    """A microphone that says clips and is silent otherwise, 50 packets a second as a browser sends them."""

    kind = "audio"

    def __init__(self, background: Iterator[bytes] | None = None) -> None:
        """`background` gives a frame for each 20 ms that is heard behind all that is said."""
        super().__init__()
        self._background = background
        self._encoder = OpusEncoder(VOICE_RATE_HZ)
        self._pending: deque[bytes] = deque()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._slot = 0
        self._began_at: float | None = None

    async def say(self, pcm: bytes) -> float:
        """Play mono s16le at VOICE_RATE_HZ to its end; returns the loop time of its last packet."""
        padded = pcm + bytes(-len(pcm) % _FRAME_BYTES)
        self._pending.extend(padded[i : i + _FRAME_BYTES] for i in range(0, len(padded), _FRAME_BYTES))
        if self._pending:
            self._quiet.clear()
        await self._quiet.wait()
        return loop_time()

    async def recv(self) -> "av.Packet[Stream]":
        """The next 20 ms, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        now = loop_time()
        if self._began_at is None or now > self._began_at + self._slot * FRAME_DURATION + _LATE:
            self._began_at = now - self._slot * FRAME_DURATION
        await asyncio.sleep(self._began_at + self._slot * FRAME_DURATION - now)
        packet = av.Packet(self._sound())
        if not self._pending:
            self._quiet.set()
        packet.pts = self._slot * OPUS_FRAME_TICKS
        packet.time_base = Fraction(1, OPUS_CLOCK_HZ)
        self._slot += 1
        return packet

    def _sound(self) -> bytes:
        if self._background is None:
            return self._encoder.encode(self._pending.popleft()) if self._pending else OPUS_SILENCE
        behind = next(self._background)
        return self._encoder.encode(over(self._pending.popleft(), behind) if self._pending else behind)

    def stop(self) -> None:
        """End the track; whoever waits for a clip's end waits no longer."""
        super().stop()
        self._pending.clear()
        self._quiet.set()


class Hearing:
    """What reaches the ear: whether the agent is audible, since when, and when it was last."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.heard_at: float | None = None
        """Loop time of the last audible frame."""
        self.onsets: list[float] = []
        """Loop times at which the agent became audible after at least `pause` seconds without a sound."""
        self.pause: Final = 0.25
        self.muted = False
        """The server asked for silence at once over the data channel."""
        self.levels = array.array("f")
        """Loudness of each frame received, dBFS."""

    def silent_for(self, now: float) -> float:
        """Seconds since the agent was last audible; infinite when it never was."""
        return float("inf") if self.heard_at is None else now - self.heard_at

    async def listen(self, track: MediaStreamTrack) -> None:
        """Hear a track to its end."""
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if not isinstance(frame, av.AudioFrame):
                continue
            self._hear(frame)

    def _hear(self, frame: av.AudioFrame) -> None:
        samples = frame.to_ndarray().astype(np.float32)
        power = float(np.mean(samples * samples)) / (32_768.0 * 32_768.0)
        level = -90.0 if self.muted else 10 * float(np.log10(max(power, 1e-9)))
        self.levels.append(level)
        if level <= AUDIBLE_DBFS:
            return
        now = loop_time()
        if self.silent_for(now) >= self.pause:
            self.onsets.append(now)
            self._changed()
        self.heard_at = now
