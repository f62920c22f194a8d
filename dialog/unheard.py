"""Sound that does not come is no silence: while it is missing, what runs on silence stands still.

Knows nothing of packets or frames.
"""

from typing import Final

from dialog.answering import Answering
from dialog.lull import TIMERS as LULL_TIMERS
from dialog.overlap import Overlap
from dialog.timers import Timers

ON_SOUND: Final = frozenset(
    (*LULL_TIMERS, "stalled", "noise", "noise_pause", "hold", "rejoin", "overlap", "no_words", "take_up")
)
"""Clocks that mean "nothing was said for so long" or "a voice was heard for so long"."""


A_WORD: Final = 0.2
"""Seconds of missing sound that may have held a word."""


class Unheard:
    """Gaps in what is heard, long ones as they happen and short ones afterwards."""

    def __init__(self, timers: Timers, answering: Answering, overlap: Overlap) -> None:
        self._timers = timers
        self._answering = answering
        self._overlap = overlap

    def stalled(self, missing: float, now: float) -> None:
        """No sound has come for `missing` seconds, and none comes."""
        self._timers.stand_still(now - missing)

    def went_on(self, missing: float, now: float) -> None:
        """Sound comes again, or its absence is told in another way; `missing` seconds of it never came.

        After a stall all of its duration counts: what was said in it may only be on its way through us.
        """
        turn = self._answering.turn
        if turn is not None and missing >= A_WORD:
            turn.gap_ended_at = now
        if self._timers.still:
            missing = self._timers.go_on(now)
        else:
            self._timers.put_back(missing)
        self._overlap.unheard += missing
        for one in (turn, self._overlap.beside):
            if one is not None:
                one.ended_at = min(one.ended_at + missing, now)
