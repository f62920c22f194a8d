"""How hard live voices are encoded: as well as can be, unless the beat that they leave on is strained.

Pure: time is the number of beats, one per 20 ms. Knows no encoder, and nothing of why the beat is late.
"""

from typing import Final

from media.frames import FRAME_DURATION

STEPS: Final = (5, 3, 1)
"""Complexities of Opus: 5 costs about 260 µs a packet, 1 about 80, and loses what is above 8 kHz."""
STRAINED: Final = 0.7
"""Share of a beat, taken by its lateness and by all that the loop does meanwhile, above which there is too
much to do. Larger: replies come late, and then packets leave late, before anything is done about it."""
RELAXED: Final = 0.5
"""Share below which there is room for more. Larger: steps up that have to be taken back."""
SMOOTHING: Final = 0.05
"""Share of a new beat in the running figure: a time constant of 20 beats, 0.4 s."""
DOWN_AFTER: Final = 25
"""Beats (0.5 s) at least between two steps down, until the last one shows."""
UP_AFTER: Final = 250
"""Beats (5 s) for which it must have been relaxed before a step up."""
_MOST: Final = 2.0
"""Beats that a single stall counts as: one pause of the whole machine says nothing of its load."""


class EncoderEffort:
    """Follow the beat; `complexity` is what every live encoder should work with now."""

    def __init__(self) -> None:
        self._step = 0
        self._strain = 0.0
        self._since_change = 0
        self._relaxed_beats = 0

    @property
    def complexity(self) -> int:
        """One of STEPS."""
        return STEPS[self._step]

    def beat(self, lateness: float, worked: float) -> bool:
        """Take one beat: its lateness, and what the loop has worked since the one before, both in seconds.
        True for a new step."""
        share = min((max(0.0, lateness) + worked) / FRAME_DURATION, _MOST)
        self._strain += (share - self._strain) * SMOOTHING
        self._since_change += 1
        self._relaxed_beats = self._relaxed_beats + 1 if self._strain < RELAXED else 0
        if self._strain > STRAINED and self._since_change >= DOWN_AFTER:
            return self._move(min(self._step + 1, len(STEPS) - 1))
        if self._relaxed_beats >= UP_AFTER:
            return self._move(max(self._step - 1, 0))
        return False

    def _move(self, step: int) -> bool:
        changed, self._step = step != self._step, step
        self._since_change = self._relaxed_beats = 0
        return changed
