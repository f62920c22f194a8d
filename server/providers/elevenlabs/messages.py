"""What is said over a line that carries several utterances, both ways. Knows no socket.

What we say are the vendor's own types. What we hear is read by types of ours: the vendor's leave out
`isFinal`, and take ten times as long; and documents and service don't agree on how the names are spelled.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from elevenlabs.types import (
    CloseContext,
    CloseSocket,
    InitializeConnectionMulti,
    RealtimeVoiceSettings,
    SendTextMulti,
)

from server.providers.elevenlabs.alignment import Characters

_NULL: Final = msgspec.Raw(b"null")
LONGEST_WORD: Final = 256
"""Bytes of the vendor's word for a refusal."""
LONGEST_ALIGNMENT: Final = 64 * 1024
"""Bytes of one; that of a sentence of 300 characters has 12 KB. What is longer would hold up all talks."""


class Reported(msgspec.Struct, frozen=True):
    """One message of the vendor's, as far as it concerns us."""

    context_id: str | None
    """Whose it is; None = the line's own."""
    sound: bytes
    characters: Characters | None
    final: bool
    """Nothing more follows for this context."""
    refused: str | None
    """The vendor's word for why it won't; None = it does."""


class UnreadableError(Exception):
    """What came is no message of this vendor's."""


def opening(context_id: str, speed: float) -> str:
    """Open a context: always its first message, and the only one that says how to speak."""
    settings = RealtimeVoiceSettings(speed=speed)
    return InitializeConnectionMulti(context_id=context_id, voice_settings=settings).model_dump_json(
        exclude_none=True
    )


def sentence(context_id: str, text: str) -> str:
    """Have `text` spoken at once, without waiting for more."""
    return SendTextMulti(context_id=context_id, text=f"{text.strip()} ", flush=True).model_dump_json(
        exclude_none=True
    )


def closing(context_id: str) -> str:
    """Close a context: what was flushed is still spoken, then its `isFinal` comes."""
    return CloseContext(context_id=context_id, close_context=True).model_dump_json()


def farewell() -> str:
    """Have the vendor close the line."""
    return CloseSocket(close_socket=True).model_dump_json()


class _Alignment(msgspec.Struct):
    chars: list[str] = []
    charStartTimesMs: list[float] = []
    charsStartTimesMs: list[float] = []
    charDurationsMs: list[float] = []
    charsDurationsMs: list[float] = []


class _Message(msgspec.Struct):
    audio: bytes | None = None
    context_id: str | None = None
    contextId: str | None = None
    is_final: bool | None = None
    isFinal: bool | None = None
    alignment: msgspec.Raw = _NULL
    normalizedAlignment: msgspec.Raw = _NULL
    normalized_alignment: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_messages: Final = msgspec.json.Decoder(_Message)
_alignments: Final = msgspec.json.Decoder(_Alignment | None)


def read(raw: bytes) -> Reported:
    """Read a message; an alignment that can't be read counts as none. Raises UnreadableError."""
    try:
        message = _messages.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(type(error).__name__) from error
    return Reported(
        context_id=message.contextId if message.contextId is not None else message.context_id,
        sound=message.audio or b"",
        characters=_first_of(message.alignment, message.normalizedAlignment, message.normalized_alignment),
        final=bool(message.isFinal or message.is_final),
        refused=_refusal(message.error),
    )


def _refusal(error: msgspec.Raw) -> str | None:
    """The vendor's word for it; "" where it is none, None where nothing was refused."""
    if bytes(error) == bytes(_NULL):
        return None
    try:
        return msgspec.json.decode(error, type=str)[:64] if len(bytes(error)) < LONGEST_WORD else ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _first_of(*alignments: msgspec.Raw) -> Characters | None:
    """The first that says anything: of the words as they were written, or else as they were read out."""
    for raw in alignments:
        if len(bytes(raw)) > LONGEST_ALIGNMENT:
            continue
        try:
            found = _alignments.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if found is not None and found.chars:
            return Characters(
                found.chars,
                _seconds(found.charStartTimesMs or found.charsStartTimesMs),
                _seconds(found.charDurationsMs or found.charsDurationsMs),
            )
    return None


def _seconds(milliseconds: Sequence[float]) -> list[float]:
    return [each / 1_000 for each in milliseconds]
