"""The dice of simulated participants: all that a seed decides. Knows nothing of what is drawn."""

import math
import zlib
from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np

_Item = TypeVar("_Item")
_DEVIATES_TO_P95: Final = 1.6449


class Chance:
    """A stream of draws of its own, named by words: what one stream draws changes no other."""

    def __init__(self, *name: object) -> None:
        self._generator = np.random.default_rng(zlib.crc32("/".join(map(str, name)).encode()))

    def between(self, low: float, high: float) -> float:
        """Any number in a range alike."""
        return float(self._generator.uniform(low, high))

    def happens(self, probability: float) -> bool:
        """Whether something of this probability, 0–1, comes about."""
        return float(self._generator.random()) < probability

    def delay(self, p50: float, p95: float) -> float:
        """A delay whose logarithm is normal, by two of its percentiles."""
        deviate = float(self._generator.standard_normal())
        return p50 * math.exp(deviate * math.log(p95 / p50) / _DEVIATES_TO_P95)

    def one_of(self, items: Sequence[_Item]) -> _Item:
        """One of several."""
        return items[int(self._generator.integers(len(items)))]
