"""What must hold after every event of every talk, whatever the world does. Knows the core's outputs, and how
the mouth and the floor stand; drives nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import msgspec

from dialog.answering import LISTENING, TAKEN
from dialog.blueprint import Blueprint
from dialog.commands import AnyCommand, Duck, HoldSpeech, ResumeSpeech, Say, StopSpeech, Unduck
from dialog.events import (
    AnswerCommitted,
    AnswerJudged,
    AnswerReopened,
    AnswerStruck,
    AnyFact,
    InterviewPaused,
    NodeEntered,
    ProbeChosen,
    QuestionAsked,
    RemarkMade,
    TurnOpened,
    WordsHeard,
)
from dialog.floor_states import FloorState
from dialog.hearing import AGENTS
from dialog.likely_claims import MEANING as UNSURE
from dialog.manager import Manager
from dialog.run_state import RunState
from dialog.signals import (
    AnySignal,
    FinalTranscript,
    JudgementArrived,
    JudgementFailed,
    OperatorTookOver,
    ParticipantJoined,
    ParticipantLeft,
    SpeechBegan,
    SpeechEnded,
    SpeechStarted,
    SpeechStopped,
    SynthesisFailed,
    TypingNoticed,
)

LONGEST_SILENCE = 3.0
"""Seconds in which nothing may be heard while the floor is ours: a voice that never comes is given up after
two and a half."""
LONGEST_HOLD = 6.0
"""The same while an answer is held open: for the most patient of people, with a last word and a judge that
never come."""
LONGEST_DESPITE_TRYING = 8.0
"""The same with a voice that fails again and again, or a participant who presses keys meanwhile."""
_MOST_AT_ONE_INSTANT = 40


class Sounds(Protocol):
    """The mouth, as far as it can be listened to."""

    @property
    def sounding(self) -> list[int]:
        """Ids of what is at the ear now."""

    @property
    def lost_ends(self) -> bool:
        """It once kept to itself that a speech was over: a fault of ours."""


class Before(msgspec.Struct, frozen=True):
    """How things stood when a signal came."""

    floor: FloorState
    state: RunState
    stale: bool
    known_words: str


class Watch:
    """Raises AssertionError at the first thing that must not happen."""

    def __init__(self, manager: Manager, mouth: Sounds, blueprint: Blueprint) -> None:
        self._manager = manager
        self._mouth = mouth
        self._nodes = blueprint.graph.nodes
        self._said: dict[int, Say] = {}
        self._stopped: set[int] = set()
        self._over: set[int] = set()
        self._commits: set[tuple[int, int]] = set()
        self._advances: Counter[int] = Counter()
        self._reopened: Counter[int] = Counter()
        self._just_reopened: set[int] = set()
        self._remarked: set[int] = set()
        self._unsure: set[int] = set()
        """Those of them that may have claimed a right, which is being asked about."""
        self._turns: set[int] = set()
        self._judgement: int | None = None
        self._quiet_since: float | None = None
        self._tried_at = 0.0
        self._voice: int | None = None
        self._instant = (-1.0, 0)
        self._finals: set[int] = set()

    @property
    def _floor(self) -> FloorState:
        return self._manager._turns.state

    @property
    def _awaited(self) -> set[int | None]:
        """Judgements of which something may come."""
        assessment = self._manager._assessment
        late = assessment._late
        return {assessment._pending, late.judgement_id if late is not None else None}

    def before(self, signal: AnySignal, now: float) -> Before:
        """Look at everything just before `signal` is handled."""
        self._hear_silence(now)
        stale = False
        match signal:
            case SpeechBegan() | SynthesisFailed():
                stale = signal.speech_id not in self._said or signal.speech_id in self._over
            case SpeechEnded():
                stale = signal.speech_id not in self._said or signal.speech_id in self._over
                self._over.add(signal.speech_id)
            case JudgementArrived() | JudgementFailed():
                stale = signal.judgement_id not in self._awaited
            case SpeechStarted():
                self._voice = signal.utterance_id
            case SpeechStopped() if signal.utterance_id == self._voice:
                self._voice = None
            case ParticipantLeft() | ParticipantJoined() | OperatorTookOver():
                self._just_reopened.clear()
            case TypingNoticed():
                self._tried_at = now  # it is they who are at it
            case FinalTranscript():
                stale = signal.utterance_id in self._finals
                self._finals.add(signal.utterance_id)
            case _:
                pass
        turn = self._manager._turns.turn
        return Before(self._floor, self._manager._out.state, stale, turn.text if turn is not None else "")

    def after(
        self, before: Before, signal: AnySignal, outputs: Sequence[AnyCommand | AnyFact], now: float
    ) -> None:
        """Look at what came of it."""
        if before.stale:
            assert [] == list(outputs), f"stale {signal} brought {outputs}"
        for output in outputs:
            self._speech(output)
            self._answer(output, outputs)
            if isinstance(output, Say | StopSpeech | ResumeSpeech):
                self._tried_at = now
        questions = [one for one in outputs if isinstance(one, QuestionAsked)]
        assert len(questions) <= 1, f"two questions at once: {questions}"
        confirming = self._manager._moments.yes_or_no.awaited
        assert not questions or confirming is None, f"{questions} is asked while {confirming} is"
        closing = self._manager._interview.closing
        parting = self._floor in AGENTS or self._floor in ("operator", "closed")
        assert closing is None or parting, f"nothing ends a talk that is {closing}, floor {self._floor}"
        self._words(before, signal, outputs)
        self._deadline(now)
        self._hear_silence(now)
        entered = self._manager._out.state.current
        assert entered is None or entered in self._nodes

    def excuse(self, delay: float) -> None:
        """The world stood still for so long, the core too."""
        self._tried_at += delay
        if self._quiet_since is not None:
            self._quiet_since += delay

    # The agent's speech

    def _speech(self, output: AnyCommand | AnyFact) -> None:
        match output:
            case Say():
                assert output.speech_id not in self._said, f"{output} has an old id"
                assert output.text.strip(), f"nothing to say in {output}"
                self._said[output.speech_id] = output
            case StopSpeech():
                assert output.speech_id in self._said
                self._stopped.add(output.speech_id)
            case Duck() | Unduck() | HoldSpeech() | ResumeSpeech():
                assert output.speech_id not in self._stopped, f"{output} after it was stopped"
            case _:
                pass
        sounding = self._mouth.sounding
        assert len(sounding) <= 1, f"several speeches sound: {sounding}"
        assert not self._stopped & set(sounding), f"a stopped speech sounds: {sounding}"

    # Answers

    def _answer(self, output: AnyCommand | AnyFact, outputs: Sequence[AnyCommand | AnyFact]) -> None:
        match output:
            case TurnOpened():
                assert output.turn_id not in self._turns, f"{output} has an old id"
                self._turns.add(output.turn_id)
            case AnswerCommitted():
                key = (output.turn_id, output.revision)
                assert key not in self._commits, f"committed twice: {output}"
                reopened = self._reopened[output.turn_id]
                assert reopened or output.turn_id not in self._remarked, f"a remark is committed: {output}"
                assert output.text, f"an empty answer: {output}"
                self._commits.add(key)
                if any(isinstance(one, AnswerJudged) for one in outputs):
                    self._advances[output.turn_id] += 1
                    times = 1 + self._reopened[output.turn_id]
                    assert self._advances[output.turn_id] <= times, f"one answer advances twice: {output}"
                else:
                    moved = [one for one in outputs if isinstance(one, NodeEntered | ProbeChosen)]
                    assert len(moved) <= 1, f"an amendment advances: {outputs}"
            case InterviewPaused():
                self._just_reopened.clear()
            case AnswerReopened():
                self._reopened[output.turn_id] += 1
                if not output.none:  # what is no answer after all won't be committed a third time
                    assert output.turn_id not in self._just_reopened, f"reopened twice: {output}"
                    self._just_reopened.add(output.turn_id)
            case RemarkMade():
                assert output.turn_id == 0 or output.turn_id not in self._remarked, (
                    f"remarked twice: {output}"
                )
                self._remarked.add(output.turn_id)
                if output.meaning == UNSURE:
                    self._unsure.add(output.turn_id)
            case WordsHeard() if output.turn_id in self._unsure:  # an answer after all
                self._unsure.discard(output.turn_id)
                self._remarked.discard(output.turn_id)
            case _:
                pass

    def _words(self, before: Before, signal: AnySignal, outputs: Sequence[AnyCommand | AnyFact]) -> None:
        """Nothing said to us while the floor is the participant's gets lost."""
        match signal:
            case FinalTranscript() if signal.text and not before.stale:
                if before.floor not in LISTENING and before.floor not in TAKEN:
                    return
                heard = " ".join(
                    one.text for one in outputs if isinstance(one, WordsHeard | AnswerCommitted | RemarkMade)
                )
                kept = {*heard.split(), *before.known_words.split()}
                struck = any(isinstance(one, AnswerStruck) for one in outputs)
                dealt_with = self._manager._turns.hearing.attribution.dealt_with(signal.utterance_id)
                missing = [word for word in signal.text.split()[dealt_with:] if word not in kept]
                assert struck or not missing, f"{missing} of {signal} are lost in {outputs}"
            case _:
                pass

    # Time

    def _deadline(self, now: float) -> None:
        deadline, floor = self._manager.deadline, self._floor
        still = self._manager._turns.timers.still  # the ear owes its word on the missing sound
        if floor in TAKEN or floor in AGENTS:
            assert still or deadline is not None, f"nothing ends {floor}"
        if floor in LISTENING and floor != "held":
            lull = self._manager._turns.lull
            assert still or lull.voiceless or lull.frozen or deadline is not None, f"nothing ends {floor}"
        if floor == "closed":
            assert deadline is None, "a finished talk goes on"
        at, times = self._instant
        self._instant = (now, times + 1 if at == now else 1)
        assert self._instant[1] < _MOST_AT_ONE_INSTANT, f"the core spins at {now}, wishing for {deadline}"

    def _hear_silence(self, now: float) -> None:
        """No dead air: with the floor ours something is said soon, unless somebody is talking over us."""
        floor = self._floor
        ours = floor in TAKEN or floor in AGENTS
        if not ours or self._mouth.sounding or self._voice is not None:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        else:
            silence = now - self._quiet_since
            if (
                self._mouth.lost_ends
            ):  # our own fault, which the core gets over, but only in the speech's own time
                return
            assert silence <= LONGEST_DESPITE_TRYING, f"{silence:.2f} s of dead air, floor {floor}"
            silence = now - max(self._quiet_since, self._tried_at)
            assert silence <= (LONGEST_HOLD if floor in TAKEN else LONGEST_SILENCE), (
                f"{silence:.2f} s without trying, floor {floor}"
            )
