"""Sound that does not come is no silence: while it is missing, what runs on silence stands still.

Knows nothing of packets or frames.
"""

from typing import Final

from dialog.answering import Answering
from dialog.lull import TIMERS as LULL_TIMERS
from dialog.overlap import Overlap
from dialog.timers import LONGEST_STILL, Timers

ON_SOUND: Final = frozenset(
    (*LULL_TIMERS, "stalled", "noise", "noise_pause", "hold", "rejoin", "overlap", "no_words", "take_up")
)
"""Clocks that mean "nothing was said for so long" or "a voice was heard for so long"."""


A_WORD: Final = 0.2
"""Seconds of missing sound that may have held a word."""

LATE: Final = 0.1
"""Seconds for which clocks wait for the rest of sound that comes late, once in LONGEST_STILL at most: a road
that brings all of it in bunches must not stop them for good."""


class Unheard:
    """Gaps in what is heard, long ones as they happen and short ones afterwards."""

    def __init__(self, timers: Timers, answering: Answering, overlap: Overlap) -> None:
        self._timers = timers
        self._answering = answering
        self._overlap = overlap
        self._waited_at = -LONGEST_STILL

    def stalled(self, missing: float, now: float) -> None:
        """No sound has come for `missing` seconds, and none comes."""
        self._timers.stand_still(now - missing)

    def went_on(self, missing: float, now: float, *, late: bool = False) -> None:
        """Sound comes again, or its absence is told in another way; `missing` seconds of it never came.

        After a stall all of its duration counts: what was said in it may only be on its way through us. Of
        sound that was only `late` no more than LATE does, for it has been heard.
        """
        turn = self._answering.turn
        if turn is not None and missing >= A_WORD:
            turn.gap_ended_at = now
        if self._timers.still:
            missing = self._timers.go_on(now, self._rest_of_late(now) if late else LONGEST_STILL)
        else:
            self._timers.put_back(missing)
        self._overlap.unheard += missing
        for one in (turn, self._overlap.beside):
            if one is not None:
                one.ended_at = min(one.ended_at + missing, now)

    def _rest_of_late(self, now: float) -> float:
        if now - self._waited_at < LONGEST_STILL:
            return 0.0
        self._waited_at = now
        return LATE
