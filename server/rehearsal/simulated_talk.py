"""A whole interview on virtual time: the production core between a simulated participant's mouth and ear.

Decides nothing about turns, questions or answers; keeps the log as a server would.
"""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Final, Literal

import msgspec

from dialog.blueprint import Blueprint
from dialog.commands import (
    AnyCommand,
    Attend,
    CancelJudgement,
    HoldSpeech,
    Judge,
    Prepare,
    ResumeSpeech,
    Say,
    StopSpeech,
)
from dialog.drafting import as_logged
from dialog.events import (
    AnswerErased,
    AnswerStruck,
    AnyBody,
    AnyFact,
    Event,
    Fact,
    FloorChanged,
    InterviewFinished,
    QuestionAsked,
    SessionClosed,
    SessionOpened,
)
from dialog.judgement import Judgement, JudgementRequest
from dialog.manager import Manager
from dialog.policy import DEFAULT_POLICY, Policy
from dialog.script import known_words
from dialog.signals import (
    AnySignal,
    JudgementArrived,
    JudgementFailed,
    ParticipantJoined,
    ParticipantLeft,
    RightClaimed,
    SpeechPrepared,
    TimePassed,
)
from dialog.speaking import TOKENS
from dialog.strike import struck
from server.rehearsal.chance import Chance
from server.rehearsal.persona import Persona
from server.rehearsal.simulated_mouth import SimulatedMouth
from server.rehearsal.speaking_up import SpeakingUp

LINGER: Final = 30.0
"""Seconds for which a session waits for its participant, as the server's does; then another one is opened."""
RETURN_AFTER_PAUSE: Final = 10.0
MOST_PAUSES: Final = 6
"""Pauses after which a participant comes back no more."""
LONGEST: Final = 3 * 3600.0
"""Seconds of virtual time after which a talk that goes nowhere is given up."""
_FIRST_TOKEN: Final = (0.64, 1.6)
"""Seconds that a language model takes, median and 95th percentile: its own time is not this talk's."""

Judging = Callable[[JudgementRequest], Awaitable[Judgement]]
Unfinished = Literal["unfinished", "left"]


class CutIn(msgspec.Struct, frozen=True):
    """The agent was heard to take the floor before an answer was over."""

    at: float
    node_key: str
    text: str


class Talk(msgspec.Struct):
    """What a simulated talk leaves behind."""

    events: list[Event]
    outcome: str
    """The interview's own; `left` when the participant never came back, `unfinished` when it went nowhere."""
    duration: float
    cut_ins: list[CutIn]
    gaps: list[float]
    """Seconds from the end of each answer at the mouth to the next question at the ear."""
    revealed: frozenset[str]
    """Planted facts that fitting probes have opened."""


class SimulatedTalk:
    """One talk. The same persona and seed give the same talk, whoever judges without chance."""

    def __init__(
        self,
        blueprint: Blueprint,
        persona: Persona,
        seed: int,
        judge: Judging,
        *,
        models_delay: bool = False,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._blueprint = blueprint
        self._persona = persona
        self._seed = seed
        self._judge = judge
        self._models_delay = models_delay
        self._policy = policy
        self._chance = Chance(persona.name, seed, "world")
        self._now = 0.0
        self._session_began = 0.0
        self._events: list[Event] = []
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._to_judge: list[Judge] = []
        self._cancelled: set[int] = set()
        self._fields: dict[int, str | None] = {}
        self._brief = False
        self._pauses = 0
        self._sitting = 0
        self._cut_ins: list[CutIn] = []
        self._gaps: list[float] = []
        self._outcome = "unfinished"
        self._gone = False
        self._manager = Manager(blueprint, policy=policy)
        self._mouth = SimulatedMouth(
            frozenset(known_words(blueprint)),
            Chance(persona.name, seed, "voice"),
            self._feed,
            self._after,
            self._began,
            self._heard,
        )
        self._participant = SpeakingUp(persona, blueprint, seed, self._feed, self._after, self._drop)

    async def hold(self) -> Talk:
        """Hold the talk to its end."""
        self._open_session()
        while not self._manager.finished and not self._gone and self._now < LONGEST:
            await self._settle_judgements()
            deadline = self._manager.deadline if self._connected else None
            due = None if deadline is None else self._session_began + deadline
            planned = self._queue[0][0] if self._queue else None
            if due is None and planned is None:
                break
            if planned is not None and (due is None or planned <= due):
                self._move_to(planned)
                heapq.heappop(self._queue)[2]()
            else:
                assert due is not None
                self._move_to(due)
                self._feed(TimePassed())
        self._log(SessionClosed("finished" if self._manager.finished else "left"))
        outcome = self._outcome if self._manager.finished else "left" if self._gone else "unfinished"
        revealed = frozenset(self._participant.conversing.revealed)
        return Talk(self._events, outcome, self._now, self._cut_ins, self._gaps, revealed)

    # Time and the log

    @property
    def _connected(self) -> bool:
        return self._sitting > 0

    def _move_to(self, now: float) -> None:
        self._now = max(self._now, now)
        self._mouth.now = self._participant.now = self._now

    def _after(self, delay: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self._now + delay, next(self._order), act))

    def _log(self, body: AnyBody) -> None:
        self._events.append(Event(len(self._events) + 1, self._now - self._session_began, body))
        if isinstance(body, AnswerStruck):
            changed = {event.seq: event for event in struck(self._events, body.turn_id)}
            self._events = [changed.get(event.seq, event) for event in self._events]
            self._log(AnswerErased(body.turn_id))

    def _feed(self, signal: AnySignal) -> None:
        if self._manager.finished or not self._connected:
            return
        self._log(signal)
        for output in self._manager.handle(signal, self._now - self._session_began):
            self._log(as_logged(output))
            self._perform(output)

    # Sessions

    def _open_session(self) -> None:
        self._sitting += 1
        number = 1 + sum(isinstance(event.body, SessionOpened) for event in self._events)
        if number > 1:
            facts: Sequence[AnyFact] = [event.body for event in self._events if isinstance(event.body, Fact)]
            self._manager = Manager(self._blueprint, facts=facts, policy=self._policy)
            self._session_began = self._now
        session_id = f"ses_{self._seed:026x}{number:06x}"
        self._log(SessionOpened(session_id, "webrtc", round(self._session_began * 1000), number))
        self._feed(ParticipantJoined("webrtc"))

    def _drop(self, away: float) -> None:
        """The link is cut for so many seconds; for good if that is negative."""
        self._feed(ParticipantLeft("network"))
        self._mouth.cut_off()
        self._queue.clear()
        if away < 0:
            self._gone = True
        elif away <= LINGER:
            self._after(away, lambda: self._feed(ParticipantJoined("webrtc")))
        else:
            self._log(SessionClosed("left"))
            self._sitting = 0
            self._after(away, self._open_session)

    # What the core asks for

    def _perform(self, output: AnyCommand | AnyFact) -> None:
        match output:
            case Say():
                self._mouth.say(output)
            case StopSpeech():
                self._mouth.stop(output.speech_id)
            case HoldSpeech():
                self._mouth.hold(output.speech_id)
            case ResumeSpeech():
                self._mouth.resume(output.speech_id)
            case Judge():
                self._to_judge.append(output)
            case CancelJudgement():
                self._cancelled.add(output.judgement_id)
            case Prepare():
                prepared = SpeechPrepared(output.preparation_id)
                self._after(self._mouth.first_sound(output.text), lambda: self._feed(prepared))
            case Attend():
                self._participant.brief = output.patience == "closed"
            case QuestionAsked():
                self._fields[output.speech_id] = output.field
            case FloorChanged() if output.state == "paused":
                self._come_back()
            case InterviewFinished():
                self._outcome = output.outcome
            case _:
                pass

    async def _settle_judgements(self) -> None:
        while self._to_judge:
            asked = self._to_judge.pop(0)
            if asked.judgement_id in self._cancelled:
                continue
            try:
                judgement = await self._judge(asked.request)
            except Exception as error:  # whoever judges is the world, which never raises into the core
                answer: AnySignal = JudgementFailed(asked.judgement_id, type(error).__name__)
            else:
                answer = JudgementArrived(asked.judgement_id, judgement)
            delay = self._chance.delay(*_FIRST_TOKEN) if self._models_delay else 0.0
            self._after(delay, lambda answer=answer: self._feed(answer))  # type: ignore[misc]

    def _come_back(self) -> None:
        self._pauses += 1
        if self._pauses > MOST_PAUSES:
            self._gone = True
        else:
            self._after(RETURN_AFTER_PAUSE, lambda: self._feed(RightClaimed("resume")))

    # What is heard of it

    def _began(self, say: Say) -> None:
        if say.kind in TOKENS:
            return
        if self._participant.speaking:
            self._cut_ins.append(CutIn(round(self._now, 2), say.node_key or "", say.text))
        elif (ended_at := self._participant.take_end()) is not None:
            self._gaps.append(self._now - ended_at)
        self._participant.listen(say)

    def _heard(self, say: Say) -> None:
        if say.kind not in TOKENS:
            self._participant.heard(say, self._fields.get(say.speech_id))
