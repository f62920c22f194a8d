"""How long each stage of a reply took, and where the agent was too quick: a projection of the log."""

from collections.abc import Iterable

import msgspec

from dialog.commands import Judge, Say
from dialog.events import (
    AnswerCommitted,
    AnswerReleased,
    AnswerReopened,
    AnswerTaken,
    Event,
    FallbackUsed,
    SessionOpened,
)
from dialog.signals import JudgementArrived, SpeechBegan

_ANSWERING = frozenset(("question", "probe", "re_ask", "outro"))


class Reply(msgspec.Struct):
    """The stages of one reply, in session seconds; None = did not happen."""

    session: int
    turn_id: int
    node_key: str
    typed: bool
    speech_ended_at: float
    stage: str | None
    taken_at: float | None
    judge_asked_at: float | None
    judged_at: float | None
    committed_at: float
    first_sound_at: float | None = None
    said_at: float | None = None
    question_at: float | None = None
    reopened: bool = False
    fallback: bool = False
    releases: int = 0

    @property
    def first_audio_gap(self) -> float | None:
        """From the end of speech to anything audible."""
        starts = [at for at in (self.first_sound_at, self.question_at) if at is not None]
        return min(starts) - self.speech_ended_at if starts else None

    @property
    def question_gap(self) -> float | None:
        """From the end of speech to the next question's first sound."""
        return None if self.question_at is None else self.question_at - self.speech_ended_at


def _amends(commit: AnswerCommitted, rows: list[Reply]) -> bool:
    """Whether a commit only brings late words to an answer that was replied to already."""
    return any(row.turn_id == commit.turn_id and not row.reopened for row in rows)


def replies(events: Iterable[Event]) -> list[Reply]:
    """One row per committed answer, in order."""
    rows: list[Reply] = []
    session = releases = 0
    taken: tuple[float, str] | None = None
    judge_at = judged_at = token_at = None
    token_ids: set[int] = set()
    fallback = False
    asked: dict[int, Reply] = {}
    for event in events:
        body, at = event.body, event.at
        match body:
            case SessionOpened():
                session, asked = body.number, {}
            case AnswerTaken():
                taken, token_at, fallback = (at, body.stage), None, False
            case AnswerReleased():
                releases += 1
            case Judge():
                judge_at, judged_at = at, None
            case JudgementArrived():
                judged_at = at
            case FallbackUsed():
                fallback = True
            case AnswerCommitted() if not _amends(body, rows):
                rows.append(
                    Reply(
                        session,
                        body.turn_id,
                        body.node_key,
                        body.typed,
                        body.ended_at,
                        taken[1] if taken is not None else None,
                        taken[0] if taken is not None else None,
                        judge_at,
                        judged_at,
                        at,
                        first_sound_at=token_at,
                        fallback=fallback,
                        releases=releases,
                    )
                )
                releases = 0
            case AnswerReopened():
                for row in rows:
                    if row.turn_id == body.turn_id:
                        row.reopened = True
            case Say(kind="acknowledgement"):
                token_ids.add(body.speech_id)
            case Say() if body.kind in _ANSWERING and rows and rows[-1].said_at is None:
                rows[-1].said_at = at
                asked[body.speech_id] = rows[-1]
            case SpeechBegan() if body.speech_id in token_ids:
                token_at = at
            case SpeechBegan() if body.speech_id in asked:
                asked[body.speech_id].question_at = at
            case _:
                pass
    return rows
