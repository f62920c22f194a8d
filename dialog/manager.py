"""The core of a session: signals and time in, commands and facts out. Pure; sends each signal on.

`handle` is the only entry, `deadline` the only wish; the same signals at the same times give the same again.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

from dialog import script
from dialog.assessment import Assessment
from dialog.bad_hearing import BadHearing
from dialog.blueprint import Blueprint, Patience
from dialog.by_hand import ByHand
from dialog.commands import AnyCommand, Attend, HangUp
from dialog.conduct import Conduct
from dialog.drafting import Drafting
from dialog.events import (
    AbsenceEnded,
    AnyFact,
    FallbackUsed,
    InterviewFinished,
    InterviewResumed,
    NoticeGiven,
)
from dialog.interview import Interview
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.policy import DEFAULT_POLICY, Policy
from dialog.preparation import Preparation
from dialog.prompter import Prompter
from dialog.signals import (
    AnySignal,
    FinalTranscript,
    InterviewCancelled,
    JudgementArrived,
    JudgementFailed,
    MicrophoneMuted,
    NewsOfTheWorld,
    OperatorHandedBack,
    OperatorTookOver,
    PacketsReturned,
    PacketsStopped,
    PartialTranscript,
    ParticipantJoined,
    ParticipantLeft,
    PreparationFailed,
    RecogniserReplaced,
    SoundStalled,
    SoundWentOn,
    SpeechBegan,
    SpeechEnded,
    SpeechLasted,
    SpeechPrepared,
    SpeechStarted,
    SpeechStopped,
    StorageFaltered,
    StorageRecovered,
    SynthesisFailed,
    TimePassed,
    TurnEndHinted,
    TurnEndScored,
)
from dialog.steps import Step
from dialog.turn_taking import TurnTaking
from dialog.unheard import Unheard


class Manager:
    """One session of a run. `facts` are those of the run's earlier sessions, in order, which it goes
    on from."""

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        facts: Sequence[AnyFact] = (),
        metadata: Mapping[str, object] | None = None,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._out = Outbox(facts)
        self._policy = policy
        self._attended: Patience = "narrative"
        self._left_at: float | None = None
        self._turns = TurnTaking(policy, self._out, self._out.state.last_turn_id + 1)
        self._unheard = Unheard(self._turns.timers, self._turns.answering, self._turns.overlap)
        self._prompter = Prompter(self._turns, self._out, policy)
        self._interview = Interview(blueprint, metadata or {}, policy, self._out, self._turns, self._prompter)
        self._moments = Moments(self._interview, self._out, self._turns, self._prompter)
        self._bad_hearing = BadHearing(self._moments, self._turns, self._prompter, self._out)
        self._assessment = Assessment(blueprint, self._out)
        self._preparation = Preparation(self._out, frozenset(script.known_words(blueprint)))
        self._conduct = Conduct(
            self._interview,
            self._moments,
            self._bad_hearing,
            self._assessment,
            Drafting(policy, self._turns),
            self._preparation,
            self._turns,
            self._prompter,
            self._out,
        )
        self._by_hand = ByHand(
            self._interview, self._moments, self._conduct, self._bad_hearing, self._turns, self._out
        )

    @property
    def deadline(self) -> float | None:
        """When to call with TimePassed, in session seconds, if nothing else comes before; None = never."""
        return self._turns.timers.deadline

    @property
    def finished(self) -> bool:
        """Whether the interview is over for good."""
        return self._out.state.finished is not None

    def handle(self, signal: AnySignal, now: float) -> list[AnyCommand | AnyFact]:
        """Take one signal in; returns what follows from it, in order. Never raises for what the world
        may do."""
        if not self.finished:
            if isinstance(signal, TimePassed):
                while (steps := self._turns.fire_next(now)) is not None:
                    self._follow(steps, now)
            else:
                self._follow(self._take_in(signal, now), now)
        return self._out.drain()

    def _follow(self, steps: list[Step], now: float) -> None:
        for step in steps:
            self._conduct.follow(step, now)
        self._conduct.settle(now)
        awaited = self._turns.floor.profile.name
        if awaited != self._attended:
            self._attended = awaited
            self._out.append(Attend(awaited))

    # Signals

    def _take_in(self, signal: NewsOfTheWorld, now: float) -> list[Step]:
        turns = self._turns
        match signal:
            case PartialTranscript():  # by far the most frequent
                return self._words(signal, now)
            case SpeechStarted():
                self._moments.pauses.spoke(signal.utterance_id, now)
                return turns.speech_started(signal.utterance_id, now, signal.voiced)
            case SpeechLasted():
                return turns.speech_lasted(signal.utterance_id, signal.voiced, now)
            case SpeechStopped():
                return turns.speech_stopped(signal.utterance_id, signal.silence, signal.voiced, now)
            case FinalTranscript():
                return self._words(signal, now)
            case TurnEndScored() | TurnEndHinted() | RecogniserReplaced():
                return turns.lull.told(signal, turns.turn, now)
            case SpeechBegan():
                self._prompter.began(signal.speech_id, now)
                turns.speech_began(signal.speech_id, now)
            case SpeechEnded():
                self._prompter.ended(signal)
                return turns.speech_ended(signal.speech_id, signal.fraction, now)
            case SynthesisFailed():
                if self._prompter.expects(signal.speech_id):
                    self._out.append(FallbackUsed(turns.floor.node_key, f"voice: {signal.reason}"))
            case JudgementArrived() | JudgementFailed() | SpeechPrepared() | PreparationFailed():
                self._made_ready(signal)
            case ParticipantJoined():
                self._joined(signal, now)
            case ParticipantLeft():
                self._left_at = now
                self._conduct.forget()
                self._moments.left()
                if self._interview.closing is not None:  # nothing but good-byes was missed
                    self._interview.finish()
            case SoundStalled():
                self._unheard.stalled(signal.missing, now)
            case SoundWentOn():
                self._unheard.went_on(signal.missing, now, late=signal.late)
            case PacketsStopped():
                self._unheard.went_on(0.0, now)
                turns.lull.freeze("link")
            case PacketsReturned():
                turns.lull.thaw("link", turns.turn, now)
            case MicrophoneMuted():
                self._muted(signal, now)
            case StorageFaltered():
                self._out.append(NoticeGiven("storage", signal.reason))
            case StorageRecovered():
                self._out.append(NoticeGiven("storage_recovered", ""))
            case OperatorTookOver() | OperatorHandedBack() | InterviewCancelled():
                self._from_outside(signal, now)
            case _:
                return self._by_hand.take_in(signal, now)
        return []

    def _made_ready(
        self, signal: JudgementArrived | JudgementFailed | SpeechPrepared | PreparationFailed
    ) -> None:
        """What was asked for ahead of what is said next has come, or won't."""
        match signal:
            case JudgementArrived():
                self._conduct.judged(signal)
            case JudgementFailed():
                if self._out.state.current is not None:
                    self._assessment.failed(signal.judgement_id, signal.reason, self._interview.node)
            case SpeechPrepared():
                self._preparation.sounds(signal.preparation_id)
            case PreparationFailed():
                self._preparation.failed(signal.preparation_id, signal.reason)
            case _:
                assert_never(signal)

    def _words(self, signal: PartialTranscript | FinalTranscript, now: float) -> list[Step]:
        if self._turns.state != "paused":
            return self._turns.words(signal, now)
        pauses = self._moments.pauses
        resumes = pauses.resumed_by(signal.utterance_id, signal.text)
        if not resumes:
            pauses.answered_late(signal.utterance_id, signal.text, now)
        steps = self._turns.words(signal, now)
        if resumes and isinstance(signal, FinalTranscript):
            pauses.resume(now)
        return steps

    def _joined(self, signal: ParticipantJoined, now: float) -> None:
        turns, state = self._turns, self._out.state
        if self._left_at is not None and not state.paused:
            self._out.append(AbsenceEnded(self._left_at, now))
        self._left_at = None
        self._interview.terms.agree(signal.time_limit, signal.help_line)
        turns.lull.detection.listen(signal.detector, signal.recogniser)
        turns.lull.listen(signal.channel != "text", turns.turn, now)
        if turns.state not in ("waiting", "away", "paused"):
            return
        if state.paused:
            self._out.append(InterviewResumed(now))
        if state.current is None:
            self._interview.begin(now, written=signal.channel == "text")
        else:
            self._moments.pauses.recap(now)

    def _muted(self, signal: MicrophoneMuted, now: float) -> None:
        self._bad_hearing.microphone_changed(silent=signal.silent)
        if signal.muted:
            turn = self._turns.turn
            self._turns.lull.freeze("microphone", answered=turn is not None and bool(turn.text))
            self._turns.timers.set("muted_notice", now + self._policy.muted_notice_delay)
            self._turns.timers.set("muted_pause", now + self._policy.muted_pause_delay)
        else:
            self._turns.timers.cancel("muted_notice", "muted_pause")
            self._turns.lull.thaw("microphone", self._turns.turn, now)

    def _from_outside(
        self, signal: OperatorTookOver | OperatorHandedBack | InterviewCancelled, now: float
    ) -> None:
        match signal:
            case OperatorTookOver() if self._turns.state in ("waiting", "away"):
                pass  # there is nobody to talk with
            case OperatorTookOver():
                self._conduct.forget()
                self._moments.pauses.keep_words()
                self._moments.yes_or_no.await_nothing()
                self._moments.pauses.end_for_somebody_else(now)
                self._turns.suspend("operator")
                self._out.append(NoticeGiven("operator", script.OPERATOR_HERE))
            case OperatorHandedBack():
                if self._turns.state == "operator":
                    self._prompter.say("notice", script.OPERATOR_GONE, now)
                    if self._interview.closing is not None:
                        return self._interview.part(now)
                    self._moments.pauses.take_up_answer(now)
                    self._interview.ask_again(now)
            case InterviewCancelled():
                self._conduct.forget()
                self._out.append(InterviewFinished("cancelled"))
                self._turns.suspend("close")
                self._out.append(HangUp(signal.reason))
            case _:
                assert_never(signal)
