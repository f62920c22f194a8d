"""What is said to the interviewer itself, in anger, in jest or as an order: it stays in its role, leads back
once, offers to stop the next time, and after that takes it for unwillingness to answer."""

from typing import Final

from dialog import script
from dialog.asides import addresses_the_machine, attacks
from dialog.interview import Interview
from dialog.judgement import CARRYING_CONFIDENCE, TO_US, Judgement
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

MEANING: Final = "to_us"
"""What such words mean on the record."""


def is_to_us(turn: Turn, judgement: Judgement) -> bool:
    """Whether words were for the interviewer and no answer; badly recognised ones are held against nobody."""
    if judgement.verdict != "off_topic" or turn.confidence < CARRYING_CONFIDENCE:
        return False
    return not TO_US.isdisjoint(judgement.reasons) or attacks(turn.text) or addresses_the_machine(turn.text)


class Rebuffs:
    """One session's."""

    def __init__(self, interview: Interview, moments: Moments, turns: TurnTaking, out: Outbox) -> None:
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._out = out

    def met(self, turn: Turn, judgement: Judgement, now: float) -> bool:
        """Meet such words; False when these are none."""
        if not is_to_us(turn, judgement):
            return False
        before = self._out.state.rebuffs
        self._out.append(turn.remark(MEANING))
        self._turns.dismiss(now)
        if before == 0:
            self._interview.redirect(now)
        elif before == 1:
            self._moments.yes_or_no.ask("stop", script.OFFER_TO_STOP, now)
        else:
            self._interview.leave_node("refused", now)
        return True
