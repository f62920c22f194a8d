"""How likely an answer is over, from what is known at this moment: each source is a likelihood ratio, and
they add up. Evidence only: who takes the floor is decided elsewhere."""

import math
from itertools import pairwise
from typing import Final

import msgspec

from dialog.calibration import RECOGNISERS, detector_of
from dialog.completeness import FILLERS, addresses, completeness_of, words_of
from dialog.policy import Fusion, Profile

_TEXT_KNOTS: Final = (
    (0.08, -3.0),
    (0.12, -1.8),
    (0.30, -0.7),
    (0.42, 0.0),
    (0.55, 0.1),
    (0.78, 0.3),
    (0.93, 1.0),
    (0.97, 2.0),
)
"""Completeness and its worth in log-odds, from where people pause and where they end (half of the answers of
benchmarks/data): a finished clause says little, as most long pauses follow one, an open one much."""
_OUTLASTED: Final = tuple(
    (math.log(silence), -math.log(share))
    for silence, share in ((0.3, 0.556), (0.6, 0.217), (1.0, 0.099), (1.6, 0.050), (2.5, 0.013), (4.0, 0.003))
)
"""Over log time, how rare the pauses are that last longer (eot-bench, English): few do, and ever fewer."""
_AT_REFERENCE: Final = 1.765
"""At 0.7 s silence itself is worth nothing: the prior is that of pauses which last as long."""
_OPEN: Final = 0.2
"""What reads less finished than this goes on, unless somebody has lost the thread."""
_NEVER: Final = 60.0


class Sources(msgspec.Struct, frozen=True):
    """What is known in a lull beside the words. None = there is no such source, or it has not answered."""

    detector: str = ""
    probability: float | None = None
    """The audio model's raw score."""
    recogniser: str = ""
    """"" = it sends no events of its own."""
    hint: str | None = None
    question: str = ""
    """What was asked."""
    pace: float = 1.0
    """The person's own long pauses beside one second (dialog.patience)."""


class Features(msgspec.Struct, frozen=True):
    """What a decision rested on; goes into the log so that policies can be tried again on old talks."""

    silence: float
    completeness: float
    words: int
    filler_last: bool
    final: bool
    addressed: bool
    pace: float
    audio: float | None
    """The audio model's raw score; None without one."""
    hint: float | None
    """0 none, 1 eager, 2 over; None where the recogniser sends none."""
    standing: float
    """Log-odds of everything but the silence."""
    score: float
    """0–1, the silence included."""

    def as_log(self, profile: Profile) -> dict[str, float]:
        """The same as plain numbers, with the delays that held; what there is no source for is left out."""
        told = {
            "silence": round(self.silence, 3),
            "completeness": round(self.completeness, 3),
            "words": float(self.words),
            "filler_last": float(self.filler_last),
            "final": float(self.final),
            "addressed": float(self.addressed),
            "pace": round(self.pace, 3),
            "standing": round(self.standing, 3),
            "score": round(self.score, 3),
            "stage_one": profile.stage_one_delay or profile.stage_two_delay,
            "stage_two": profile.stage_two_delay,
        }
        if self.audio is not None:
            told["audio"] = round(self.audio, 5)
        if self.hint is not None:
            told["hint"] = self.hint
        return told


def weigh(
    text: str,
    silence: float,
    final: bool,
    profile: Profile,
    fusion: Fusion,
    sources: Sources = Sources(),  # noqa: B008 - frozen
) -> Features:
    """Fuse the evidence that the answer is over. `silence` is on media time; `final` = no word is still to
    come.

    Without semantics (dictation), and without any word, silence alone counts: a missing source makes for
    longer delays, never for a stall.
    """
    words = words_of(text)
    filler = bool(words) and words[-1] in FILLERS
    hint = (
        None
        if sources.recogniser not in RECOGNISERS
        else {"eager": 1.0, "over": 2.0}.get(sources.hint or "", 0.0)
    )
    if not profile.semantics:
        score = 0.9 if silence + 1e-6 >= profile.stage_two_delay else 0.1
        return Features(
            silence, 0.5, len(words), filler, final, True, 1.0, sources.probability, hint, 0.0, score
        )
    closed = profile.name == "closed"
    complete = completeness_of(text, words, closed, sources.question)
    addressed = closed or addresses(words, sources.question)
    heard = _heard(sources, fusion)
    trust = fusion.closed_text if closed else fusion.text
    standing = profile.prior + trust * _text_log_ratio(complete) + (heard or 0.0)
    if not final:
        standing -= fusion.unfinal
    if not closed:
        length = min(max(len(words), fusion.fewest_words), fusion.usual_words)
        share = fusion.unheard_length if heard is None else 1.0
        standing += share * fusion.length * math.log(length / fusion.usual_words)
        if not addressed:
            standing -= fusion.unaddressed
        if complete > _OPEN:
            standing = max(standing, fusion.utmost_doubt)
    logit = standing + _worth_of(_counted(silence, profile), sources.pace, fusion)
    score = 1.0 / (1.0 + math.exp(-logit))
    return Features(
        silence,
        complete,
        len(words),
        filler,
        final,
        addressed,
        sources.pace,
        sources.probability,
        hint,
        standing,
        score,
    )


def _heard(sources: Sources, fusion: Fusion) -> float | None:
    """What those say who have listened for the end; None where nobody has."""
    curve = detector_of(sources.detector)
    told = None
    if sources.probability is not None and curve is not None:
        told = fusion.audio * curve.log_ratio(sources.probability)
    if sources.recogniser in RECOGNISERS:
        told = (told or 0.0) + fusion.hints * RECOGNISERS[sources.recogniser].log_ratio(sources.hint)
    return told


def _text_log_ratio(complete: float) -> float:
    if complete == 0.5:
        return 0.0
    low, high = _TEXT_KNOTS[0][0], _TEXT_KNOTS[-1][0]
    return _between(_TEXT_KNOTS, min(max(complete, low), high))


def _worth_of(silence: float, pace: float, fusion: Fusion) -> float:
    """How rarely a pause outlasts this, beside one of 0.7 s; another pace stretches time."""
    return fusion.silence * (_between(_OUTLASTED, math.log(max(silence, 0.05) / pace)) - _AT_REFERENCE)


def _silence_worth(worth: float, pace: float, fusion: Fusion) -> float:
    """The silence that is worth so much: the inverse of `_worth_of`."""
    rarity = worth / fusion.silence + _AT_REFERENCE
    turned = tuple((y, x) for x, y in _OUTLASTED)
    return pace * math.exp(min(_between(turned, rarity), 6.0))


def _between(knots: tuple[tuple[float, float], ...], at: float) -> float:
    """Straight lines through the knots, the first and the last going on."""
    for (x_1, y_1), (x_2, y_2) in pairwise(knots):
        if at <= x_2 or x_2 == knots[-1][0]:
            return y_1 + (y_2 - y_1) * (at - x_1) / (x_2 - x_1)
    raise AssertionError(knots)


def _counted(silence: float, profile: Profile) -> float:
    """Between the stages silence adds nothing: what was not enough at the first waits for the second, unless
    somebody else brings more."""
    first = profile.stage_one_delay
    return silence if first is None or silence + 1e-6 >= profile.stage_two_delay else min(silence, first)


def threshold(silence: float, profile: Profile) -> float:
    """The score that takes the turn after so much silence: strict from stage one on, loose from stage two."""
    strict = profile.stage_one_delay is not None and silence + 1e-6 < profile.stage_two_delay
    return profile.strict_threshold if strict else profile.loose_threshold


def due_at(features: Features, profile: Profile, fusion: Fusion) -> float:
    """The silence, in seconds, at which the evidence will be enough, if nothing but silence comes."""
    first, second = profile.stage_one_delay, profile.stage_two_delay
    if not profile.semantics or first is None:
        return second
    if features.standing + _worth_of(first, features.pace, fusion) >= _logit(profile.strict_threshold):
        return first
    worth = _logit(profile.loose_threshold) - features.standing
    return min(max(second, _silence_worth(worth, features.pace, fusion)), _NEVER)


def _logit(score: float) -> float:
    return math.log(score / (1.0 - score))
