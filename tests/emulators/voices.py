"""Voices that fail, stall or speak in a way that a test can recognise."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from media.frames import VOICE_RATE_HZ
from server.providers.protocols import ProviderError, SpeechChunk, Voice, WordTime


def tone(duration: float, amplitude: float = 3_000.0) -> bytes:
    """A sine of 440 Hz, mono s16le at VOICE_RATE_HZ."""
    at = np.arange(round(duration * VOICE_RATE_HZ)) / VOICE_RATE_HZ
    return (np.sin(2 * np.pi * 440 * at) * amplitude).astype(np.int16).tobytes()


class ToneVoice:
    """Speaks every text as half a second of tone between two silences of 200 ms, in two chunks,
    and counts."""

    def __init__(self, name: str = "tone", amplitude: float = 3_000.0) -> None:
        self.name = name
        self.amplitude = amplitude
        self.spoken: list[str] = []
        self.closed = 0

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        self.spoken.append(text)
        pause = bytes(round(0.2 * VOICE_RATE_HZ) * 2)
        try:
            word = WordTime(0, len(text), 0.2, 0.7)
            yield SpeechChunk(pause + tone(0.25, self.amplitude), (word,))
            yield SpeechChunk(tone(0.25, self.amplitude) + pause)
        finally:
            self.closed += 1


class FailingVoice:
    """Raises `fault`, at once or after one chunk."""

    def __init__(self, fault: Exception, *, after_a_chunk: bool = False) -> None:
        self.name = "failing"
        self.fault = fault
        self.after_a_chunk = after_a_chunk
        self.asked = 0

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        self.asked += 1
        if self.after_a_chunk:
            yield SpeechChunk(tone(0.1))
        raise self.fault


class BreakingVoice:
    """Says so many words, a tenth of a second each, half of one more, and fails."""

    name = "breaking"

    def __init__(self, words: int) -> None:
        self._words = words

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        ends = [at for at, char in enumerate(text) if char in " ."]
        starts = [0, *(end + 1 for end in ends)]
        words = [WordTime(starts[n], ends[n], n / 10, (n + 1) / 10) for n in range(self._words)]
        yield SpeechChunk(tone(self._words / 10 + 0.05), tuple(words))
        raise ProviderError(self.name, "the line broke", retryable=True)


class StalledVoice:
    """Never gives a sound, or none after one chunk."""

    name = "stalled"

    def __init__(self, *, after_a_chunk: bool = False) -> None:
        self.after_a_chunk = after_a_chunk
        self.cancelled = 0

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        if self.after_a_chunk:
            yield SpeechChunk(tone(0.1))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        yield SpeechChunk(b"")


class SilentVoice:
    """Ends at once, without a sound and without a fault."""

    name = "silent"

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        nothing: tuple[SpeechChunk, ...] = ()
        for chunk in nothing:
            yield chunk
