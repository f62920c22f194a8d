"""A run's log as one hears it again: sittings, our speeches at the ear, and the participant's voice. Judges
nothing."""

from collections.abc import Iterator, Sequence

import msgspec

from dialog.commands import Say, SpeechKind
from dialog.events import AnswerCommitted, AnswerReopened, AnswerStruck, Event, RemarkMade, SessionOpened
from dialog.signals import FinalTranscript, SpeechBegan, SpeechEnded, SpeechStarted, SpeechStopped
from dialog.transcript import transcript


class Spoken(msgspec.Struct):
    """One of our speeches. Times are seconds in its sitting; None = that never came."""

    said: Event
    speech_id: int
    kind: SpeechKind
    text: str
    """What was meant to be said."""
    node_key: str | None
    began: Event | None = None
    ended_at: float | None = None
    heard: str = ""
    fraction: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it took to be heard."""
        if self.began is None or self.ended_at is None:
            return 0.0
        return max(0.0, self.ended_at - self.began.at)

    @property
    def reached(self) -> bool:
        """The participant heard, or was shown, any of it."""
        return self.began is not None or bool(self.heard)


class Voice(msgspec.Struct):
    """One stretch of the participant's voice, in its sitting's seconds; `ended_at` is None while it lasts."""

    began: Event
    utterance_id: int
    ended_at: float | None = None
    text: str = ""

    def overlap(self, began_at: float, ended_at: float) -> float:
        """Seconds of it that lie between these two."""
        end = ended_at if self.ended_at is None else min(self.ended_at, ended_at)
        return max(0.0, end - max(self.began.at, began_at))


class Sitting(msgspec.Struct):
    """One session's part of the log."""

    opened: SessionOpened | None = None
    events: list[Event] = []
    spoken: dict[int, Spoken] = {}
    voices: list[Voice] = []

    @property
    def session_id(self) -> str:
        return self.opened.session_id if self.opened is not None else ""

    def sounded(self, speech: Spoken) -> float:
        """Seconds for which a speech of ours sounded; 0 where it was only shown."""
        return 0.0 if self.opened is not None and self.opened.channel == "text" else speech.seconds

    def voiced(self, began_at: float, ended_at: float) -> float:
        """Seconds of the participant's voice between these two."""
        return sum(voice.overlap(began_at, ended_at) for voice in self.voices)


class Answered(msgspec.Struct, frozen=True):
    """An answer on the record, in its last wording: neither struck nor taken back."""

    sitting: Sitting
    committed: AnswerCommitted
    entry_id: str
    """Of the transcript's entry that holds it."""

    @property
    def seconds(self) -> float:
        """Seconds of voice in it; 0 where it was typed."""
        return self.sitting.voiced(self.committed.began_at, self.committed.ended_at)


class Reading(msgspec.Struct, frozen=True):
    """The whole log, read once."""

    sittings: Sequence[Sitting]
    answers: dict[int, Answered]
    """By turn."""
    struck: frozenset[int]
    """Turns that the participant had erased."""
    remarks: Sequence[tuple[Sitting, RemarkMade]]

    def placed(self) -> Iterator[tuple[Sitting, Event]]:
        """Every event with its sitting, in order."""
        for sitting in self.sittings:
            for event in sitting.events:
                yield sitting, event

    def spoken(self) -> Iterator[tuple[Sitting, Spoken]]:
        """Every speech of ours with its sitting, in order."""
        for sitting in self.sittings:
            for speech in sitting.spoken.values():
                yield sitting, speech

    @property
    def agent_seconds(self) -> float:
        """How long we were heard, without the design's own words at the beginning and at the end."""
        return sum(
            sitting.sounded(speech)
            for sitting, speech in self.spoken()
            if speech.kind not in ("opening", "outro")
        )

    @property
    def participant_seconds(self) -> float:
        """How long the participant was heard; what was struck does not count."""
        remarks = sum(sitting.voiced(one.began_at, one.ended_at) for sitting, one in self.remarks)
        return remarks + sum(answer.seconds for answer in self.answers.values())


def read(events: Sequence[Event]) -> Reading:
    """Read a log from its first event on."""
    sittings = [Sitting()]
    entries = {entry.turn_id: entry.id for entry in transcript(events) if entry.turn_id is not None}
    for event in events:
        if isinstance(event.body, SessionOpened):
            sittings.append(Sitting(event.body))
        sittings[-1].events.append(event)
        _hear(sittings[-1], event)
    answers: dict[int, Answered] = {}
    struck: set[int] = set()
    remarks: list[tuple[Sitting, RemarkMade]] = []
    for sitting in sittings:
        for event in sitting.events:
            match event.body:
                case AnswerCommitted() as committed:
                    turn_id = committed.turn_id
                    answers[turn_id] = Answered(sitting, committed, entries.get(turn_id, ""))
                case AnswerReopened():
                    answers.pop(event.body.turn_id, None)
                case AnswerStruck():
                    struck.add(event.body.turn_id)
                    answers.pop(event.body.turn_id, None)
                case RemarkMade() as remark:
                    remarks.append((sitting, remark))
                case _:
                    pass
    kept = [(sitting, remark) for sitting, remark in remarks if remark.turn_id not in struck]
    return Reading([sitting for sitting in sittings if sitting.events], answers, frozenset(struck), kept)


def _hear(sitting: Sitting, event: Event) -> None:
    body = event.body
    match body:
        case Say():
            sitting.spoken[body.speech_id] = Spoken(
                event, body.speech_id, body.kind, body.text, body.node_key
            )
        case SpeechBegan() if (speech := sitting.spoken.get(body.speech_id)) is not None:
            speech.began = speech.began or event
        case SpeechEnded() if (speech := sitting.spoken.get(body.speech_id)) is not None:
            speech.ended_at, speech.heard, speech.fraction = event.at, body.heard, body.fraction
        case SpeechStarted():
            sitting.voices.append(Voice(event, body.utterance_id))
        case SpeechStopped():
            for voice in reversed(sitting.voices):
                if voice.utterance_id == body.utterance_id:
                    voice.ended_at = max(voice.began.at, event.at - body.silence)
                    break
        case FinalTranscript():
            for voice in reversed(sitting.voices):
                if voice.utterance_id == body.utterance_id:
                    voice.text = body.text
        case _:
            pass
