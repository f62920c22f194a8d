"""What the interviewer does with an answer: takes it, has it judged, commits it, or takes all of that back.

Stands between the floor, which says when, and the interview, which says what comes next.
"""

from dialog import script
from dialog.answering import LISTENING, TAKEN
from dialog.assessment import Assessment
from dialog.bad_hearing import BadHearing
from dialog.confirmations import Confirmations
from dialog.drafting import Drafting
from dialog.events import AnswerReopened, AnswerTaken, Stage
from dialog.follow_up import FollowUp
from dialog.granting import Granting
from dialog.hard_topics import HardTopics
from dialog.interview import Interview
from dialog.judgement import (
    ASKS_OPINION,
    ASKS_WHO,
    ASKS_WHY,
    UNKNOWN_GRAVITY,
    Judgement,
)
from dialog.late_judgements import LateJudgements
from dialog.likely_claims import LikelyClaims
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.preparation import Preparation
from dialog.prompter import Prompter
from dialog.reading_back import ReadingBack
from dialog.rebuffs import Rebuffs
from dialog.rights import spoken_right
from dialog.section_breaks import SectionBreaks
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
        self._sparing = Sparing(interview.blueprint.graph, turns, assessment)
        self._follow_up = FollowUp(interview, assessment, preparation, turns, prompter)
        self._turns = turns
        self._prompter = prompter
        self._out = out
        self._hard_topics = HardTopics(interview, moments, prompter, out)
        self._late = LateJudgements(self._hard_topics, interview, moments, turns, self._take_back)
        self._granting = Granting(interview, moments, turns, out, self.forget)
        self._rebuffs = Rebuffs(interview, moments, turns, out)
        self._reading_back = ReadingBack(interview, moments, turns, out)
        self._likely_claims = LikelyClaims(interview, moments, turns, prompter, out, self.forget)
        self._section_breaks = SectionBreaks(interview, moments, self._hard_topics, turns, prompter, out)
        interview.at_section_break = self._section_breaks.met
        interview.read_back = self._reading_back.begin
        self._confirmations = Confirmations(
            moments,
            turns,
            self._granting,
            self._reading_back,
            self._section_breaks,
            self._likely_claims,
        )

    def judged(self, signal: JudgementArrived) -> None:
        """JudgementArrived; a stale id does nothing."""
        if (late := self._assessment.arrived_late(signal.judgement_id)) is not None:
            self._late.found(late, signal.judgement)
        elif not self._assessment.arrived(signal.judgement_id, signal.judgement):
            return
        self._drafting.worthwhile = signal.judgement.judged_by != "embedded"

    def settle(self, now: float) -> None:
        """Meet what a judgement has brought too late; commit, if the hold is over, the judgement in, and what
        follows from it ready to be heard."""
        self._assessment.let_go_of_erased(self._turns.turn)
        self._late.meet(now)
        self._proceed(now)

    def _proceed(self, now: float) -> None:
        self._drafting.set_clock(now)
        if self._assessment.decision is None:
            self._sparing.go_on(now)
        if (decision := self._assessment.decision) is None:
            return
        self._follow_up.look_at(decision, now)
        if self._follow_up.sound == "failed":
            if self._turns.state not in TAKEN:
                self.forget("failed")
                return
            self._follow_up.voice_failed(now)
        if self._turns.taking.ready(now) and self._follow_up.sound == "ready":
            self._conclude(now)

    def forget(self, reason: str = "unneeded") -> None:
        """What is judged, and what the voice has begun on for it, is not needed any more."""
        self._assessment.forget(reason)
        self._late.on_record(None)
        self._follow_up.forget()

    def _draft(self, now: float) -> None:
        turn = self._turns.turn
        self._drafting.drawn_up(now)
        if turn is not None and turn.text and self._interview.closing is None:
            if self._drafting.worthwhile and self._moments.yes_or_no.awaited is None:
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
                self._follow_up.overdue(now)
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
                elif self._moments.pauses.pausing is not None:
                    self._paused(now)
                else:
                    self._moments.yes_or_no.ask_whether_to_go_on(now)
            case CueDue():
                self._prompter.cue(now)
            case CheckInDue():
                self._moments.check_in(step, now)
            case Unanswered():
                if not (self._likely_claims.unanswered(now) or self._section_breaks.unanswered(now)):
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
        elif self._moments.pauses.pausing is not None:
            self._paused(now)
        else:
            self._turns.hand_over(now)
            self._turns.lull.show(self._interview.patience.reading_time(self._interview.node), now)
            if self._out.state.asked is None and self._moments.yes_or_no.awaited is None:
                self._interview.go_on(now)

    def _paused(self, now: float) -> None:
        """The word of a pause is over: it sets in, unless somebody has answered meanwhile."""
        pauses = self._moments.pauses
        if not pauses.answered(self._turns.overlap.beside, now):
            pauses.pause_said(now)

    def _over(self, step: AnswerSeemsOver, now: float) -> None:
        """An answer seems to be over: a request is granted, anything else taken and judged."""
        turn = self._turns.turn
        if turn is None or self._interview.closing is not None:
            return
        if self._moments.yes_or_no.awaited is not None:
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
        self._interview.closing = None
        self._moments.yes_or_no.await_nothing()
        self._turns.expect(turn.node_key, self._interview.profile)
        self._moments.yes_or_no.take_up()
        self._turns.reopen(turn, now)
        if turn.text:
            self._prompter.quiet_next = True

    def _conclude(self, now: float) -> None:
        """The hold is over and the answer judged: commit, and go on."""
        judgement, turn = self._assessment.decision, self._turns.turn
        if judgement is None or turn is None:
            return
        vetted, self._assessment.decision = self._follow_up.adopt(turn), None
        if not turn.text:  # the last word on it was that it was none
            self._turns.dismiss(now)
            return
        if self._likely_claims.asked(turn, now):  # a last word may come as late as this
            return
        self._bad_hearing.question_changed()
        if self._no_answer(turn, judgement, now):
            return
        if self._rebuffs.met(turn, judgement, now) or self._redirect(turn, judgement, now):
            return
        self._turns.commit()
        self._assessment.on_record(turn.turn_id)
        self._late.on_record(turn)
        if judgement.verdict == "distress":
            self._interview.commit_only(turn, judgement)
            return self._hard_topics.met(turn, judgement.distress or UNKNOWN_GRAVITY, now)
        self._interview.commit(turn, judgement, vetted, now, drafted=self._assessment.drafted)

    def _no_answer(self, turn: Turn, judgement: Judgement, now: float) -> bool:
        """Whether it is a wish, which is granted then, or a question back."""
        right = judgement.right if judgement.verdict == "wants_right" else None
        if right is not None and right != "done":
            self._granting.grant(turn, right, now)
            return True
        if judgement.verdict != "asks_back":
            return False
        self._granting.remark(turn, "asks_back")
        self._turns.dismiss(now)
        if {ASKS_OPINION, ASKS_WHO, ASKS_WHY} & set(judgement.reasons):
            self._interview.give_back(judgement.reasons, now)
        else:
            self._interview.clarify(now)
        return True

    def _take_back(self, turn: Turn, judgement: Judgement, now: float) -> None:
        """What was put on record as an answer is none, by a judgement that has come late: undo the commit."""
        state = self._out.state
        if state.before is None or not state.answers or state.answers[-1].turn_id != turn.turn_id:
            return
        self._turns.stop_speaking()
        self._turns.overlap.last_answer.withdraw()
        self._late.on_record(None)
        self._out.append(AnswerReopened(turn.turn_id, turn.revision, none=True))
        self._moments.yes_or_no.await_nothing()
        self._turns.expect(turn.node_key, self._interview.profile)
        self._no_answer(turn, judgement, now)

    def _redirect(self, turn: Turn, judgement: Judgement, now: float) -> bool:
        if not self._interview.leads_back(turn, judgement):
            return False
        self._granting.remark(turn, "off_topic")
        self._turns.dismiss(now)
        self._interview.redirect(now)
        return True
