"""From synthesised sound to a clip that is ready to leave, and to bytes on a disk and back. Stores
nothing.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from media.codecs import OpusEncoder
from media.frames import VOICE_FRAME_SAMPLES, VOICE_RATE_HZ
from server.providers.protocols import PreparedClip, SpeechChunk, Voice, WordTime

FORMAT_VERSION: Final = 1
"""Raise it when clips of old would sound or read differently: another level, another embedded voice, another
layout.
"""
LEVEL_DBFS: Final = -20.0
"""Root mean square of the speaking parts."""
PEAK_DBFS: Final = -1.0
MAX_GAIN_DB: Final = 12.0
AUDIBLE_DBFS: Final = -48.0
LEAD_IN: Final = 0.01
"""Seconds kept before the first sound: enough for a soft onset, under the 20 ms that a listener would
wait.
"""
LEAD_OUT: Final = 0.08
"""Seconds kept after the last: the voice dies away, and the next clip doesn't follow on its heels."""

_MAGIC: Final = b"vivaclip"
_DIGEST_BYTES: Final = 16


class ClipError(Exception):
    """The bytes are no clip, or no longer the one that was stored."""


def clip_key(provider: str, voice: Voice, text: str) -> str:
    """Name the content: 32 hex digits of everything that the sound depends on."""
    content = msgspec.msgpack.encode(
        (FORMAT_VERSION, provider, voice.provider, voice.voice_id, voice.speed, text)
    )
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def make_clip(chunks: Sequence[SpeechChunk]) -> PreparedClip:
    """Trim, level and encode a whole synthesis. Costs some 13 ms a second of speech. Raises ClipError for
    silence.
    """
    samples = np.frombuffer(b"".join(chunk.pcm for chunk in chunks), np.int16).astype(np.float32)
    audible = np.flatnonzero(np.abs(samples) > _amplitude(AUDIBLE_DBFS))
    if not len(audible):
        raise ClipError("there is nothing to hear")
    first = max(0, int(audible[0]) - round(LEAD_IN * VOICE_RATE_HZ))
    end = min(len(samples), int(audible[-1]) + 1 + round(LEAD_OUT * VOICE_RATE_HZ))
    levelled = _levelled(samples[first:end])
    padding = -len(levelled) % VOICE_FRAME_SAMPLES
    pcm = np.concatenate((levelled, np.zeros(padding, np.int16))).tobytes()
    words = [word for chunk in chunks for word in chunk.words]
    return PreparedClip(
        pcm, _encoded(pcm), _moved(words, first / VOICE_RATE_HZ, len(pcm) / 2 / VOICE_RATE_HZ)
    )


def to_bytes(clip: PreparedClip) -> bytes:
    """Lay a clip out for a file, with a digest in front."""
    body = msgspec.msgpack.encode(clip)
    return _MAGIC + hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def from_bytes(stored: bytes) -> PreparedClip:
    """Read what `to_bytes` wrote. Raises ClipError when so much as a bit of it differs."""
    start = len(_MAGIC) + _DIGEST_BYTES
    body = stored[start:]
    if (
        not stored.startswith(_MAGIC)
        or hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != stored[len(_MAGIC) : start]
    ):
        raise ClipError("the file is damaged")
    try:
        return msgspec.msgpack.decode(body, type=PreparedClip)
    except msgspec.MsgspecError as error:
        raise ClipError(f"the file has another layout: {error}") from error


def size_of(clip: PreparedClip) -> int:
    """Bytes that a clip takes in memory, near enough."""
    return len(clip.pcm) + sum(len(packet) + 33 for packet in clip.packets) + 80 * len(clip.words)


def _amplitude(dbfs: float) -> float:
    return 32_768.0 * float(10.0 ** (dbfs / 20))


def _levelled(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """Bring the speaking parts to LEVEL_DBFS, as far as the peaks and a sensible gain allow."""
    speaking = samples[np.abs(samples) > _amplitude(AUDIBLE_DBFS)]
    level = float(np.sqrt(np.mean(np.square(speaking))))
    limit = float(10.0 ** (MAX_GAIN_DB / 20))
    gain = min(max(_amplitude(LEVEL_DBFS) / level, 1 / limit), limit)
    gain = min(gain, _amplitude(PEAK_DBFS) / float(np.abs(samples).max()))
    levelled: npt.NDArray[np.int16] = np.rint(samples * gain).astype(np.int16)
    return levelled


def _encoded(pcm: bytes) -> tuple[bytes, ...]:
    encoder = OpusEncoder(VOICE_RATE_HZ)
    size = VOICE_FRAME_SAMPLES * 2
    return tuple(encoder.encode(pcm[start : start + size]) for start in range(0, len(pcm), size))


def _moved(words: Sequence[WordTime], trimmed: float, duration: float) -> tuple[WordTime, ...]:
    """Move the words' times to where they are in the trimmed sound."""

    def at(instant: float) -> float:
        return min(max(instant - trimmed, 0.0), duration)

    return tuple(WordTime(w.start_char, w.end_char, at(w.start), at(w.end)) for w in words)
