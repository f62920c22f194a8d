"""What the emulated ElevenLabs says: real speech, in the vendor's shapes of sound, and when each character
of it sounds. Knows no wire format."""

import asyncio
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from media.frames import VOICE_RATE_HZ
from media.resampler import resample
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.protocols import Voice, WordTime

MOST_PART = 0.5
"""Seconds of sound in one message, as a rule."""


class Part(msgspec.Struct, frozen=True):
    """A stretch of speech that begins and ends between two characters. Times are seconds from its own
    start."""

    sound: bytes
    duration: float
    chars: str
    starts: tuple[float, ...]
    durations: tuple[float, ...]


class Speech:
    """The embedded voice behind the vendor's desk; each text is spoken once and remembered."""

    def __init__(self) -> None:
        self._voice = EmbeddedVoice()
        self._spoken: dict[tuple[str, str, float], tuple[bytes, tuple[WordTime, ...]]] = {}
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Keep the voice working until cancelled."""
        await self._voice.run()

    async def parts(
        self, text: str, voice_id: str, speed: float, output_format: str, most: float
    ) -> list[Part]:
        """Speak `text`, in parts of `most` seconds, a word more or less, as they would be sent."""
        key = (text, voice_id, speed)
        async with self._turn:
            if key not in self._spoken:
                chunks = [each async for each in self._voice.synthesize(text, Voice("", voice_id, speed))]
                words = tuple(word for chunk in chunks for word in chunk.words)
                self._spoken[key] = b"".join(chunk.pcm for chunk in chunks), words
        pcm, words = self._spoken[key]
        return _parts(text, pcm, words, output_format, most)


def _parts(text: str, pcm: bytes, words: Sequence[WordTime], output_format: str, most: float) -> list[Part]:
    duration = len(pcm) / 2 / VOICE_RATE_HZ
    edges = _char_edges(text, words, duration)
    kind, _, rate = output_format.partition("_")
    sound = resample(pcm, VOICE_RATE_HZ, int(rate))
    if kind == "ulaw":
        sound = ulaw_encoded(np.frombuffer(sound, np.int16))
    sample_bytes = 1 if kind == "ulaw" else 2
    parts: list[Part] = []
    first = 0
    for i in range(1, len(text) + 1):
        if i < len(text) and not (text[i].isspace() and edges[i] - edges[first] >= most):
            continue
        begin, end = (round(edges[at] * int(rate)) * sample_bytes for at in (first, i))
        starts = tuple(edges[at] - edges[first] for at in range(first, i))
        durations = tuple(edges[at + 1] - edges[at] for at in range(first, i))
        parts.append(Part(sound[begin:end], edges[i] - edges[first], text[first:i], starts, durations))
        first = i
    return parts


def _char_edges(text: str, words: Sequence[WordTime], duration: float) -> list[float]:
    """When each character begins, and the end of the last: those of a word share its time."""
    known = {0: 0.0, len(text): duration}
    for word in words:
        known[word.start_char], known[word.end_char] = word.start, word.end
    places = sorted(known)
    return [float(at) for at in np.interp(range(len(text) + 1), places, [known[place] for place in places])]


def ulaw_encoded(samples: npt.NDArray[np.int16]) -> bytes:
    """G.711 µ-law, one byte a sample."""
    magnitude = np.minimum(np.abs(samples.astype(np.int32)) + 132, 32_767)
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    encoded: bytes = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()
    return encoded


def ulaw_decoded(sound: bytes) -> npt.NDArray[np.int16]:
    """And back."""
    coded = ~np.frombuffer(sound, np.uint8).astype(np.int32) & 0xFF
    magnitude = ((((coded & 0x0F) << 3) + 132) << ((coded >> 4) & 0x07)) - 132
    return np.where(coded & 0x80, -magnitude, magnitude).astype(np.int16)
