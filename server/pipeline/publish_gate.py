"""The gate in front of publishing: what a design's simulated talks came to, and whether that is enough. Knows
neither how talks are held nor whose design it is."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

GATE: Final = "simulation_gate"
"""The setting of an organization by which a draft must have been simulated before it is published."""
DEFAULT_SEEDS: Final = 3
MOST_SEEDS: Final = 20
"""Talks with each simulated participant. Larger: rarer faults are met, and the outcome comes later."""
MOST_QUESTIONS: Final = 2_000
"""Nodes of a draft, times talks with each participant. Larger: drafts of other organizations wait longer."""

MOST_NAMED: Final = 5
"""Questions that a shortcoming names."""


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a design has to reach. A larger share, or a smaller count, is stricter."""

    coverage: float = 1.0
    """Share of required questions covered, over the talks whose participants stayed. At least."""
    facts: float = 2.5
    """Planted facts found, for each that first answers alone contain. At least; nothing planted, no word."""
    repeats: float = 0.0
    """Answered questions that were put again, per talk. At most."""
    guard: float = 0.0
    """Violations of the probe guard that were spoken, per talk. At most."""
    ceilings: float = 0.0
    """Follow-ups beyond a ceiling, or after two that failed, per talk. At most."""
    cut_ins: float = 0.5
    """Times that the agent was heard to cut in, per talk. At most."""
    forbidden: float = 0.0
    """Words said that must never be, or kept that were to be erased, per talk. At most."""
    off_path: float = 0.0
    """Share of talks that went another way than the persona must be led. At most."""


class Summary(msgspec.Struct, frozen=True):
    """What a number of talks come to."""

    persona: str
    talks: int
    stayed: int
    coverage: float
    facts_planted: int
    facts_first: int
    facts_found: int
    facts_ratio: float | None
    """Found for each that first answers alone contain; None where nothing is planted."""
    probes: int
    cut_ins: int
    repeats: int
    guard_violations: int
    ceilings_broken: int
    forbidden: int
    off_path: int
    duration_s: float
    """Mean."""
    gap_p50_s: float | None
    gap_p95_s: float | None
    quality: float
    """Mean."""
    dispositions: dict[str, int]
    missed: dict[str, int] = {}
    """In how many talks a required question wasn't covered though the participant stayed, by its key."""


class Gate(msgspec.Struct, frozen=True):
    """What an organization wants of a draft before it is published."""

    seeds: int = DEFAULT_SEEDS
    thresholds: Thresholds = Thresholds()


def most_seeds(design: Mapping[str, Any]) -> int:
    """With how many talks for each participant a whole design may be tried."""
    return max(1, min(MOST_SEEDS, MOST_QUESTIONS // max(1, len(design["graph"]["nodes"]))))


def shortcomings(summary: Summary, wanted: Thresholds) -> list[str]:
    """What keeps these talks from being enough, each in a sentence; none when they are."""
    talks = max(summary.talks, 1)
    found = []
    if summary.stayed < summary.talks and not summary.stayed:
        found.append("No participant stayed to the end.")
    if summary.coverage < wanted.coverage:
        found.append(
            f"{summary.coverage:.1%} of the required questions were covered, not {wanted.coverage:.0%}"
            f"{_named(summary.missed)}."
        )
    if summary.facts_ratio is not None and summary.facts_ratio < wanted.facts:
        found.append(
            f"{summary.facts_ratio:.2f} planted facts were found for each that first answers contain,"
            f" not {wanted.facts:g}."
        )
    counts = (
        ("answered questions were put again", summary.repeats, wanted.repeats),
        ("violations of the probe guard were spoken", summary.guard_violations, wanted.guard),
        ("follow-ups broke a ceiling", summary.ceilings_broken, wanted.ceilings),
        ("cut-ins were heard", summary.cut_ins, wanted.cut_ins),
        ("forbidden words were said or kept", summary.forbidden, wanted.forbidden),
        ("talks went another way than they must", summary.off_path, wanted.off_path),
    )
    for what, count, most in counts:
        if count / talks > most:
            found.append(f"{count} {what} in {talks} talks, more than {most:g} a talk.")
    return found


def _named(missed: Mapping[str, int]) -> str:
    """The questions that were missed, the most frequent first."""
    most = sorted(missed, key=lambda key: (-missed[key], key))
    told = [f"{key} in {missed[key]} {'talk' if missed[key] == 1 else 'talks'}" for key in most[:MOST_NAMED]]
    if len(most) > MOST_NAMED:
        told.append(f"and {len(most) - MOST_NAMED} more")
    return f": missed were {', '.join(told)}" if told else ""
