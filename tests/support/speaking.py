"""Voices at work, whoever speaks: how to get one, and what a test can say of what it said."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec
import numpy as np
from webrtcvad import Vad

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, VOICE_RATE_HZ
from media.resampler import resample
from server.providers.protocols import SpeechChunk, TextToSpeech, Voice, WordTime
from tests.support.speech import pieces


class Running(Protocol):
    """What a voice is while it is used."""

    async def run(self) -> None: ...


class Said(msgspec.Struct, frozen=True):
    """All that was said of a text."""

    pcm: bytes
    words: tuple[WordTime, ...]

    @property
    def duration(self) -> float:
        return len(self.pcm) / 2 / VOICE_RATE_HZ

    @property
    def level(self) -> float:
        """Root mean square in dBFS."""
        samples = np.frombuffer(self.pcm, np.int16).astype(float)
        return float(20 * np.log10(np.sqrt(np.mean(samples**2)) / 32_768))

    def spoken(self, text: str) -> list[str]:
        """The words of `text` that have a time."""
        return [text[word.start_char : word.end_char] for word in self.words]


def joined(chunks: Sequence[SpeechChunk]) -> Said:
    """All chunks of a text together."""
    return Said(
        b"".join(chunk.pcm for chunk in chunks), tuple(word for chunk in chunks for word in chunk.words)
    )


async def said(voice: TextToSpeech, text: str, how: Voice) -> Said:
    """Have `text` spoken to its end."""
    return joined([chunk async for chunk in voice.synthesize(text, how)])


@asynccontextmanager
async def at_work(*services: Running) -> AsyncIterator[None]:
    """Run services until the block is left."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(service.run()) for service in services]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


def voiced_share(pcm: bytes) -> float:
    """Of the frames that aren't silent, those that a voice activity detector takes for speech, 0–1."""
    detector = Vad(2)
    cut = pieces(resample(pcm, VOICE_RATE_HZ, EAR_RATE_HZ), EAR_FRAME_SAMPLES * 2)
    loud = [piece for piece in cut if np.abs(np.frombuffer(piece, np.int16).astype(int)).max() > 300]
    voiced = [bool(detector.is_speech(piece, EAR_RATE_HZ)) for piece in loud]
    return sum(voiced) / max(1, len(voiced))
