"""What became true (facts), and the one numbered log that holds facts, signals and commands in their order.

Transcript, responses, latency and every view are pure functions of this list; a run is resumed from its
facts alone.
"""

from typing import Literal

import msgspec

from dialog.commands import AnyCommand, SpeechKind
from dialog.fact import Fact as Fact
from dialog.floor_states import FloorState
from dialog.form_facts import FormFact
from dialog.judgement import Distress, Probe
from dialog.provider_facts import ProviderNoted, ProviderUsed
from dialog.section_facts import SectionOver
from dialog.signals import AnySignal

Stage = Literal["one", "two", "done", "check_in", "keypad"]
"""Why an answer was taken for over: strong evidence, weak, the participant's word, silence, a key."""

Outcome = Literal["answered", "skipped", "refused", "no_answer", "shown"]
FinalOutcome = Literal["completed", "stopped", "cancelled", "time", "failed"]

PauseReason = Literal["participant", "silence", "muted", "noise", "distress"]


class SessionOpened(Fact, frozen=True):
    """First event of every session's log. `started_at_ms` is the wall clock then (Unix, milliseconds): the
    only one."""

    session_id: str
    channel: str
    started_at_ms: int
    number: int
    """1 for the run's first session."""


class SessionClosed(Fact, frozen=True):
    reason: str


class RecordingBegan(Fact, frozen=True):
    """The sitting's sound is kept from here on. Its second `t` lies at `recording_offset` + `t` seconds of
    the run's recording, also where `t` is earlier than this event."""

    recording_offset: float


class FloorChanged(Fact, frozen=True):
    """Who may speak: what the page's light and the operator's view are made of."""

    state: FloorState


class NodeEntered(Fact, frozen=True):
    node_key: str
    edge: int | None
    """Index of the edge taken; None for the entry node or a step back."""
    reason: str
    """`entry`, `default`, `structured`, `assessed`, `back`, `required_left`."""


class QuestionAsked(Fact, frozen=True):
    """Something was put to the participant that wants an answer. `text` is what was meant to be said."""

    node_key: str
    speech_id: int
    kind: SpeechKind
    text: str
    field: str | None = None


class SpeechHeard(Fact, frozen=True):
    """What of a speech was heard: the agent's entry in the transcript. `began_at` is in session seconds."""

    speech_id: int
    kind: SpeechKind
    text: str
    node_key: str | None
    began_at: float
    cut: bool


class TurnOpened(Fact, frozen=True):
    turn_id: int
    node_key: str


class WordsHeard(Fact, frozen=True):
    """A piece of an answer that is not committed yet: survives a lost connection or a killed process."""

    turn_id: int
    node_key: str
    text: str
    confidence: float
    typed: bool = False
    client_id: str = ""
    """The page's own id of a typed message: sent again after a reconnect, it counts once."""


class AnswerTaken(Fact, frozen=True):
    """The answer is believed to be over: acknowledged, held open, nothing committed."""

    turn_id: int
    revision: int
    stage: Stage
    features: dict[str, float] = msgspec.field(default_factory=dict)


class EndDoubted(Fact, frozen=True):
    """The silence was looked at, and the evidence was not enough to take the answer for over (yet)."""

    turn_id: int
    features: dict[str, float] = msgspec.field(default_factory=dict)


class AnswerReleased(Fact, frozen=True):
    """The belief was wrong: the participant went on before anything was committed."""

    turn_id: int


class AnswerCommitted(Fact, frozen=True):
    """An answer is on the record. The only step that advances an interview; keyed by (turn_id, revision)."""

    turn_id: int
    revision: int
    node_key: str
    text: str
    confidence: float
    began_at: float
    ended_at: float
    typed: bool = False
    reply_to: int | None = None
    """speech_id of the question or probe that it answers."""
    pauses: tuple[float, ...] = ()
    """Seconds of each silence within it; of them the next session learns how patient to be."""


class AnswerReopened(Fact, frozen=True):
    """The last commit is undone: the participant was going on with the same answer."""

    turn_id: int
    revision: int
    none: bool = False
    """What was said is no answer, as a judgement told that came after the commit: nobody was cut off."""


class AnswerStruck(Fact, frozen=True):
    """The participant had an answer erased: its text is gone from each projection and from the stored log;
    with EVERYTHING whatever else had been said by then, answer or not."""

    turn_id: int


class AnswerErased(Fact, frozen=True):
    """Nothing of a struck answer is left: its words are out of the stored log, its sound out of the
    recording. Until it is on the log, the erasing is still to be done."""

    turn_id: int


class RemarkMade(Fact, frozen=True):
    """Something said that is no answer: a request, a question back, a lone "mm-hm". On the record, advances
    nothing."""

    turn_id: int
    node_key: str
    text: str
    meaning: str
    confidence: float
    began_at: float
    ended_at: float
    amid: int = 0
    """The turn of the answer in the middle of which it was said, and of which it is no part; it has no turn
    of its own then."""
    utterances: tuple[int, ...] = ()
    """What it was said in, where it was no answer from its first word on and is to be found again."""


class DataRecorded(Fact, frozen=True):
    """Typed data of a form, choice or custom node."""

    node_key: str
    data: dict[str, object]
    turn_id: int | None = None


class FieldMissed(Fact, frozen=True):
    """An answer gave no value for a form's field that was asked for."""

    node_key: str
    field: str


class FieldPassed(Fact, frozen=True):
    """A form's field stays without a value: it was skipped, not understood twice, struck, or denied when it
    was read back."""

    node_key: str
    field: str


class AnswerJudged(Fact, frozen=True):
    turn_id: int
    node_key: str
    verdict: str
    judged_by: str
    reasons: tuple[str, ...] = ()
    drafted: bool = False
    """The judgement had been made ahead, on words that the participant might still have gone on from."""


class DraftClosed(Fact, frozen=True):
    """A judgement made ahead of an answer's end was taken for the answer's, or thrown away."""

    judgement_id: int
    adopted: bool
    reason: str
    """Why it was thrown away: `words`, `failed` or `unneeded`; "" when it was adopted."""


class ProbeChosen(Fact, frozen=True):
    node_key: str
    probe: Probe


class FallbackUsed(Fact, frozen=True):
    """A judgement or a voice did not come in time, and cached words were said instead."""

    node_key: str
    reason: str


class NodeClosed(Fact, frozen=True):
    node_key: str
    outcome: Outcome


class RightUsed(Fact, frozen=True):
    right: str  # "stop_confirmed": from here on nothing is asked any more, whatever becomes of the last words


class InterviewPaused(Fact, frozen=True):
    reason: PauseReason
    at: float | None = None
    """In session seconds, as in what ends it; None in logs that don't say."""


class InterviewResumed(Fact, frozen=True):
    at: float | None = None


class AbsenceEnded(Fact, frozen=True):
    """The participant was away, though the sitting went on: time that isn't the talk's. Session seconds; not
    told of a pause, which rests anyhow."""

    began_at: float
    ended_at: float


class NoticeGiven(Fact, frozen=True):
    """Something the page should show beside what is said. `offers` names ways out: `type`, `skip`, `repeat`,
    `pause`, `hold`. Without a text it is that the one of this code holds no more."""

    code: str
    text: str
    offers: tuple[str, ...] = ()


class DistressHeard(Fact, frozen=True):
    """An answer showed distress: its topic is probed no further, and people may have to be called."""

    turn_id: int
    node_key: str
    level: Distress


class InterviewFinished(Fact, frozen=True):
    outcome: FinalOutcome


SittingFact = SessionOpened | SessionClosed | RecordingBegan | AnswerErased | ProviderNoted | ProviderUsed
"""What a sitting puts on the log itself; every other fact is the core's."""

AnyFact = (
    SittingFact
    | FloorChanged
    | NodeEntered
    | QuestionAsked
    | SpeechHeard
    | TurnOpened
    | WordsHeard
    | EndDoubted
    | AnswerTaken
    | AnswerReleased
    | AnswerCommitted
    | AnswerReopened
    | AnswerStruck
    | RemarkMade
    | DataRecorded
    | FieldMissed
    | FieldPassed
    | FormFact
    | AnswerJudged
    | DraftClosed
    | ProbeChosen
    | FallbackUsed
    | NodeClosed
    | SectionOver
    | RightUsed
    | InterviewPaused
    | InterviewResumed
    | AbsenceEnded
    | NoticeGiven
    | DistressHeard
    | InterviewFinished
)

AnyBody = AnySignal | AnyCommand | AnyFact


class Event(msgspec.Struct, frozen=True):
    """One line of a run's log. `seq` counts from 1 without a gap over all its sessions; `at` is seconds in
    its session."""

    seq: int
    at: float
    body: AnyBody


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """One event as one line of JSON, without the newline."""
    return _encoder.encode(event)


def decode_event(line: bytes | str) -> Event:
    """The inverse of `encode_event`. Raises msgspec.ValidationError on anything else."""
    return _decoder.decode(line)
