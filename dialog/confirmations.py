"""What is said while a yes or no is awaited: that, a right, a correction, or an answer of its own. Asks
nothing itself."""

from typing import Final

from dialog.forms import clear_answer
from dialog.granting import ERASING, Granting
from dialog.keeping import denies_erasing
from dialog.likely_claims import WHAT as RIGHT
from dialog.likely_claims import LikelyClaims
from dialog.moments import SAID_BACK, Moments
from dialog.reading_back import WHAT as VALUES
from dialog.reading_back import ReadingBack
from dialog.rights import spoken_right
from dialog.section_breaks import WHAT as SECTION
from dialog.section_breaks import SectionBreaks
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

_MOST_WORDS: Final = 6
"""Of a yes or no to whether a right was claimed; "it was just too much for me" is none."""


class Confirmations:
    """One session's."""

    def __init__(
        self,
        moments: Moments,
        turns: TurnTaking,
        granting: Granting,
        reading_back: ReadingBack,
        section_breaks: SectionBreaks,
        likely_claims: LikelyClaims,
    ) -> None:
        self._moments = moments
        self._turns = turns
        self._granting = granting
        self._reading_back = reading_back
        self._section_breaks = section_breaks
        self._likely_claims = likely_claims

    def taken(self, turn: Turn, now: float) -> bool:
        """Take what was said; False where it is an answer to what was asked before."""
        awaited = self._moments.yes_or_no.awaited
        answer = clear_answer(turn.text)  # first: "no, I want to finish it" is no claim to stop
        if awaited in (*ERASING, SAID_BACK) and denies_erasing(turn.text):
            answer = "no"
        right = spoken_right(turn.text) if answer is None else None
        if right == awaited or (right == "strike" and awaited == SAID_BACK):  # said once more, as "stop"
            answer = "yes"
        elif right is not None and right not in ("resume", "done"):
            self._granting.grant(turn, right, now)
            return True
        if awaited == VALUES:
            self._reading_back.answered(turn, now)
            return True
        if awaited == SECTION:
            self._section_breaks.answered(turn, answer, now)
            return True
        if awaited == RIGHT:
            return self._likely_claims.answered(answer if turn.word_count <= _MOST_WORDS else None, now)
        if self._moments.takes_as_confirmation(answer):
            self._turns.answering.set_aside("confirmation")
        return self._moments.confirmed(answer, now)
