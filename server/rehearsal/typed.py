"""An interview held in writing, without a server: the real core and rules to judge, on a patient clock.

Knows no terminal: what is said comes out as lines, what is typed goes in as text.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec

from dialog.blueprint import Blueprint
from dialog.commands import AnyCommand, Judge, Say, StopSpeech
from dialog.drafting import as_logged
from dialog.embedded_interviewer import judge
from dialog.events import (
    AnswerErased,
    AnswerStruck,
    AnyBody,
    AnyFact,
    Event,
    FloorChanged,
    InterviewFinished,
    NoticeGiven,
    SessionClosed,
    SessionOpened,
)
from dialog.judgement import Right
from dialog.manager import Manager
from dialog.signals import (
    AnySignal,
    JudgementArrived,
    ParticipantJoined,
    RightClaimed,
    SpeechBegan,
    SpeechEnded,
    TextTyped,
    TimePassed,
)
from dialog.strike import struck

RIGHTS: Final[tuple[str, ...]] = get_args(Right)
"""What may be typed behind a slash instead of an answer."""

_THEIRS: Final = frozenset(
    {"open", "hearing", "lull", "typing", "keypad", "stimulus", "held", "yielded", "paused"}
)
_READING_RATE: Final = 3.0
"""Words a second: what the clock moves on by while something is read."""
_MAX_STEPS: Final = 1_000
"""Signals in a row without the participant's turn coming: past it the core is going in circles."""


class Line(msgspec.Struct, frozen=True):
    """Something for the participant to read."""

    kind: Literal["said", "notice"]
    text: str


class TypedInterview:
    """One interview from its opening to its end. The clock stands still while the participant thinks."""

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        metadata: Mapping[str, Any] | None = None,
        session_id: str,
        started_at_ms: int,
    ) -> None:
        self.events: list[Event] = []
        """The log so far, as a server would have kept it."""
        self.outcome: str | None = None
        self._manager = Manager(blueprint, facts=(), metadata=dict(metadata or {}))
        self._now = 0.0
        self._signals: deque[AnySignal] = deque()
        self._speeches: deque[Say] = deque()
        self._read_at = 0.0
        self._floor = "waiting"
        self._messages = 0
        self._log(SessionOpened(session_id, "text", started_at_ms, 1))

    def begin(self) -> list[Line]:
        """The participant is there; returns what is said until their first turn."""
        return self._run(ParticipantJoined("text"))

    def answer(self, text: str) -> list[Line]:
        """Take what was typed, `/right` for a right; returns what is said until the next turn."""
        if text.startswith("/") and text[1:] in RIGHTS:
            right: Right = text[1:]  # type: ignore[assignment]  # one of RIGHTS, which are Right's
            return self._run(RightClaimed(right))
        self._messages += 1
        return self._run(TextTyped(text, f"typed-{self._messages}"))

    def end(self) -> None:
        """Close the log: nothing more will come."""
        self._log(SessionClosed("finished" if self.outcome is not None else "left"))

    def _run(self, signal: AnySignal) -> list[Line]:
        """Handle a signal and all that it causes, until the participant is to write."""
        said: list[Line] = []
        self._signals.append(signal)
        for _ in range(_MAX_STEPS):
            following = self._next()
            if following is None:
                return said
            self._log(following)
            for output in self._manager.handle(following, self._now):
                self._log(as_logged(output))
                self._perform(output, said)
        raise RuntimeError("the interview goes in circles")

    def _next(self) -> AnySignal | None:
        """What happens next: what is due, else the end of what is being read, else the core's deadline."""
        if self._signals:
            return self._signals.popleft()
        deadline = self._manager.deadline
        if self._speeches:
            speech = self._speeches[0]
            if deadline is not None and deadline < self._read_at:
                self._now = max(self._now, deadline)
                return TimePassed()
            self._now = max(self._now, self._read_at)
            self._speeches.popleft()
            self._begin_speech()
            return SpeechEnded(speech.speech_id, speech.text, 1.0)
        if self._manager.finished or self._floor in _THEIRS or deadline is None:
            return None
        self._now = max(self._now, deadline)
        return TimePassed()

    def _perform(self, output: AnyCommand | AnyFact, said: list[Line]) -> None:
        match output:
            case Say():
                said.append(Line("said", output.text))
                self._speeches.append(output)
                if len(self._speeches) == 1:
                    self._begin_speech()
            case StopSpeech():
                for speech in self._speeches:
                    self._signals.append(SpeechEnded(speech.speech_id, speech.text, 1.0, cut=True))
                self._speeches.clear()
            case Judge():
                self._signals.append(JudgementArrived(output.judgement_id, judge(output.request)))
            case FloorChanged():
                self._floor = output.state
            case NoticeGiven() if output.text:
                said.append(Line("notice", output.text))
            case InterviewFinished():
                self.outcome = output.outcome
            case _:
                pass

    def _begin_speech(self) -> None:
        if self._speeches:
            speech = self._speeches[0]
            self._read_at = self._now + len(speech.text.split()) / _READING_RATE
            self._signals.append(SpeechBegan(speech.speech_id))

    def _log(self, body: AnyBody) -> None:
        self.events.append(Event(len(self.events) + 1, self._now, body))
        if isinstance(body, AnswerStruck):
            changed = {event.seq: event for event in struck(self.events, body.turn_id)}
            self.events = [changed.get(event.seq, event) for event in self.events]
            self._log(AnswerErased(body.turn_id))
