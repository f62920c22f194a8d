"""What the interviewer does with an answer: takes it, has it judged, commits it, or takes all of that back.

Stands between the floor, which says when, and the interview, which says what comes next.
"""

from typing import Literal

from dialog import script
from dialog.answering import LISTENING, TAKEN
from dialog.assessment import Assessment
from dialog.bad_hearing import BadHearing
from dialog.confirmations import Confirmations
from dialog.drafting import Drafting
from dialog.events import AnswerReopened, AnswerTaken, Stage
from dialog.granting import Granting
from dialog.hard_topics import HardTopics
from dialog.interview import Interview
from dialog.judgement import (
    ASKS_OPINION,
    ASKS_WHO,
    ASKS_WHY,
    UNKNOWN_GRAVITY,
    Judgement,
    JudgementRequest,
    Vetted,
)
from dialog.likely_claims import LikelyClaims
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.preparation import Preparation
from dialog.prompter import Prompter
from dialog.reading_back import ReadingBack
from dialog.rebuffs import Rebuffs, is_to_us
from dialog.rights import spoken_right
from dialog.signals import JudgementArrived
from dialog.sparing import Sparing
from dialog.steps import (
    AnswerAmended,
    AnswerSeemsOver,
    BargedIn,
    CheckInDue,
    ClockDue,
    CueDue,
    DraftDue,
    HandedOver,
    HoldOver,
    Interjected,
    JudgementOverdue,
    JudgementSpared,
    Misheard,
    NothingSaid,
    OverlapTwice,
    Rejoined,
    SaidInVain,
    Step,
    Unanswered,
    WordsChanged,
)
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking


class Conduct:
    """How each step of the floor is answered. `now` is in session seconds."""

    def __init__(
        self,
        interview: Interview,
        moments: Moments,
        bad_hearing: BadHearing,
        assessment: Assessment,
        drafting: Drafting,
        preparation: Preparation,
        turns: TurnTaking,
        prompter: Prompter,
        out: Outbox,
    ) -> None:
        self._interview = interview
        self._moments = moments
        self._bad_hearing = bad_hearing
        self._assessment = assessment
        self._drafting = drafting
        self._sparing = Sparing(turns, assessment)
        self._preparation = preparation
        self._turns = turns
        self._prompter = prompter
        self._out = out
        self._hard_topics = HardTopics(interview, moments, out)
        self._granting = Granting(interview, moments, turns, out, self.forget)
        self._rebuffs = Rebuffs(interview, moments, turns, out)
        self._reading_back = ReadingBack(interview, moments, turns, out)
        self._likely_claims = LikelyClaims(interview, moments, turns, prompter, out, self.forget)
        self._confirmations = Confirmations(
            moments, turns, self._granting, self._reading_back, self._likely_claims
        )
        self._vetted = Vetted()
        self._vetted_of: tuple[Judgement | None, JudgementRequest | None] = (None, None)
        self._stand_in = ""
        """Words that have taken the place of a probe for which the voice was not there."""

    def judged(self, signal: JudgementArrived) -> None:
        """JudgementArrived; a stale id does nothing."""
        if self._assessment.arrived(signal.judgement_id, signal.judgement):
            self._drafting.worthwhile = signal.judgement.judged_by != "embedded"

    def settle(self, now: float) -> None:
        """Commit, if the hold is over, the judgement in, and what follows from it ready to be heard."""
        self._drafting.set_clock(now)
        decision, request = self._assessment.decision, self._assessment.request
        if decision is None:
            return self._sparing.set_clock(now)
        if self._vetted_of[0] is not decision or self._vetted_of[1] is not request:
            self._vet(decision, request, now)
        if self._sound == "failed":
            if self._turns.state not in TAKEN:
                self.forget("failed")
                return
            self._go_unheard(f"voice: {self._preparation.failure}", now)
        if self._turns.taking.ready(now) and self._sound == "ready":
            self._conclude(now)

    def forget(self, reason: str = "unneeded") -> None:
        """What is judged, and what the voice has begun on for it, is not needed any more."""
        self._assessment.forget(reason)
        self._vetted, self._vetted_of = Vetted(), (None, None)
        self._preparation.drop()

    # Judgements and the sound of what follows from them

    def _vet(self, decision: Judgement, request: JudgementRequest | None, now: float) -> None:
        """Look at the words of a new decision, and have the voice begin on what may be said."""
        turn, field = self._turns.turn, self._interview.field
        unasked = decision.verdict in ("wants_right", "asks_back", "distress")
        self._vetted, self._vetted_of = Vetted(), (decision, request)
        if (
            turn is None
            or unasked
            or is_to_us(turn, decision)
            or (field is not None and decision.verdict != "refused")
        ):
            return
        self._vetted = self._interview.vetting.vet(self._interview.node, decision, request, now)
        probe = self._vetted.probe
        if probe is None or probe.text == self._stand_in:  # which is not to wait for the voice again
            self._preparation.drop()
        elif self._turns.taking.patient and not self._redirects(turn, decision):
            self._preparation.begin(probe.text, self._prompter.speed)

    @property
    def _sound(self) -> Literal["ready", "awaited", "failed"]:
        """Whether what follows from the decision could be heard at once."""
        if (probe := self._vetted.probe) is None:
            return "ready"
        return self._preparation.state(probe.text, self._prompter.speed)

    def _go_unheard(self, reason: str, now: float) -> None:
        """The voice is not there in time: known words take the place of the probe."""
        probe = self._vetted.probe
        if probe is not None:
            self._preparation.drop()
            instead = self._interview.vetting.known_probe(self._interview.node, probe.deficiency)
            self._stand_in = instead.text if instead is not None else ""
            self._assessment.go_unheard(self._interview.node, reason, instead)
            decision = self._assessment.decision
            if decision is not None:
                self._vet(decision, self._assessment.request, now)

    def _overdue(self, now: float) -> None:
        """The deadline of the judgement, and of the sound of what follows from it, has come."""
        self._assessment.overdue(self._interview.node)
        if self._sound == "awaited" and self._assessment.decision is self._vetted_of[0]:
            self._go_unheard("voice_overdue", now)

    def _draft(self, now: float) -> None:
        turn = self._turns.turn
        self._drafting.drawn_up(now)
        if turn is not None and turn.text and self._interview.closing is None:
            if self._drafting.worthwhile and self._moments.confirming is None:
                self._assessment.draft(turn, self._interview.node, self._interview.field)

    def follow(self, step: Step, now: float) -> None:
        """Do what a step of the floor calls for."""
        self._do(step, now)
        if self._interview.closing is not None and self._turns.state in LISTENING:
            self._see_off(now)

    def _see_off(self, now: float) -> None:
        """The last words were dropped for somebody who spoke, and nothing else would end the talk: say them
        again."""
        self.forget()
        self._turns.answering.set_aside("interjection")
        self._interview.part(now)

    def _do(self, step: Step, now: float) -> None:
        match step:
            case AnswerSeemsOver():
                self._over(step, now)
            case WordsChanged():
                self._revise(now)
            case HoldOver():
                pass  # `settle` concludes once both the hold and the judgement are in
            case JudgementOverdue():
                self._overdue(now)
            case JudgementSpared():
                self._sparing.due()
            case DraftDue():
                self._draft(now)
            case HandedOver():
                self._handed_over(now)
            case SaidInVain():
                for lost in step.lost:
                    self._prompter.say_again(lost, now)
            case AnswerAmended():
                self._interview.amend(step.turn)
            case Rejoined():
                self._reopen(step.turn, now)
            case BargedIn():
                self._turns.adopt_interruption(now)
            case Interjected():
                self._granting.interjected(step.turn, now)
            case OverlapTwice():
                if self._interview.closing is not None:  # there is nothing left to ask for
                    self._turns.overlap.take_up(now)
                elif self._moments.pausing is not None:
                    self._moments.pause_said()
                else:
                    self._moments.confirm_go_on(now)
            case CueDue():
                self._prompter.cue(now)
            case CheckInDue():
                self._moments.check_in(step, now)
            case Unanswered():
                if not self._likely_claims.unanswered(now):
                    self._moments.unanswered(now)
            case Misheard():
                self._bad_hearing.misheard(now)
            case NothingSaid():
                if self._turns.state in ("open", "hearing", "lull", "stimulus"):
                    self._prompter.say("notice", script.NOTHING_HEARD, now)
            case ClockDue():
                self._bad_hearing.clock(step.name, now)
            case _:
                raise AssertionError(step)

    def _revise(self, now: float) -> None:
        """A taken answer has other words: they may end in a request, or want another judgement."""
        turn = self._turns.turn
        if turn is None:
            return
        self._granting.set_noises_aside(turn)
        if not turn.pending and self._granting.claimed(turn, now):
            return
        if self._assessment.revise(turn, self._interview.node, self._interview.field):
            self._turns.taking.await_another_judgement(now)

    def _handed_over(self, now: float) -> None:
        if self._interview.closing is not None:
            if not self._granting.struck_over_good_bye(now):
                self._interview.finish()
        elif self._moments.pausing is not None:
            self._moments.pause_said()
        else:
            self._turns.hand_over(now)
            self._turns.lull.show(self._interview.patience.reading_time(self._interview.node), now)
            if self._out.state.asked is None and self._moments.confirming is None:
                self._interview.go_on(now)

    def _over(self, step: AnswerSeemsOver, now: float) -> None:
        """An answer seems to be over: a request is granted, anything else taken and judged."""
        turn = self._turns.turn
        if turn is None or self._interview.closing is not None:
            return
        if self._moments.confirming is not None:
            if self._confirmations.taken(turn, now):
                return
            turn = self._turns.turn or turn
        self._granting.set_noises_aside(turn)
        if self._granting.claimed(turn, now) or self._likely_claims.asked(turn, now):
            return
        stage: Stage = step.stage
        if spoken_right(turn.latest) == "done":
            stage = "done"
        profile = self._turns.lull.profile
        features = step.features.as_log(profile) if step.features is not None else {}
        self._out.append(AnswerTaken(turn.turn_id, turn.revision, stage, features))
        if stage in ("one", "two"):
            hums = profile.name == "reflect"
            token = self._prompter.acknowledge(turn, now, hums=hums) if profile.acknowledges else None
            self._turns.taking.begin(token, now, late=stage == "two")
        else:
            self._turns.taking.at_once(now)
        self._assessment.take(turn, self._interview.node, self._interview.field)

    def _reopen(self, turn: Turn, now: float) -> None:
        """The committed answer goes on: undo the commit, once."""
        self.forget()
        self._out.append(AnswerReopened(turn.turn_id, turn.revision))
        self._interview.closing = self._moments.confirming = None
        self._turns.expect(turn.node_key, self._interview.profile)
        self._turns.reopen(turn, now)
        if turn.text:
            self._prompter.quiet_next = True

    def _conclude(self, now: float) -> None:
        """The hold is over and the answer judged: commit, and go on."""
        judgement, turn, vetted = self._assessment.decision, self._turns.turn, self._vetted
        if judgement is None or turn is None:
            return
        self._assessment.decision, self._vetted_of, self._stand_in = None, (None, None), ""
        if vetted.probe is None or not turn.text:
            self._preparation.drop()
        else:
            self._preparation.hand_over()
        if not turn.text:  # the last word on it was that it was none
            self._turns.dismiss(now)
            return
        if self._likely_claims.asked(turn, now):  # a last word may come as late as this
            return
        self._bad_hearing.question_changed()
        right = judgement.right if judgement.verdict == "wants_right" else None
        if right is not None and right != "done":
            return self._granting.grant(turn, right, now)
        if judgement.verdict == "asks_back":
            self._granting.remark(turn, "asks_back")
            self._turns.dismiss(now)
            if {ASKS_OPINION, ASKS_WHO, ASKS_WHY} & set(judgement.reasons):
                return self._interview.give_back(judgement.reasons, now)
            return self._interview.clarify(now)
        if self._rebuffs.met(turn, judgement, now) or self._redirect(turn, judgement, now):
            return
        self._turns.commit()
        if judgement.verdict == "distress":
            self._interview.commit_only(turn, judgement)
            return self._hard_topics.met(turn, judgement.distress or UNKNOWN_GRAVITY, now)
        self._interview.commit(turn, judgement, vetted, now, drafted=self._assessment.drafted)
        if self._interview.unconfirmed is not None:
            self._reading_back.begin(now)

    def _redirects(self, turn: Turn, judgement: Judgement) -> bool:
        return judgement.verdict == "off_topic" and turn.confidence >= 0.85 and self._interview.may_redirect()

    def _redirect(self, turn: Turn, judgement: Judgement, now: float) -> bool:
        if not self._redirects(turn, judgement):
            return False
        self._granting.remark(turn, "off_topic")
        self._turns.dismiss(now)
        self._interview.redirect(now)
        return True
