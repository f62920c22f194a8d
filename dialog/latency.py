"""How long each stage of a reply took, and where the agent was too quick: a projection of the log."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from dialog.commands import Judge, Say
from dialog.events import (
    AnswerCommitted,
    AnswerJudged,
    AnswerReleased,
    AnswerReopened,
    AnswerTaken,
    Event,
    FallbackUsed,
    SessionOpened,
)
from dialog.signals import JudgementArrived, SpeechBegan, SpeechStopped

Kind = Literal["cached", "generated", "typed"]
"""How the words of a reply came: made ahead, spoken by the voice meanwhile, or shown."""

STAGES: Final = {
    "taken": "end of speech → the answer is believed to be over",
    "committed": "end of speech → the answer is on the record",
    "first_token": "judgement asked for → its first token",
    "judged": "judgement asked for → all of it",
    "first_byte": "the words are decided → the voice's first sound",
    "sent": "words and sound are there → first packet sent",
    "played": "first packet sent → heard at the ear",
    "first_audio": "end of speech → anything of ours at the ear",
    "question": "end of speech → the next question at the ear",
}
"""Every stage of a reply, and from where to where it goes."""

SAME_END: Final = 0.6
"""Seconds by which the floor's end of speech may lie behind the mouth's: the way, the tail of voice
detection, and sound that never came."""

_ANSWERING: Final = frozenset(("question", "probe", "re_ask", "outro"))


class Reply(msgspec.Struct):
    """The stages of one reply, in session seconds; None = did not happen."""

    session: int
    turn_id: int
    node_key: str
    typed: bool
    speech_ended_at: float
    """At the mouth where it is known, else as the floor had it."""
    silence_began_at: float
    """The same as the floor had it, whose clocks run from here."""
    stage: str | None
    taken_at: float | None
    judge_asked_at: float | None
    first_token_at: float | None
    judged_at: float | None
    committed_at: float
    first_sound_at: float | None = None
    """The acknowledgement at the ear."""
    drafted: bool = False
    """The judgement had been made ahead, and held."""
    said_at: float | None = None
    """The next words were decided."""
    first_byte_at: float | None = None
    """The voice gave their first sound, maybe before they were decided; None where they were made ahead."""
    first_packet_at: float | None = None
    question_at: float | None = None
    """They were at the ear, or shown."""
    reopened: bool = False
    fallback: bool = False
    releases: int = 0

    @property
    def kind(self) -> Kind:
        """How the next words came."""
        if self.typed or self.first_packet_at is None:
            return "typed"
        return "cached" if self.first_byte_at is None else "generated"

    @property
    def first_audio_gap(self) -> float | None:
        """From the end of speech to anything audible."""
        starts = [at for at in (self.first_sound_at, self.question_at) if at is not None]
        return min(starts) - self.speech_ended_at if starts else None

    @property
    def question_gap(self) -> float | None:
        """From the end of speech to the next question's first sound."""
        return _between(self.speech_ended_at, self.question_at)

    def stages(self) -> dict[str, float]:
        """Seconds that each of STAGES took, as far as it came about."""
        ready_at = self.said_at if self.first_byte_at is None else self.first_byte_at
        if ready_at is not None and self.said_at is not None:
            ready_at = max(ready_at, self.said_at)
        lasted = {
            "taken": _between(self.speech_ended_at, self.taken_at),
            "committed": _between(self.speech_ended_at, self.committed_at),
            "first_token": _between(self.judge_asked_at, self.first_token_at),
            "judged": _between(self.judge_asked_at, self.judged_at),
            "first_byte": _between(self.said_at, ready_at if self.first_byte_at is not None else None),
            "sent": _between(ready_at, self.first_packet_at),
            "played": _between(self.first_packet_at, self.question_at),
            "first_audio": self.first_audio_gap,
            "question": self.question_gap,
        }
        return {stage: seconds for stage, seconds in lasted.items() if seconds is not None}


def _between(began_at: float | None, ended_at: float | None) -> float | None:
    return None if began_at is None or ended_at is None else ended_at - began_at


class ReplyTracker:
    """Follows one log, event by event."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        """One for each committed answer, in order."""
        self._session = 0
        self._begin_session(0)

    def _begin_session(self, number: int) -> None:
        self._session = number
        self._last_sound_at: float | None = None
        """When the voice last left the mouth, of the latest silence."""
        self._begin_answer()
        self._token_ids: set[int] = set()
        self._asked: dict[int, Reply] = {}

    def _begin_answer(self) -> None:
        """Nothing is known of the next answer; a form that is filled in is neither taken nor judged."""
        self._taken: tuple[float, str] | None = None
        self._judge_id: int | None = None
        self._judge_at: float | None = None
        self._first_token_at: float | None = None
        self._judged_at: float | None = None
        self._token_at: float | None = None
        self._fallback = False
        self._releases = 0

    def see(self, event: Event) -> Reply | None:
        """Take the next event in; returns the reply of which the last stage has come about with it."""
        body, at = event.body, event.at
        match body:
            case SpeechStopped() if body.spoken_until is not None:
                self._last_sound_at = body.spoken_until
            case AnswerTaken():
                self._taken, self._token_at, self._fallback = (at, body.stage), None, False
            case AnswerReleased():
                self._releases += 1
            case Judge():
                self._judge_id, self._judge_at = body.judgement_id, at
                self._judged_at = self._first_token_at = None
            case JudgementArrived() if body.judgement_id == self._judge_id:
                self._judged_at, self._first_token_at = at, body.first_token_at
            case FallbackUsed():
                self._fallback = True
            case AnswerCommitted() if not self._amends(body):
                self._commit(body, at)
            case AnswerJudged() if self.replies and self.replies[-1].turn_id == body.turn_id:
                self.replies[-1].drafted = body.drafted
            case AnswerReopened():
                for row in self.replies:
                    if row.turn_id == body.turn_id:
                        row.reopened = True
            case Say():
                self._say(body, at)
            case SpeechBegan():
                return self._begin_speech(body, at)
            case SessionOpened():
                self._begin_session(body.number)
            case _:
                pass
        return None

    def _amends(self, commit: AnswerCommitted) -> bool:
        """Whether a commit only brings late words to an answer that was replied to already."""
        return any(row.turn_id == commit.turn_id and not row.reopened for row in self.replies)

    def _commit(self, commit: AnswerCommitted, at: float) -> None:
        self.replies.append(
            Reply(
                self._session,
                commit.turn_id,
                commit.node_key,
                commit.typed,
                self._mouth_end(commit),
                commit.ended_at,
                self._taken[1] if self._taken is not None else None,
                self._taken[0] if self._taken is not None else None,
                self._judge_at,
                self._first_token_at,
                self._judged_at,
                at,
                first_sound_at=self._token_at,
                fallback=self._fallback,
                releases=self._releases,
            )
        )
        self._begin_answer()

    def _mouth_end(self, commit: AnswerCommitted) -> float:
        """When the answer's last sound left the mouth, unless the floor's end is another one: in noise it is
        the last word, and typing makes no sound."""
        at = self._last_sound_at
        if at is None or commit.typed or abs(commit.ended_at - at) > SAME_END:
            return commit.ended_at
        return at

    def _say(self, say: Say, at: float) -> None:
        if say.kind == "acknowledgement":
            self._token_ids.add(say.speech_id)
        elif say.kind in _ANSWERING and self.replies and self.replies[-1].said_at is None:
            self.replies[-1].said_at = at
            self._asked[say.speech_id] = self.replies[-1]

    def _begin_speech(self, speech: SpeechBegan, at: float) -> Reply | None:
        if speech.speech_id in self._token_ids:
            self._token_at = at
        reply = self._asked.pop(speech.speech_id, None)
        if reply is not None:
            reply.first_byte_at, reply.first_packet_at = speech.first_byte_at, speech.first_packet_at
            reply.question_at = at
        return reply


def replies(events: Iterable[Event]) -> list[Reply]:
    """One row per committed answer, in order."""
    tracker = ReplyTracker()
    for event in events:
        tracker.see(event)
    return tracker.replies


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` (0–1) of all don't exceed; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def stage_times(rows: Iterable[Reply]) -> dict[str, list[float]]:
    """Seconds of each stage that came about, in the order of STAGES."""
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for row in rows:
        for stage, seconds in row.stages().items():
            times[stage].append(seconds)
    return {stage: seconds for stage, seconds in times.items() if seconds}
