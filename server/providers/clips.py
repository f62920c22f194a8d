"""From synthesised sound to a clip that is ready to leave, and to bytes on a disk and back.
Stores nothing."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from media.codecs import OpusEncoder
from media.frames import VOICE_FRAME_SAMPLES, VOICE_RATE_HZ
from media.loudness import level_speech
from server.providers.protocols import PreparedClip, SpeechChunk, Voice, WordTime

FORMAT_VERSION: Final = 1
"""Raise it when clips of old would sound or read differently: another level, another embedded voice, another
layout."""
AUDIBLE: Final = 32_768 * 10 ** (-48 / 20)
"""Samples quieter than -48 dBFS are no part of the speech's end."""
LEAD_OUT: Final = 0.08
"""Seconds kept after the last sound: the voice dies away, and the next clip doesn't follow on its heels."""

_MAGIC: Final = b"vivaclip"
_DIGEST_BYTES: Final = 16


class ClipError(Exception):
    """The bytes are no clip, or no longer the one that was stored."""


def clip_key(provider: str, voice: Voice, text: str, made_by: str = "") -> str:
    """Name the content: 32 hex digits of everything that the sound depends on."""
    content = msgspec.msgpack.encode(
        (FORMAT_VERSION, provider, voice.provider, voice.voice_id, voice.speed, made_by, text)
    )
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def make_clip(chunks: Sequence[SpeechChunk]) -> PreparedClip:
    """Trim, level and encode a whole synthesis. Costs some 13 ms a second of speech. Raises ClipError for
    silence."""
    levelled, removed = level_speech(b"".join(chunk.pcm for chunk in chunks), VOICE_RATE_HZ)
    samples = np.frombuffer(levelled, np.int16)
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE)
    if not len(audible):
        raise ClipError("there is nothing to hear")
    end = min(len(samples), int(audible[-1]) + 1 + round(LEAD_OUT * VOICE_RATE_HZ))
    pcm = samples[:end].tobytes() + bytes(-end % VOICE_FRAME_SAMPLES * 2)
    words = [word for chunk in chunks for word in chunk.words]
    return PreparedClip(pcm, _encoded(pcm), _moved(words, removed, len(pcm) / 2 / VOICE_RATE_HZ))


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


def _encoded(pcm: bytes) -> tuple[bytes, ...]:
    encoder = OpusEncoder(VOICE_RATE_HZ)
    size = VOICE_FRAME_SAMPLES * 2
    return tuple(encoder.encode(pcm[start : start + size]) for start in range(0, len(pcm), size))


def _moved(words: Sequence[WordTime], trimmed: float, duration: float) -> tuple[WordTime, ...]:
    """Move the words' times to where they are in the trimmed sound."""

    def at(instant: float) -> float:
        return min(max(instant - trimmed, 0.0), duration)

    return tuple(WordTime(w.start_char, w.end_char, at(w.start), at(w.end)) for w in words)
