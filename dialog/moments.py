"""The moments beside asking and answering: rights, what was confirmed, leaving, and silence."""

from typing import Final

from dialog import script
from dialog.erasing import Erasing
from dialog.events import FieldMissed, NoticeGiven, RightUsed
from dialog.interview import Interview
from dialog.judgement import Judgement, Right, Wish
from dialog.outbox import Outbox
from dialog.pauses import Pauses
from dialog.prompter import Prompter
from dialog.rights import points_at_it
from dialog.steps import CheckInDue
from dialog.turn_taking import TurnTaking
from dialog.yes_or_no import YesOrNo

SAID_BACK: Final = "strike_said_back"
"""What is to be confirmed where a wish to strike points at several answers."""
_WAYS_OUT = ("repeat", "skip", "pause")


class Moments:
    """What can happen at any time. Every method takes `now` in session seconds."""

    def __init__(self, interview: Interview, out: Outbox, turns: TurnTaking, prompter: Prompter) -> None:
        self._interview = interview
        self._out = out
        self._turns = turns
        self._prompter = prompter
        self._erasing = Erasing(interview, out, turns, prompter)
        self.yes_or_no = YesOrNo(interview, turns, prompter)
        self.pauses = Pauses(interview, out, turns, prompter, self.yes_or_no)
        self._passed_over: int | None = None
        """How many answers there were when silence passed over a field: who has given none since is away."""

    # Rights

    def claim(self, right: Right | Wish, now: float, said: str = "") -> None:
        """The participant claims a right, by whatever means; `said` in these words, if it was aloud."""
        self._turns.overlap.last_answer.settle()
        if right not in ("pause", "resume"):
            self.pauses.wake(now)
        # who pauses is done with it too: `pause` sees to that; who didn't hear it is asked it again
        about = self.yes_or_no.about if points_at_it(said) else ()  # of which there is any between sections
        if right == "strike":  # of what is just being said to the yes or no
            self.yes_or_no.await_nothing()
        elif right == "human" and self.yes_or_no.awaited == "values":  # which wait meanwhile
            self._turns.answering.set_aside("withdrawn")
        elif right not in ("pause", "resume", "done", "repeat", "slower"):
            self.yes_or_no.leave()
        self._out.append(RightUsed(right))
        match right:
            case "repeat":
                self._turns.break_off()
                self._ask_again(now)
            case "slower":
                self._turns.break_off()
                self._prompter.slow_down()
                self._ask_again(now, first=script.SLOWER)
            case "skip":
                self._keep_answer("skipped")
                self._turns.drop_answer()
                self._prompter.say("notice", script.SKIPPED, now)
                self._interview.skip(now)
            case "back":
                self._turns.drop_answer()
                if not self._interview.back(now):
                    self._prompter.say("notice", script.NOTHING_BEFORE, now)
                    self._interview.ask_again(now)
            case "pause":
                self.pauses.pause("participant", script.PAUSED, now)
            case "resume":
                self.pauses.resume(now)
            case "strike":
                self._turns.break_off()
                begun = self._turns.turn is not None and self._turns.turn.text
                if len(about) > 1 and not begun:
                    self.yes_or_no.ask(SAID_BACK, script.confirm_striking(len(about)), now, about=about)
                else:
                    self._erasing.last(now, about)
            case "human":
                self._turns.break_off()
                self._name_a_person(now)
            case "stop" if self._interview.closing is not None:
                self._turns.drop_answer()
                self._interview.part(now)
            case "stop":
                self._keep_answer()
                self.yes_or_no.ask("stop", script.CONFIRM_STOP, now)
            case "unrecord":
                self._keep_answer()
                self.yes_or_no.ask("stop", script.RECORDING_STAYS, now)
            case "erase_all" | "withdraw":
                self._ask_whether_to_erase(right, now)
            case "done":
                pass

    def _name_a_person(self, now: float) -> None:
        text = script.human_contact(self._interview.blueprint)
        self._out.append(NoticeGiven("human", text, ("pause",)))
        self._prompter.say("notice", text, now)

    def _ask_whether_to_erase(self, wish: Wish, now: float) -> None:
        """Nothing is erased without a yes but what was being said along with the wish; over the good-bye
        nobody can be asked any more, and the wish counts."""
        if self._interview.closing is not None:
            self._turns.drop_answer()
            if self._out.state.answers:
                self._erasing.everything(now)
            self._interview.part(now)
            return
        self._keep_answer()
        self._erasing.begun()
        if wish == "erase_all" and not self._out.state.answers:
            self._turns.break_off()
            self._erasing.last(now)  # of which there is none
        else:
            self.yes_or_no.ask(
                wish, script.CONFIRM_WITHDRAWAL if wish == "withdraw" else script.CONFIRM_ERASING, now
            )

    def erase_nothing(self, now: float) -> None:
        """Somebody wants that nothing is erased: say that nothing will be, and ask again."""
        self._prompter.say("notice", script.NOTHING_ERASED, now)
        self._interview.ask_again(now)

    def _erase_all(self, what: str, now: float) -> None:
        """The participant has said yes to that."""
        self._turns.drop_answer()
        self._erasing.everything(now)
        if what == "withdraw":
            self._say_stopped(now)
        else:
            self._erasing.go_on_without(now)

    def _ask_again(self, now: float, *, first: str | None = None) -> None:
        """Say again what an answer is awaited to, `first` being said ahead of it."""
        if self.yes_or_no.awaited != "go_on" and self.yes_or_no.ask_again(now, first=first):
            return
        self.yes_or_no.await_nothing()
        if first is not None:
            self._prompter.say("notice", first, now)
        self._interview.ask_again(now)

    def stop_for_good(self, now: float) -> None:
        """The page asked for confirmation already: what is said over the good-bye takes nothing back."""
        self._turns.overlap.last_answer.settle()
        self.yes_or_no.leave()
        self.pauses.pausing = None
        self._out.append(RightUsed("stop"))
        self._keep_answer()
        self._turns.drop_answer()
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

    def takes_as_confirmation(self, answer: str | None) -> bool:
        """Whether this is no answer of its own: any word about stopping, a yes or no about anything else."""
        return self.yes_or_no.awaited == "stop" or answer is not None

    def confirmed(self, answer: str | None, now: float) -> bool:
        """The answer to what was to be confirmed; False when it was no yes or no and counts as an answer of
        its own."""
        what, about = self.yes_or_no.awaited, self.yes_or_no.about
        self.yes_or_no.await_nothing()
        if what == "stop":
            if answer == "yes":
                self._turns.drop_answer()
                self._say_stopped(now)
            else:
                self._turns.drop_answer()
                self._prompter.say("notice", script.GOING_ON, now)
                self._interview.ask_again(now)
            return True
        if answer is None:
            return False
        if answer == "yes" and what in ("erase_all", "withdraw"):
            self._erase_all(what, now)
            return True
        self._turns.drop_answer()
        match what, answer:
            case "strike_said_back", "yes":
                self._erasing.last(now, about)
            case "strike_said_back", _:
                self.erase_nothing(now)
            case "erase_all" | "withdraw", _:
                self._prompter.say("notice", script.GOING_ON, now)
                self._interview.ask_again(now)
            case "other_topic", "yes" if self._out.state.asked is None:  # it came up between two questions
                self._interview.go_on(now)
            case "other_topic", "yes":
                self._interview.leave_node("answered", now)
            case "other_topic", _:
                self._interview.close_node("answered")
                self.pauses.pause("participant", script.PAUSED, now)
            case "hard_topic", "no":
                self._interview.skip(now)
            case _, "no":
                self.pauses.pause("participant", script.PAUSED, now)
            case _:
                self._interview.ask_again(now)
        return True

    # Absence and silence

    def left(self) -> None:
        """The last connection is gone: what was said of an unfinished answer is kept."""
        self.pauses.keep_words()
        if self.yes_or_no.awaited == "withdraw":  # who hangs up on that question has answered it
            self._erasing.strike_all()
        self.yes_or_no.abandon()
        self.pauses.pausing = None
        if self._turns.state != "closed":
            self._turns.suspend("leave")

    def check_in(self, step: CheckInDue, now: float) -> None:
        """Ask whether somebody is still there, with other words each time."""
        closed = self._turns.floor.profile.check_in_delays[0] <= 3.0
        question = script.re_ask(self._interview.node, self._interview.field) if closed else None
        words = script.check_in(step.number, step.answering, closed, question)
        if self.yes_or_no.awaited is not None:
            words = self.yes_or_no.question
        if step.number > 0 and not step.answering:
            self._out.append(NoticeGiven("check_in", words, _WAYS_OUT))
        self._prompter.say("check_in", words, now)

    def unanswered(self, now: float) -> None:
        """Every check-in stayed without an answer; nothing goes on without a yes or no that was asked for."""
        denied = self._out.state.node(self._interview.node.key).denied
        if self.yes_or_no.awaited == "values" and not denied:  # they stand as they were read
            self.yes_or_no.await_nothing()
            return self._interview.leave_form(now)
        goes_on = self._turns.floor.profile.then == "go_on" and self.yes_or_no.awaited is None
        answers = len(self._out.state.answers)
        again = self._out.state.unanswered_in_a_row > 0 or self._passed_over == answers
        if goes_on and not again and self._insists(now):
            return
        if goes_on and not again:
            if self._interview.field is not None:
                self._passed_over = answers
            self._prompter.say("notice", script.MOVING_ON, now)
            self._interview.no_answer(now)
        else:
            self.pauses.pause("silence", script.PAUSED_SILENCE, now)

    def _insists(self, now: float) -> bool:
        """A field that is required isn't left at the first silence: it may have been said, and not heard."""
        node, field = self._interview.node, self._interview.field
        if field is None or not field.required or field.name in self._out.state.node(node.key).missed:
            return False
        self._out.append(FieldMissed(node.key, field.name))
        self._out.append(NoticeGiven("misheard", script.NOTHING_HEARD, ("type", "skip", "repeat")))
        self._prompter.say("notice", script.NOTHING_HEARD, now)
        self._interview.ask_again(now)
        return True
