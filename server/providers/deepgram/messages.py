"""What Deepgram says, as far as it is listened to: one struct for each message, read straight off the frame.

The SDK would make typed objects of every message at some 320 µs a piece, a third of a millisecond of the loop
for each talk four times a second; these take a fortieth of that. Whatever is no such message reads as None.
"""

from typing import Final

import msgspec

MAX_FRAME_BYTES: Final = 256 * 1024
"""A turn of ten minutes with all its words has 150 KB."""


class FluxWord(msgspec.Struct, frozen=True):
    word: str
    confidence: float = 1.0
    start: float | None = None
    end: float | None = None


class TurnInfo(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    """Flux on the turn that is going on: all of its words so far, and where it stands."""

    event: str
    turn_index: int
    audio_window_end: float
    audio_window_start: float = 0.0
    words: tuple[FluxWord, ...] = ()
    end_of_turn_confidence: float = 0.0
    trigger: str | None = None


class Connected(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    request_id: str = ""


class ConfigureSuccess(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    pass


class ConfigureFailure(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    code: str = ""


class Warned(msgspec.Struct, frozen=True, tag="Warning", tag_field="type"):
    code: str = ""


class Fault(msgspec.Struct, frozen=True, tag="Error", tag_field="type"):
    code: str = ""
    variant: str = ""


class NovaWord(msgspec.Struct, frozen=True):
    word: str
    start: float
    end: float
    confidence: float = 1.0
    punctuated_word: str | None = None


class Alternative(msgspec.Struct, frozen=True):
    words: tuple[NovaWord, ...] = ()


class NovaChannel(msgspec.Struct, frozen=True):
    alternatives: tuple[Alternative, ...] = ()


class Results(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    """nova-3 on the stretch of sound that it is at; frozen once `is_final`."""

    channel: NovaChannel
    start: float
    duration: float
    is_final: bool = False
    from_finalize: bool = False


class Metadata(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    request_id: str = ""


FromFlux = TurnInfo | Connected | ConfigureSuccess | ConfigureFailure | Warned | Fault
FromNova = Results | Metadata | ConfigureSuccess | ConfigureFailure | Warned | Fault

_flux: Final = msgspec.json.Decoder(FromFlux)
_nova: Final = msgspec.json.Decoder(FromNova)


def read_flux(frame: str | bytes) -> FromFlux | None:
    """Read a frame of /v2/listen; None for what isn't known or can't be read."""
    try:
        return None if isinstance(frame, bytes) else _flux.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def read_nova(frame: str | bytes) -> FromNova | None:
    """Read a frame of /v1/listen; None for what isn't known or can't be read."""
    try:
        return None if isinstance(frame, bytes) else _nova.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
