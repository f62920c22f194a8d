"""What another's word on the end of a turn is worth: for each detector, how its scores fall within answers
and at their ends, as likelihood ratios. Asks nobody.

A detector is binormal: some monotone scale exists on which its scores in a pause within an answer are normal
with mean 0 and deviation 1, and at an end normal with another mean and deviation. Two published points of its
trade-off (pauses cut, ends found) fix both; how a raw score lies on that scale is fitted by two numbers more.
"""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from statistics import NormalDist
from types import MappingProxyType

import msgspec

_NORMAL = NormalDist()
_MOST_AGAINST = -3.0
"""No single look is trusted further than this."""


class Binormal(msgspec.Struct, frozen=True):
    """One audio detector's scores at ends, on the scale where those in pauses are standard normal."""

    end_mean: float
    end_deviation: float
    logit_at_zero: float = 0.0
    """The raw score, as log-odds, of the average pause."""
    logit_slope: float = 1.0
    """Log-odds of the raw score for one deviation."""

    def deviate(self, probability: float) -> float:
        """Where a raw score 0–1 lies on the scale."""
        kept = min(max(probability, 1e-6), 1.0 - 1e-6)
        return (math.log(kept / (1.0 - kept)) - self.logit_at_zero) / self.logit_slope

    def probability(self, deviate: float) -> float:
        """The raw score that lies there: the inverse of `deviate`."""
        return 1.0 / (1.0 + math.exp(-self.logit_at_zero - self.logit_slope * deviate))

    def log_ratio(self, probability: float) -> float:
        """How much more likely this score is at an end than in a pause; never falls as the score grows."""
        deviate, mean, deviation = self.deviate(probability), self.end_mean, self.end_deviation
        if deviation < 1.0:  # beyond this the two curves would cross again
            deviate = min(deviate, mean / (1.0 - deviation**2))
        ratio = 0.5 * deviate**2 - 0.5 * ((deviate - mean) / deviation) ** 2 - math.log(deviation)
        return max(_MOST_AGAINST, ratio)


def binormal(
    first: tuple[float, float], second: tuple[float, float], *, logit_at_zero: float, logit_slope: float
) -> Binormal:
    """The curve through two points, each (share of pauses cut, share of ends found)."""
    (cut_1, found_1), (cut_2, found_2) = (
        (_NORMAL.inv_cdf(cut), _NORMAL.inv_cdf(found)) for cut, found in (first, second)
    )
    slope = (found_2 - found_1) / (cut_2 - cut_1)
    return Binormal((found_1 - slope * cut_1) / slope, 1.0 / slope, logit_at_zero, logit_slope)


_POINT = r"([0-9.]{1,12})/([0-9.]{1,12})@([0-9.]{1,12})"
_CARRIED = re.compile(rf"\S+ {_POINT} {_POINT}")


@lru_cache(maxsize=64)
def detector_of(name: str) -> Binormal | None:
    """What a detector's scores are worth, by its name; None = they are not believed.

    One that isn't filed in DETECTORS may carry two points of its own behind its name, each as
    CUT/FOUND@SCORE: the shares of pauses and of ends that score so high. In the log with the name, they are
    there when a talk is replayed.
    """
    if name in DETECTORS:
        return DETECTORS[name]
    carried = _CARRIED.fullmatch(name)
    if carried is None:
        return None
    try:
        cut_1, found_1, score_1, cut_2, found_2, score_2 = map(float, carried.groups())
        low, high = (-_NORMAL.inv_cdf(cut) for cut in (cut_2, cut_1))
        near, far = (math.log(score / (1.0 - score)) for score in (score_2, score_1))
        slope = (far - near) / (high - low)
        curve = binormal(
            (cut_1, found_1), (cut_2, found_2), logit_at_zero=far - slope * high, logit_slope=slope
        )
    except (ValueError, ZeroDivisionError):  # StatisticsError is a ValueError
        return None
    sane = slope > 0 and curve.end_mean > 0 and curve.end_deviation > 0
    return curve if sane and all(map(math.isfinite, (slope, curve.end_mean, curve.end_deviation))) else None


class Hints(msgspec.Struct, frozen=True):
    """A recogniser's own events: how often each is its latest word in a pause, and at an end."""

    eager: tuple[float, float]
    over: tuple[float, float]

    def log_ratio(self, hint: str | None) -> float:
        """The worth of its latest event; silence from one that could speak is a word too."""
        match hint:
            case "over":
                pause, end = self.over
            case "eager":
                pause, end = self.eager
            case _:
                pause = 1.0 - self.over[0] - self.eager[0]
                end = 1.0 - self.over[1] - self.eager[1]
        return math.log(end / pause)


DETECTORS: Mapping[str, Binormal] = MappingProxyType(
    {
        # Smart Turn v3.2 on eot-bench, English: 0.09 is the raw threshold of the first point. How its scores
        # lie around that is assumed, not published: a half-way score finds just over half of the ends.
        "smart-turn-v3": binormal((0.248, 0.848), (0.484, 0.970), logit_at_zero=-4.74, logit_slope=3.57),
    }
)
"""By the name that ParticipantJoined and TurnEndScored carry; see `detector_of`."""

RECOGNISERS: Mapping[str, Hints] = MappingProxyType(
    {
        # Deepgram Flux on eot-bench, English: 4.6 % of pauses cut at 50.7 % of ends found, 34.0 % at 98.8 %.
        "deepgram-flux": Hints(eager=(0.340 - 0.046, 0.988 - 0.507), over=(0.046, 0.507)),
    }
)
"""By the name that ParticipantJoined carries."""
