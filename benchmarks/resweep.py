"""Tries other thresholds on the lulls of real talks, from what their logs say of each look. Asks no model.

A lull whose answer went on was a pause, and its length is known; one whose answer was committed for good was
an end. Lulls that were over before stage one leave nothing in the log, and no threshold changes them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from benchmarks.cut_in_figures import percentiles
from dialog.endpointing import Features, due_at
from dialog.events import AnswerCommitted, AnswerReopened, AnswerTaken, EndDoubted, Event, SessionOpened
from dialog.policy import PROFILES, Fusion, Profile
from dialog.signals import SpeechStarted

STRICT: Final = (0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
LOOSE: Final = (0.35, 0.4, 0.45, 0.5, 0.55)


class Lull(msgspec.Struct):
    """One silence that reached stage one."""

    looks: list[dict[str, float]]
    """The features of each look, in order."""
    duration: float | None = None
    """None where it was the answer's end."""


class Swept(msgspec.Struct, frozen=True):
    """What a pair of thresholds would have done."""

    strict: float
    loose: float
    taken_pauses: float
    """Share of pauses in which the answer would have been taken."""
    cut_pauses: float
    """Share of pauses that would have outlasted the hold too."""
    taken_after: tuple[float, float]
    """Seconds from an end to its take, p50 and p95."""


def lulls_of(events: Iterable[Event]) -> Iterator[Lull]:
    """Every lull of a log that was looked at and whose outcome is known."""
    lull, ended_at, committed = Lull([]), 0.0, False
    for event in events:
        match event.body:
            case SessionOpened():
                lull, committed = Lull([]), False
            case EndDoubted() | AnswerTaken() if "standing" in event.body.features:
                lull.looks.append(event.body.features)
                ended_at = event.at - event.body.features["silence"]
            case AnswerCommitted() if lull.looks:
                committed = True
            case AnswerReopened() if committed and not event.body.none:
                committed = False
                lull.duration = event.at - ended_at
                yield lull
                lull = Lull([])
            case SpeechStarted() if lull.looks:
                if not committed:
                    lull.duration = event.at - ended_at
                    yield lull
                    lull = Lull([])
            case _:
                pass
        if committed and event.at > ended_at + 10.0:
            yield lull
            lull, committed = Lull([]), False
    if committed:
        yield lull


def taken_after(lull: Lull, strict: float, loose: float) -> float:
    """The silence after which the answer would have been taken under these thresholds."""
    for number, look in enumerate(lull.looks):
        profile = _profile(look, strict, loose)
        features = _features(look)
        due = max(due_at(features, profile, Fusion()), look["silence"])
        following = lull.looks[number + 1]["silence"] if number + 1 < len(lull.looks) else float("inf")
        if due < following:
            return due
    return float("inf")


def _features(look: dict[str, float]) -> Features:
    return Features(
        look["silence"],
        look["completeness"],
        int(look["words"]),
        bool(look["filler_last"]),
        bool(look["final"]),
        bool(look["addressed"]),
        look["pace"],
        look.get("audio"),
        look.get("hint"),
        look["standing"],
        look["score"],
    )


def _profile(look: dict[str, float], strict: float, loose: float) -> Profile:
    """A profile of the delays that held then."""
    alike = [one for one in PROFILES.values() if one.stage_one_delay == look["stage_one"]]
    kept = alike[0] if alike else PROFILES["narrative"]
    return replace(kept, stage_two_delay=look["stage_two"], strict_threshold=strict, loose_threshold=loose)


def sweep(lulls: Sequence[Lull]) -> list[Swept]:
    """Every pair of thresholds, tried on every lull."""
    pauses = [lull for lull in lulls if lull.duration is not None]
    ends = [lull for lull in lulls if lull.duration is None]
    found = []
    for strict in STRICT:
        for loose in LOOSE:
            taken = cut = 0
            for lull in pauses:
                after, lasted = taken_after(lull, strict, loose), lull.duration or 0.0
                hold = _profile(lull.looks[0], strict, loose).hold_duration
                taken += after < lasted
                cut += after + hold < lasted
            count = max(1, len(pauses))
            after_ends = percentiles([taken_after(lull, strict, loose) for lull in ends])
            found.append(Swept(strict, loose, taken / count, cut / count, after_ends))
    return found
