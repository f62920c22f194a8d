"""Pausing, and taking a talk up again where it was broken off: silence never ends an interview. Knows not why
somebody pauses."""

from dialog import script
from dialog.events import InterviewPaused, InterviewResumed, PauseReason, WordsHeard
from dialog.interview import Interview
from dialog.outbox import Outbox
from dialog.prompter import Prompter
from dialog.turn_taking import TurnTaking
from dialog.yes_or_no import YesOrNo


class Pauses:
    """One session's. Every method takes `now` in session seconds."""

    def __init__(
        self, interview: Interview, out: Outbox, turns: TurnTaking, prompter: Prompter, yes_or_no: YesOrNo
    ) -> None:
        self._interview = interview
        self._out = out
        self._turns = turns
        self._prompter = prompter
        self._yes_or_no = yes_or_no
        self.pausing: PauseReason | None = None
        """Why, while that is being said: the pause sets in when it has been heard."""

    def pause(self, reason: PauseReason, words: str, now: float, *, first: str | None = None) -> None:
        """Pause, after saying so, and `first` ahead of that."""
        if self._turns.state == "paused" or self.pausing is not None:
            return
        if self._interview.closing is not None:
            return  # there is nothing left to come back to
        self.keep_words()
        self._turns.overlap.last_answer.settle()
        self._turns.break_off()
        self._turns.answering.turn = None
        self._yes_or_no.abandon()
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
        self._yes_or_no.take_up()
        self.take_up_answer(now)

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
        if self._interview.unconfirmed:  # begun anew: what was said to it last wants its question with it
            self.take_up_answer(now)
            self._turns.answering.set_aside("withdrawn")
            self._prompter.say("notice", script.recap(None, ""), now)
            return self._interview.read_back(now)
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
