"""A form that was given by voice is read back before it is left, and corrected in the participant's words.
Chooses no question."""

from typing import Final

from dialog import script
from dialog.corrections import corrected
from dialog.events import NoticeGiven
from dialog.forms import clear_answer
from dialog.interview import Interview
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

WHAT: Final = "values"
"""What is to be confirmed, as the moments know it."""
_MOST_ROUNDS: Final = 2
"""Corrections of one form; after that the page is the better place for it."""
_WAYS: Final = (script.WHAT_TO_CORRECT, script.CORRECT_BY_HAND)
"""What is asked of somebody who says that it is wrong, one after the other."""


class ReadingBack:
    """One session's."""

    def __init__(self, interview: Interview, moments: Moments, turns: TurnTaking, out: Outbox) -> None:
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._out = out
        self._rounds = 0
        self._denials = 0

    def begin(self, now: float) -> None:
        """Read a form's values back."""
        self._rounds = self._denials = 0
        self._read(now)

    def _read(self, now: float) -> None:
        node = self._interview.node
        data = self._out.state.node(node.key).data
        self._moments.yes_or_no.ask(WHAT, script.read_back(node, data), now)

    def answered(self, turn: Turn, now: float) -> None:
        """Take the answer to what was read back: a correction, or whether it is right."""
        node = self._interview.node
        changes = corrected(node.fields or [], self._out.state.node(node.key).data, turn.text)
        if changes:
            self._moments.yes_or_no.await_nothing()
            self._interview.correct(self._turns.commit(), changes)
            self._rounds += 1
            if self._rounds < _MOST_ROUNDS:
                return self._read(now)
        elif self._denied(turn.text):
            self._turns.answering.set_aside("confirmation")
            return self._ask_what(now)
        else:
            self._turns.answering.set_aside("confirmation")
            self._moments.yes_or_no.await_nothing()
        self._interview.leave_form(now)

    def _denied(self, said: str) -> bool:
        """Whether the values are wrong by what was said, and there is a way left to set them right: words
        that can't be made out take no "no" back."""
        answer = clear_answer(said)
        self._interview.denied = answer == "no" or (self._interview.denied and answer is None)
        self._denials += self._interview.denied
        return self._interview.denied and self._denials <= len(_WAYS)

    def _ask_what(self, now: float) -> None:
        ask = _WAYS[self._denials - 1]
        if ask == script.CORRECT_BY_HAND:
            self._out.append(NoticeGiven("misheard", ask, ("type", "skip", "repeat")))
        self._moments.yes_or_no.ask(WHAT, ask, now)
