"""What the server and its speech children say to each other: length-prefixed msgpack over a pipe. Knows no
engine."""

import os
from typing import BinaryIO, Final

import msgspec

MAX_MESSAGE_BYTES: Final = 4 << 20
"""A minute of speech at 24 kHz is 2.9 MB; whoever announces more than this is talking garbage."""
LENGTH_BYTES: Final = 4


class PipeError(Exception):
    """What came through the pipe is no message."""


class Message(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Base of everything that goes through a pipe; the tag is the class name."""


class Ready(Message, frozen=True):
    """From every child, once, as its first message: the engine is loaded."""

    engine: str


# To and from the voice


class Speak(Message, frozen=True):
    """Say one sentence-sized piece. Answered by Spoken or Refused with the same id."""

    job_id: int
    text: str
    voice_id: str
    speed: float


class SpokenWord(Message, frozen=True):
    """One word of a piece: character positions in its text, seconds in its sound."""

    start_char: int
    end_char: int
    start: float
    end: float


class Spoken(Message, frozen=True):
    """A whole piece: mono s16le at VOICE_RATE_HZ."""

    job_id: int
    pcm: bytes
    words: tuple[SpokenWord, ...]


class Refused(Message, frozen=True):
    """The piece can't be said, and asking again won't help."""

    job_id: int
    reason: str


# To and from a decoder


class StartLease(Message, frozen=True):
    """A stretch of one utterance begins. `cepstral_mean` is what this talk's last FinalWords gave, or "" at
    first."""

    lease_id: int
    cepstral_mean: str = ""


class Audio(Message, frozen=True):
    """Mono s16le at EAR_RATE_HZ, any whole number of samples."""

    pcm: bytes


class EndLease(Message, frozen=True):
    """The stretch is over. Answered by FinalWords."""


class AbortLease(Message, frozen=True):
    """Nobody wants the rest. Answered by FinalWords, quickly and without words."""


class Progress(Message, frozen=True):
    """Sent after every 200 ms of audio decoded. `text` is None when it is as before."""

    lease_id: int
    samples: int
    text: str | None


class HeardWord(Message, frozen=True):
    text: str
    confidence: float
    """Posterior probability, 0–1."""


class FinalWords(Message, frozen=True):
    """Exactly one for every StartLease."""

    lease_id: int
    words: tuple[HeardWord, ...]
    cepstral_mean: str
    """How this talk's microphone colours speech: an adaptation that must not leak into another talk."""
    claim: str = ""
    """The right that may have been claimed with these words, though they don't say so; "" = none."""


ToVoice = Speak
FromVoice = Ready | Spoken | Refused
ToDecoder = StartLease | Audio | EndLease | AbortLease
FromDecoder = Ready | Progress | FinalWords

_encoder: Final = msgspec.msgpack.Encoder()


def encode(message: Message) -> bytes:
    """Frame one message: its length in four bytes, big endian, then msgpack."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def body_length(prefix: bytes) -> int:
    """Read a length prefix. Raises PipeError when it is out of bounds."""
    length = int.from_bytes(prefix, "big")
    if not 0 < length <= MAX_MESSAGE_BYTES:
        raise PipeError(f"a message of {length} bytes was announced")
    return length


def read_body(stream: BinaryIO) -> bytes | None:
    """Read the next message's body, waiting for it; None when the other side is gone. Raises PipeError."""
    prefix = stream.read(LENGTH_BYTES)
    if len(prefix) < LENGTH_BYTES:
        return None
    length = body_length(prefix)
    body = stream.read(length)
    return body if len(body) == length else None


def write(stream: BinaryIO, message: Message) -> None:
    """Write one message and see it off."""
    stream.write(encode(message))
    stream.flush()


def nobody_reads(stream: BinaryIO) -> None:
    """Let what a stream still holds go nowhere, once whoever read it is gone: a program's end would else
    complain that it can't be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
