"""A form that was given by voice is read back before it is left, and corrected in the participant's words.
Chooses no question."""

from typing import Final

from dialog import script
from dialog.corrections import corrected
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


class ReadingBack:
    """One session's."""

    def __init__(self, interview: Interview, moments: Moments, turns: TurnTaking, out: Outbox) -> None:
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._out = out
        self._rounds = 0
        self._asked_what = False

    def begin(self, now: float) -> None:
        """Read a form's values back."""
        self._rounds, self._asked_what = 0, False
        self._read(now)

    def _read(self, now: float) -> None:
        node = self._interview.node
        data = self._out.state.node(node.key).data
        self._moments.confirm(WHAT, script.read_back(node, data), now)

    def answered(self, turn: Turn, now: float) -> None:
        """Take the answer to what was read back: a correction, or whether it is right."""
        node = self._interview.node
        changes = corrected(node.fields or [], self._out.state.node(node.key).data, turn.text)
        if changes:
            self._moments.confirm_nothing()
            self._interview.correct(self._turns.commit(), changes)
            self._rounds += 1
            if self._rounds < _MOST_ROUNDS:
                return self._read(now)
        else:
            self._turns.answering.set_aside("confirmation")
            if clear_answer(turn.text) == "no" and not self._asked_what:
                self._asked_what = True
                return self._moments.confirm(WHAT, script.WHAT_TO_CORRECT, now)
            self._moments.confirm_nothing()
        self._interview.leave_form(now)
