"""A talk's sound on one line of time: what was made of it, and what is kept to be sent again.

A place is counted in bytes from the beginning of the talk. Every connection begins at some place, so that
times which Deepgram counts from its beginning become times of the talk. Knows no network.
"""

from typing import Final, Literal

import msgspec
import numpy as np

from media.codecs import ulaw_encode
from media.frames import EAR_RATE_HZ, AudioFrame

Encoding = Literal["linear16", "mulaw"]


class SoundFormat(msgspec.Struct, frozen=True):
    """How sound is written for Deepgram, mono."""

    encoding: Encoding
    rate_hz: int
    sample_bytes: int
    quiet: bytes
    """One sample of silence."""

    @property
    def bytes_per_second(self) -> int:
        return self.rate_hz * self.sample_bytes

    def seconds(self, size: int) -> float:
        """How long so many bytes sound."""
        return size / self.bytes_per_second

    def size(self, seconds: float) -> int:
        """How many bytes sound for so long, in whole samples."""
        return round(seconds * self.rate_hz) * self.sample_bytes

    def silence(self, seconds: float) -> bytes:
        return self.quiet * (self.size(seconds) // self.sample_bytes)

    def written(self, frame: AudioFrame) -> bytes:
        """A frame's sound, as it came from the telephone where it did."""
        if self.encoding == "linear16":
            return frame.pcm[: len(frame.pcm) // 2 * 2]
        if frame.mulaw is not None:
            return frame.mulaw
        # Made up for a packet that didn't come, or from a leg that is no telephone.
        pairs = np.frombuffer(frame.pcm, "<i2", len(frame.pcm) // 4 * 2).reshape(-1, 2)
        return ulaw_encode(pairs.mean(axis=1).astype("<i2").tobytes())


LINEAR16: Final = SoundFormat("linear16", EAR_RATE_HZ, 2, b"\0\0")
MULAW: Final = SoundFormat("mulaw", 8_000, 1, b"\xff")
FORMATS: Final = {"linear16": LINEAR16, "mulaw": MULAW}


class KeptSound:
    """The end of the line of time. What is older than `capacity` bytes is lost, wanted or not."""

    def __init__(self, capacity: int) -> None:
        self.start = 0
        """Place of the oldest byte that is kept."""
        self.end = 0
        """Place behind the newest byte."""
        self._capacity = capacity
        self._bytes = bytearray()

    def append(self, sound: bytes) -> None:
        self._bytes += sound
        self.end += len(sound)
        if self.end - self.start > self._capacity:
            self.forget(self.end - self._capacity)

    def read(self, place: int, size: int) -> bytes:
        """Up to `size` bytes from `place` on. Raises LookupError when they are not kept any more."""
        if place < self.start:
            raise LookupError(f"the sound from {place} to {self.start} is lost")
        return bytes(self._bytes[place - self.start : place - self.start + size])

    def forget(self, place: int) -> None:
        """Nothing before `place` will be asked for again."""
        if place > self.start:
            gone = min(place, self.end) - self.start
            del self._bytes[:gone]
            self.start += gone
