"""The moments beside asking and answering: rights, pauses, check-ins, leaving and coming back."""

from dialog import script
from dialog.erasing import Erasing
from dialog.events import (
    InterviewPaused,
    InterviewResumed,
    NoticeGiven,
    PauseReason,
    RightUsed,
    WordsHeard,
)
from dialog.hearing import AGENTS
from dialog.interview import Interview
from dialog.judgement import Judgement, Right, Wish
from dialog.outbox import Outbox
from dialog.prompter import Prompter
from dialog.steps import CheckInDue
from dialog.turn_taking import TurnTaking

_WAYS_OUT = ("repeat", "skip", "pause")


class Moments:
    """What can happen at any time. Every method takes `now` in session seconds."""

    def __init__(self, interview: Interview, out: Outbox, turns: TurnTaking, prompter: Prompter) -> None:
        self._interview = interview
        self._out = out
        self._turns = turns
        self._prompter = prompter
        self._erasing = Erasing(interview, out, turns, prompter)
        self.pausing: PauseReason | None = None  # sets in when what is being said has been heard
        self.confirming: str | None = None
        """What a yes or no is awaited for: `stop`, `erase_all`, `withdraw`, `go_on`, `hard_topic`,
        `other_topic` or `values`."""
        self._to_confirm = ""
        """What was asked for it, in words."""

    # Rights

    def claim(self, right: Right | Wish, now: float) -> None:
        """The participant claims a right, by whatever means."""
        self._turns.overlap.settle()
        if right not in ("pause", "resume"):
            self.wake(now)
        # who pauses is done with it too: `pause` sees to that; who didn't hear it is asked it again
        if right == "strike":  # of what is just being said to the yes or no
            self.confirm_nothing()
        elif right not in ("pause", "resume", "done", "repeat", "slower"):
            self._leave_confirming()
        self._out.append(RightUsed(right))
        match right:
            case "repeat":
                self._interrupt()
                self._ask_again(now)
            case "slower":
                self._interrupt()
                self._prompter.slow_down()
                self._ask_again(now, first=script.SLOWER)
            case "skip":
                self._keep_answer("skipped")
                self._drop_turn()
                self._prompter.say("notice", script.SKIPPED, now)
                self._interview.skip(now)
            case "back":
                self._drop_turn()
                if not self._interview.back(now):
                    self._prompter.say("notice", script.NOTHING_BEFORE, now)
                    self._interview.ask_again(now)
            case "pause":
                self.pause("participant", script.PAUSED, now)
            case "resume":
                self.resume(now)
            case "strike":
                self._interrupt()
                self._erasing.last(now)
            case "human":
                self._interrupt()
                text = script.human_contact(self._interview.blueprint)
                self._out.append(NoticeGiven("human", text, ("pause",)))
                self._prompter.say("notice", text, now)
            case "stop" if self._interview.closing is not None:
                self._drop_turn()
                self._interview.part(now)
            case "stop":
                self._keep_answer()
                self.confirm("stop", script.CONFIRM_STOP, now)
            case "unrecord":
                self._keep_answer()
                self.confirm("stop", script.RECORDING_STAYS, now)
            case "erase_all" | "withdraw":
                self._ask_whether_to_erase(right, now)
            case "done":
                pass

    def _ask_whether_to_erase(self, wish: Wish, now: float) -> None:
        """Nothing is erased without a yes but what was being said along with the wish; over the good-bye
        nobody can be asked any more, and the wish counts."""
        if self._interview.closing is not None:
            self._drop_turn()
            if self._out.state.answers:
                self._erasing.everything(now)
            self._interview.part(now)
            return
        self._keep_answer()
        self._erasing.begun()
        if wish == "erase_all" and not self._out.state.answers:
            self._interrupt()
            self._erasing.last(now)  # of which there is none
        else:
            self.confirm(
                wish, script.CONFIRM_WITHDRAWAL if wish == "withdraw" else script.CONFIRM_ERASING, now
            )

    def _erase_all(self, what: str, now: float) -> None:
        """The participant has said yes to that."""
        self._drop_turn()
        self._erasing.everything(now)
        if what == "withdraw":
            self._say_stopped(now)
        else:
            self._erasing.go_on_without(now)

    def _ask_again(self, now: float, *, first: str | None = None) -> None:
        """Say again what an answer is awaited to, `first` being said ahead of it."""
        if self.confirming is not None and self.confirming != "go_on":
            self.confirm(self.confirming, self._to_confirm, now, first=first)
            return
        self.confirm_nothing()
        if first is not None:
            self._prompter.say("notice", first, now)
        self._interview.ask_again(now)

    def stop_for_good(self, now: float) -> None:
        """The page asked for confirmation already: what is said over the good-bye takes nothing back."""
        self._turns.overlap.settle()
        self._leave_confirming()
        self.pausing = None
        self._out.append(RightUsed("stop"))
        self._keep_answer()
        self._drop_turn()
        self._say_stopped(now)

    def _say_stopped(self, now: float) -> None:
        self._out.append(RightUsed("stop_confirmed"))
        self._interview.close("stopped", script.STOPPED, now)

    def _keep_answer(self, because: str = "stopped") -> None:
        """Who stops in the middle of an answer, or wants the next question, has given what was said of it."""
        turn, interview = self._turns.turn, self._interview
        if turn is None or not turn.substantial:
            return
        if interview.field is None and interview.closing is None and interview.node.type == "question":
            interview.commit_only(self._turns.commit(), Judgement("sufficient", reasons=(because,)))

    def _interrupt(self) -> None:
        if self._turns.state in AGENTS:
            self._turns.stop_speaking()

    def _drop_turn(self) -> None:
        self._interrupt()
        self._turns.answering.set_aside("withdrawn")

    def confirm(self, what: str, question: str, now: float, *, first: str | None = None) -> None:
        """Ask for a yes or no before anything else, `first` being said ahead of it."""
        self._drop_turn()
        if first is not None:
            self._prompter.say("notice", first, now)
        self.confirming, self._to_confirm = what, question
        self._turns.lull.asked()
        self._turns.floor.profile = self._interview.patience.for_yes_or_no
        self._prompter.say("re_ask", question, now)

    def confirm_go_on(self, now: float) -> None:
        """We stopped twice for nobody: ask instead of starting a third time; what is asked already is."""
        if self.confirming is not None:
            self.confirm(self.confirming, self._to_confirm, now)
        else:
            self.confirm("go_on", script.SHALL_I_GO_ON, now)

    def _leave_confirming(self) -> None:
        """Await no yes or no any more; what is just being said to it is the answer to no other question."""
        if self.confirming is not None:
            self._turns.answering.set_aside("withdrawn")
        self.confirm_nothing()

    def confirm_nothing(self) -> None:
        """No yes or no is awaited any more: something else has come of it, or is asked."""
        if self.confirming is not None:
            self.confirming = None
            self._turns.floor.profile = self._interview.profile

    def _leave_unconfirmed(self) -> None:
        """Nobody is there to say yes or no. A topic that was to be left is left all the same."""
        if self.confirming == "values":
            self._interview.close_form()
        elif self.confirming == "other_topic":
            self._interview.close_node("answered")
        self.confirm_nothing()

    def takes_as_confirmation(self, answer: str | None) -> bool:
        """Whether this is no answer of its own: any word about stopping, a yes or no about anything else."""
        return self.confirming == "stop" or answer is not None

    def confirmed(self, answer: str | None, now: float) -> bool:
        """The answer to what was to be confirmed; False when it was no yes or no and counts as an answer of
        its own."""
        what = self.confirming
        self.confirm_nothing()
        if what == "stop":
            if answer == "yes":
                self._drop_turn()
                self._say_stopped(now)
            else:
                self._drop_turn()
                self._prompter.say("notice", script.GOING_ON, now)
                self._interview.ask_again(now)
            return True
        if answer is None:
            return False
        if answer == "yes" and what in ("erase_all", "withdraw"):
            self._erase_all(what, now)
            return True
        self._drop_turn()
        match what, answer:
            case "erase_all" | "withdraw", _:
                self._prompter.say("notice", script.GOING_ON, now)
                self._interview.ask_again(now)
            case "other_topic", "yes":
                self._interview.leave_node("answered", now)
            case "other_topic", _:
                self._interview.close_node("answered")
                self.pause("participant", script.PAUSED, now)
            case "hard_topic", "no":
                self._interview.skip(now)
            case _, "no":
                self.pause("participant", script.PAUSED, now)
            case _:
                self._interview.ask_again(now)
        return True

    # Pauses

    def pause(self, reason: PauseReason, words: str, now: float, *, first: str | None = None) -> None:
        """Pause, after saying so, and `first` ahead of that; silence never ends an interview."""
        if self._turns.state == "paused" or self.pausing is not None:
            return
        if self._interview.closing is not None:
            return  # there is nothing left to come back to
        self.keep_words()
        self._turns.overlap.settle()
        self._interrupt()
        self._turns.answering.turn = None
        self._leave_unconfirmed()
        self._out.append(InterviewPaused(reason, now))
        self.pausing = reason
        if first is not None:
            self._prompter.say("notice", first, now)
        self._prompter.say("notice", words, now)

    def pause_said(self) -> None:
        """The words about the pause have been heard."""
        self.pausing = None
        self._turns.suspend("pause")

    def resume(self, now: float) -> None:
        """Go on from a pause, with one sentence about where we were."""
        if self.pausing is not None:
            self.pause_said()
        if self._turns.state != "paused":
            return
        self._out.append(InterviewResumed(now))
        self.recap(now)

    def wake(self, now: float) -> None:
        """Whoever answers or wants something is back from the pause, or does without it."""
        paused = self._turns.state == "paused"
        if not paused and self.pausing is None:
            return
        self.pausing = None
        self._out.append(InterviewResumed(now))
        if paused:
            self._turns.floor.move("return")
            self._turns.expect(self._interview.node.key, self._interview.profile)
            self._turns.lull.await_first_word(now)
        self.take_up_answer(now)

    def left(self) -> None:
        """The last connection is gone: what was said of an unfinished answer is kept."""
        self.keep_words()
        if self.confirming == "withdraw":  # who hangs up on that question has answered it
            self._erasing.strike_all()
        self._leave_unconfirmed()
        self.pausing = None
        if self._turns.state != "closed":
            self._turns.suspend("leave")

    def keep_words(self) -> None:
        """Put on record what no last word has come for yet: the answer is gone on with later."""
        turn = self._turns.turn
        if turn is not None and (unfinished := turn.unfinished()):
            self._out.append(WordsHeard(turn.turn_id, turn.node_key, unfinished, turn.confidence))

    def recap(self, now: float) -> None:
        """Take a broken talk up again in one sentence, mid-probe and mid-answer."""
        state = self._out.state
        node = self._interview.node
        if state.stopped:  # it was killed, or lost, in its last words
            return self._interview.close("stopped", script.STOPPED, now)
        self._turns.expect(node.key, self._interview.profile)
        if state.asked is None and not state.kept_words:
            # a mere greeting: what is said over it answers nothing, and silences nothing that waits behind it
            self._prompter.say("notice", script.recap(None, ""), now)
            self._interview.go_on(now)
            return
        self.take_up_answer(now)
        asked = state.asked.text if state.asked is not None else None
        self._prompter.say("recap", script.recap(asked, state.kept_words), now, node_key=node.key)

    def take_up_answer(self, now: float) -> None:
        """Open the answer again that was broken off."""
        state = self._out.state
        if state.kept_words:
            self._turns.answering.resume(state.kept_turn, state.kept_words, state.kept_revision, now)

    # Silence

    def check_in(self, step: CheckInDue, now: float) -> None:
        """Ask whether somebody is still there, with other words each time."""
        closed = self._turns.floor.profile.check_in_delays[0] <= 3.0
        question = script.re_ask(self._interview.node, self._interview.field) if closed else None
        words = script.check_in(step.number, step.answering, closed, question)
        if self.confirming is not None:
            words = self._to_confirm
        if step.number > 0 and not step.answering:
            self._out.append(NoticeGiven("check_in", words, _WAYS_OUT))
        self._prompter.say("check_in", words, now)

    def unanswered(self, now: float) -> None:
        """Every check-in stayed without an answer; nothing goes on without a yes or no that was asked for."""
        if self.confirming == "values":  # which stand as they were read, unless they were denied
            self.confirm_nothing()
            return self._interview.leave_form(now)
        goes_on = self._turns.floor.profile.then == "go_on" and self.confirming is None
        if goes_on and self._out.state.unanswered_in_a_row == 0:
            self._prompter.say("notice", script.MOVING_ON, now)
            self._interview.no_answer(now)
        else:
            self.pause("silence", script.PAUSED_SILENCE, now)
