"""What comes in from the world, in the past tense. With the time of each, these are all that a session
depends on."""

from typing import Literal

import msgspec

from dialog.judgement import Judgement, Right


class Signal(msgspec.Struct, frozen=True, tag=True):
    """Base of all signals; the tag in the log is the class name."""


# The connection


class ParticipantJoined(Signal, frozen=True):
    """Somebody is there and ready to talk: the first signal of a session and of each return within it."""

    channel: Literal["webrtc", "websocket", "text", "phone"]
    detector: str = ""
    """Name of the audio end-of-turn model that can be asked to look, and so of its calibration; "" = there is
    none, and none is asked."""
    recogniser: str = ""
    """Name of the calibration of the recogniser's own end-of-turn events; "" = it sends none."""
    time_limit: float | None = None
    """Seconds of talk, over all sittings of the run, that its channel allows; None = as many as the blueprint
    does."""
    help_line: str = ""
    """Where help is to be had if the blueprint names nothing; "" = nobody said."""


class ParticipantLeft(Signal, frozen=True):
    """The last connection of the participant is gone."""

    reason: str


class PacketsStopped(Signal, frozen=True):
    """No sound packet for two seconds, though the connection stands."""


class PacketsReturned(Signal, frozen=True):
    """Sound packets come again."""


class SoundStalled(Signal, frozen=True):
    """No sound of the participant comes, though the next is due: that they are silent is not known."""

    missing: float
    """Seconds since the last of it."""


class SoundWentOn(Signal, frozen=True):
    """Sound comes again after SoundStalled; or, without one, a little of it never came."""

    missing: float
    """Seconds of it that never came, as far as was seen; after SoundStalled its whole duration counts."""
    late: bool = False
    """All of it came after all, and no voice set in or ended in it: it has been heard by now."""


class MicrophoneMuted(Signal, frozen=True):
    muted: bool
    silent: bool = False
    """Nobody pressed the page's switch: what comes has no sound in it at all."""


# The participant's speech


class SpeechStarted(Signal, frozen=True):
    """Voice activity set in; `utterance_id` counts from 1 in a session."""

    utterance_id: int
    voiced: float = 0.0
    """Seconds of voice that there were already when it was noticed."""


class SpeechLasted(Signal, frozen=True):
    """Over the agent's voice the participant's own has lasted long enough to mean something. Told once."""

    utterance_id: int
    voiced: float
    """Seconds of voice since its SpeechStarted, without the silence in which a voice is still waited for."""


class SpeechStopped(Signal, frozen=True):
    """Voice activity is over for now. `silence` seconds of silence have passed already, on media time."""

    utterance_id: int
    silence: float
    voiced: float
    """Seconds of voice since its SpeechStarted."""
    spoken_until: float | None = None
    """When its last sound left the mouth, in session seconds, by the sound itself and its way to us; None =
    not known. No clock of the floor runs from it: `silence` is what the voice detection has seen."""


class PartialTranscript(Signal, frozen=True):
    """The words of an utterance so far; each replaces the one before. The same again: no new word came."""

    utterance_id: int
    text: str
    confidence: float = 1.0
    behind: float = 0.0
    """Seconds of its sound that the recogniser has still to hear: about those it has said nothing."""


class FinalTranscript(Signal, frozen=True):
    """The last word on an utterance; `text` is "" when nothing was understood."""

    utterance_id: int
    text: str
    confidence: float = 1.0
    failed: str | None = None
    claim: str = ""
    """The right that may have been claimed in it, by likeness of sound; its words don't say so."""


class TurnEndScored(Signal, frozen=True):
    """What the audio end-of-turn model says to a LookForEnd. A stale `look_id` does nothing."""

    look_id: int
    probability: float | None
    """Raw score 0–1 that the turn is over; what it is worth, the calibration knows. None = none will come."""
    detector: str
    """Whose calibration applies (dialog.calibration)."""


class TurnEndHinted(Signal, frozen=True):
    """The recogniser's own word on the turn's end: probably (`eager`), surely (`over`), or after all not
    (`resumed`). Deepgram Flux calls them EagerEndOfTurn, EndOfTurn and TurnResumed."""

    utterance_id: int
    hint: Literal["eager", "over", "resumed"]
    confidence: float
    """0–1, as the recogniser gave it."""


class RecogniserReplaced(Signal, frozen=True):
    """Another recogniser listens from now on."""

    recogniser: str
    """Whose calibration its hints have; "" = it gives none."""


# What the participant does on the page or keypad


class DonePressed(Signal, frozen=True):
    """ "That's it": the answer is over."""


class HoldToTalk(Signal, frozen=True):
    pressed: bool


class TextTyped(Signal, frozen=True):
    """A typed message, whole. `client_id` is the page's own id of it, so that one sent twice counts once."""

    text: str
    client_id: str = ""


class TypingNoticed(Signal, frozen=True):
    """A keystroke: typing holds the floor."""


class KeyPressed(Signal, frozen=True):
    """One key of a telephone: `0`–`9`, `*` or `#`."""

    key: str


class FormFilled(Signal, frozen=True):
    """Values entered on the page for the node on show, already validated against it."""

    node_key: str
    data: dict[str, object]


class RightClaimed(Signal, frozen=True):
    """A button or key for one of the participant's rights."""

    right: Right


# The agent's speech, at the participant's ear


class SpeechBegan(Signal, frozen=True):
    """The first sound of a Say is at the ear, by the best estimate."""

    speech_id: int
    first_byte_at: float | None = None
    """When the voice gave its first sound, in session seconds; None where the words were made ahead, or are
    only shown."""
    first_packet_at: float | None = None
    """When the first packet of it was sent; None where the words are only shown."""


class SpeechEnded(Signal, frozen=True):
    """A Say is over at the ear: all of it, or cut. `heard` is the text that was heard, `fraction` its share
    0–1."""

    speech_id: int
    heard: str
    fraction: float
    cut: bool = False
    heard_duration: float | None = None
    """Seconds of its sound that were heard before it was cut."""


class SynthesisFailed(Signal, frozen=True):
    """No voice could be had for a Say; the page shows its text."""

    speech_id: int
    reason: str


class SpeechPrepared(Signal, frozen=True):
    """The first sound of words being prepared is there: said now, they would begin at once."""

    preparation_id: int


class PreparationFailed(Signal, frozen=True):
    """No voice could be had for words being prepared."""

    preparation_id: int
    reason: str


# Judgements, storage, operator, time


class JudgementArrived(Signal, frozen=True):
    judgement_id: int
    judgement: Judgement
    first_token_at: float | None = None
    """When the model's first token came, in session seconds; None where it gives none before the whole."""


class JudgementFailed(Signal, frozen=True):
    judgement_id: int
    reason: str


class StorageFaltered(Signal, frozen=True):
    """The log could not be made durable in time; the talk goes on from memory."""

    reason: str


class StorageRecovered(Signal, frozen=True):
    pass


class OperatorTookOver(Signal, frozen=True):
    """An operator talks with the participant now; the participant is told."""

    name: str


class OperatorHandedBack(Signal, frozen=True):
    pass


class InterviewCancelled(Signal, frozen=True):
    """Somebody with the right to do so ended the interview from outside."""

    reason: str


class TimePassed(Signal, frozen=True):
    """The deadline that the core asked for has come."""


NewsOfTheWorld = (
    ParticipantJoined
    | ParticipantLeft
    | PacketsStopped
    | PacketsReturned
    | SoundStalled
    | SoundWentOn
    | MicrophoneMuted
    | SpeechStarted
    | SpeechLasted
    | SpeechStopped
    | PartialTranscript
    | FinalTranscript
    | TurnEndScored
    | TurnEndHinted
    | RecogniserReplaced
    | DonePressed
    | HoldToTalk
    | TextTyped
    | TypingNoticed
    | KeyPressed
    | FormFilled
    | RightClaimed
    | SpeechBegan
    | SpeechEnded
    | SynthesisFailed
    | SpeechPrepared
    | PreparationFailed
    | JudgementArrived
    | JudgementFailed
    | StorageFaltered
    | StorageRecovered
    | OperatorTookOver
    | OperatorHandedBack
    | InterviewCancelled
)
"""Every signal but the passing of time."""

AnySignal = NewsOfTheWorld | TimePassed
