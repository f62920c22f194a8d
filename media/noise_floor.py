"""How loud it is where nobody speaks: the quietest of the last seconds. Knows no voice."""

import math
from collections import deque
from typing import Final

BLOCK_FRAMES: Final = 25
"""Half a second: the quietest frame of each is kept."""
BLOCKS: Final = 6
"""Three seconds. Larger: a room that gets louder is taken for a voice for longer; smaller: so is the quietest
syllable of somebody who doesn't breathe."""


class NoiseFloor:
    """The least power of a frame over the last three seconds (minimum statistics; Martin, 2001)."""

    def __init__(self) -> None:
        self.power = 0.0
        """Mean square, 0–1; 0.0 before the first frame."""
        self._blocks: deque[float] = deque(maxlen=BLOCKS - 1)
        self._least = math.inf
        self._earlier = math.inf
        self._frames = 0

    def hear(self, power: float) -> None:
        """Take the mean square of the next frame."""
        if power < self._least:
            self._least = power
        self._frames += 1
        self.power = min(self._least, self._earlier)
        if self._frames == BLOCK_FRAMES:
            self._blocks.append(self._least)
            self._earlier = min(self._blocks)
            self._least, self._frames = math.inf, 0
