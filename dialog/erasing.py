"""What is erased at a participant's wish: the last answer at once, all of them after a yes. Takes nothing
out of the log itself, and knows no recording."""

from collections.abc import Sequence

from dialog import script
from dialog.events import AnswerStruck
from dialog.forgetting import forget_texts
from dialog.interview import Interview
from dialog.outbox import Outbox
from dialog.prompter import Prompter
from dialog.struck_words import EVERYTHING
from dialog.turn_taking import TurnTaking


class Erasing:
    """One session's. Every method takes `now` in session seconds."""

    def __init__(self, interview: Interview, out: Outbox, turns: TurnTaking, prompter: Prompter) -> None:
        self._interview = interview
        self._out = out
        self._turns = turns
        self._prompter = prompter

    def last(self, now: float, said_back: Sequence[int] = ()) -> None:
        """Erase the answer that is being given, else those out of which something was just said back, else
        the one before, and go on."""
        answers, asked = self._out.state.answers, self._out.state.asked
        unhinged = several = False
        if not self._begun():
            unhinged = asked is not None and asked.kind == "probe"
            if not answers:
                self._prompter.say("notice", script.NOTHING_TO_STRIKE, now)
                return self._go_on(now)
            several = len(said_back) > 1
            for turn_id in said_back or (answers[-1].turn_id,):
                self._committed(turn_id)
        self._forget()
        words = script.STRUCK_ALL_OF_IT if several else script.STRUCK
        self._prompter.say("notice", words, now, after_storage=True)  # it is said once it is so
        self._go_on(now, anew=unhinged)

    def begun(self) -> None:
        """Erase what was said of an answer that isn't on record yet, if anything was."""
        if self._begun():
            self._forget()

    def everything(self, now: float) -> None:
        """Erase every answer of the run, of earlier sittings too, and say so."""
        self.strike_all()
        self._prompter.say("notice", script.ALL_STRUCK, now, after_storage=True)

    def strike_all(self) -> None:
        """The same, when nobody is there to be told. What was said beside the answers goes as well."""
        self._begun()
        for turn_id in range(1, self._out.state.last_turn_id + 1):
            self._committed(turn_id)
        self._out.append(AnswerStruck(EVERYTHING))  # said over our words, or to a yes or no
        self._forget()

    def go_on_without(self, now: float) -> None:
        """Ask for an answer to the present question, though none of those before is left."""
        asked = self._out.state.asked
        self._go_on(now, anew=asked is None or asked.kind == "probe")

    def _begun(self) -> bool:
        turn = self._turns.turn
        if turn is None or not turn.text:
            return False
        self._turns.answering.turn = None
        self._turns.hearing.attribution.strike(turn.utterances)
        self._out.append(AnswerStruck(turn.turn_id))
        return True

    def _committed(self, turn_id: int) -> None:
        committed = self._turns.overlap.last_answer.withdraw()
        if committed is not None:
            self._turns.hearing.attribution.strike(committed.utterances)
        self._out.append(AnswerStruck(turn_id))

    def _forget(self) -> None:
        forget_texts()
        self._interview.vetting.forget()

    def _go_on(self, now: float, *, anew: bool = False) -> None:
        if self._interview.closing is not None:
            self._interview.part(now)
        elif anew:  # a probe would follow up on words that are gone
            self._interview.ask(now)
        else:
            self._interview.ask_again(now)
