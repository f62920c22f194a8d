"""Shares and percentiles of many simulated answers, with bounds that know speakers from answers."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import msgspec

from benchmarks.ear_record import Outcome

_RESAMPLES: Final = 1000


class Share(msgspec.Struct, frozen=True):
    """A share 0–1 and its one-sided 95 % upper bound: a bootstrap over speakers, not over answers."""

    value: float
    upper: float


class Figures(msgspec.Struct, frozen=True):
    """One row of the benchmark: a profile in a world, heard with certain senses."""

    answers: int
    speakers: int
    hard: Share
    soft: Share
    reopened: Share
    missed: Share
    cue: Share
    check_in: Share
    fallback: Share
    """Of answers that a generated probe was to follow."""
    generated: float
    tokens: float
    """Audible ones for each answer."""
    looks: float
    acknowledged: float
    """Share of replies whose first sound was a token."""
    first_audio: tuple[float, float]
    """Percentiles 50 and 95, a missed end counting as never."""
    first_audio_acknowledged: tuple[float, float]
    question: tuple[float, float]


def figures_of(outcomes: Sequence[Outcome], seed: int = 1) -> Figures:
    """Everything about one row."""
    generated = [one for one in outcomes if one.generated]

    def share(holds: Callable[[Outcome], bool], among: Sequence[Outcome] = outcomes) -> Share:
        return _share([(one.speaker, holds(one)) for one in among], seed)

    return Figures(
        len(outcomes),
        len({one.speaker for one in outcomes}),
        share(lambda one: one.hard),
        share(lambda one: one.soft),
        share(lambda one: one.reopened),
        share(lambda one: one.missed),
        share(lambda one: one.cue),
        share(lambda one: one.check_in),
        share(lambda one: one.fallback, generated),
        len(generated) / max(1, len(outcomes)),
        sum(one.tokens for one in outcomes) / max(1, len(outcomes)),
        sum(one.looks for one in outcomes) / max(1, len(outcomes)),
        sum(one.acknowledged for one in outcomes) / max(1, len(outcomes)),
        percentiles([one.first_audio for one in outcomes]),
        percentiles([one.first_audio for one in outcomes if one.acknowledged]),
        percentiles([one.question for one in outcomes]),
    )


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 95th; math.inf where they are missed ends, and of nothing."""
    ordered = sorted(values)
    if not ordered:
        return math.inf, math.inf
    return ordered[math.ceil(0.5 * len(ordered)) - 1], ordered[math.ceil(0.95 * len(ordered)) - 1]


def _share(cases: Sequence[tuple[int, bool]], seed: int) -> Share:
    """Resamples speakers with all their answers; without any case that holds, the rule of three."""
    if not cases:
        return Share(0.0, 0.0)
    held: dict[int, int] = defaultdict(int)
    count: dict[int, int] = defaultdict(int)
    for speaker, holds in cases:
        held[speaker] += holds
        count[speaker] += 1
    total = sum(held.values())
    if total == 0:
        return Share(0.0, min(1.0, 3.0 / len(cases)))
    rng, speakers = Random(seed), list(count)
    shares = []
    for _ in range(_RESAMPLES):
        drawn = rng.choices(speakers, k=len(speakers))
        shares.append(sum(held[one] for one in drawn) / sum(count[one] for one in drawn))
    shares.sort()
    return Share(total / len(cases), shares[math.ceil(0.95 * _RESAMPLES) - 1])
