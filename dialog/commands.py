"""What the core asks of the world, in the imperative. Each that begins work carries an id, which its signals
return."""

from typing import Literal

import msgspec

from dialog.blueprint import Patience
from dialog.judgement import JudgementRequest

SpeechKind = Literal[
    "opening",
    "question",
    "probe",
    "acknowledgement",
    "cue",
    "check_in",
    "re_ask",
    "notice",
    "recap",
    "outro",
]


class Command(msgspec.Struct, frozen=True, tag=True):
    """Base of all commands; the tag in the log is the class name."""


class Say(Command, frozen=True):
    """Speak `text`, after whatever is being spoken. Answered by SpeechBegan and SpeechEnded, or
    SynthesisFailed."""

    speech_id: int
    kind: SpeechKind
    text: str
    node_key: str | None = None
    after_storage: bool = False
    """Wait, at most one second, until every event before this one is durable."""
    speed: float = 1.0
    """On top of the voice's own; less than 1 is slower."""


class Duck(Command, frozen=True):
    """Lower the voice by 15 dB within 100 ms: somebody may be talking over it."""

    speech_id: int


class Unduck(Command, frozen=True):
    speech_id: int


class StopSpeech(Command, frozen=True):
    """Fade out within 40 ms and drop the rest, queued speech included. Answered by SpeechEnded with `cut`."""

    speech_id: int


class HoldSpeech(Command, frozen=True):
    """Fade out, but keep the rest: ResumeSpeech may follow. Answered by nothing."""

    speech_id: int


class ResumeSpeech(Command, frozen=True):
    """Go on from the phrase boundary before the place where HoldSpeech stopped."""

    speech_id: int


class Judge(Command, frozen=True):
    """Judge an answer. Answered by JudgementArrived or JudgementFailed with this id."""

    judgement_id: int
    request: JudgementRequest
    draft: bool = False
    """The participant may still go on: what comes of it is thrown away if they do."""


class CancelJudgement(Command, frozen=True):
    judgement_id: int


class Attend(Command, frozen=True):
    """From now on listen for this kind of answer: how soon a pause is taken for the end of an utterance. Said
    whenever it changes; `narrative` is where every sitting begins. Answered by nothing."""

    patience: Patience


class LookForEnd(Command, frozen=True):
    """Have the audio end-of-turn model look at the participant's sound up to now. Answered by TurnEndScored
    with this id, or by nothing: the core goes on without. Never sent where there is no such model."""

    look_id: int
    utterance_id: int
    """The utterance that seems to have ended."""


class Prepare(Command, frozen=True):
    """Have the voice begin on words that are likely to be said next, after whatever is being said for sure.
    Answered by SpeechPrepared or PreparationFailed; a Say of the same words takes over what there is."""

    preparation_id: int
    text: str
    speed: float = 1.0


class DropPrepared(Command, frozen=True):
    """Those words won't be said: forget them, and stop the voice."""

    preparation_id: int


class HangUp(Command, frozen=True):
    """The talk is over, or paused by its end: close the connections when all speech has been heard."""

    reason: str


AnyCommand = (
    Say
    | Duck
    | Unduck
    | StopSpeech
    | HoldSpeech
    | ResumeSpeech
    | Judge
    | CancelJudgement
    | Attend
    | LookForEnd
    | Prepare
    | DropPrepared
    | HangUp
)
