"""Phrases that name something, in text without punctuation or capitals as well as in written text: runs of
words that could be nouns, where what stands around them says that they are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from dialog.answers import PREDICATES
from dialog.lexicon import (
    AUXILIARIES,
    COMMON_VERBS,
    DATES,
    EMPTY_WORDS,
    IRREGULAR_PAST,
    NUMBERS,
    Word,
    is_content,
    stem,
    words_of,
)

LONGEST: Final = 3
"""Words in a phrase."""

_DETERMINERS: Final = frozenset(
    "the a an my our your his her its their this that these those every each some any no another which what "
    "much many few several both all more less most enough other".split()
)
_BEFORE_NOUNS: Final = frozenset(
    "of for in on at about from by without between during into through over after before per with within "
    "and or than as like around across against behind under".split()
)
_BEFORE_VERBS: Final = frozenset(
    "i you we they he she it to who will would can could should might must shall don't doesn't didn't can't "
    "cannot couldn't won't wouldn't shouldn't never always just gonna let's not".split()
)
_COPULAS: Final = frozenset(
    "feel feels felt get gets got become becomes became seem seems seemed look looks looked turn turns "
    "turned go goes went keep keeps kept start starts started stop stops stopped begin began".split()
)
_NOUNS_TOO: Final = frozenset(
    "work call calls end ends start look looks help talk talks care move moves".split()
)
_NEVER_LAST: Final = (
    NUMBERS
    | DATES
    | EMPTY_WORDS
    | frozenset(
        "night nights hour hours minute minutes second seconds years months weeks mornings evenings next "
        "last first sure able right wrong whole main different same best better worse worst easier harder "
        "bigger smaller later early late long short new old big little high low open full ready bit kinds "
        "sorts piece pieces while order half problem problems issue issues idea ideas answer answers "
        "questions examples reasons situation situations course side sides line level type types number "
        "numbers amount basis terms sense".split()
    )
)
_DROPPED_FIRST: Final = frozenset(
    "next last first second whole entire main different certain particular various new old big small little "
    "great good bad nice real actual own couple".split()
)
_SHORT_PAST: Final = frozenset("died used tied lied owed".split())
_SURE: Final = 1.0
"""Points from which a stem is taken for a noun's: a determiner before it is one."""


class Naming(msgspec.Struct, frozen=True):
    """One place where something is named."""

    clause: int
    words: tuple[str, ...]
    stems: tuple[str, ...]
    label: str
    """As it was written, in lower case where it only opens a sentence."""


class _Run(msgspec.Struct, frozen=True):
    clause: int
    words: tuple[Word, ...]
    opens: bool
    points: float
    """How sure it is that the last word is a noun; below 0: that the first is a verb."""


def namings_in(clauses: Sequence[str]) -> list[Naming]:
    """Every phrase of these pieces of one talk that surely names something, in order."""
    runs = [run for place, text in enumerate(clauses) for run in _runs(place, text)]
    points: defaultdict[str, float] = defaultdict(float)
    times: defaultdict[str, int] = defaultdict(int)
    for run in runs:
        last = stem(run.words[-1].lower)
        points[last] += run.points
        times[last] += 1
    nouns = {one for one, sure in points.items() if sure >= _SURE and sure >= 0.4 * times[one]}
    namings = []
    for run in runs:
        words = _fitting(run.words, nouns)
        if words:
            namings.append(_naming(run, words))
    return namings


def _naming(run: _Run, words: tuple[Word, ...]) -> Naming:
    written = [word.text for word in words]
    if run.opens and words[0] is run.words[0] and not written[0].isupper():
        written[0] = written[0].lower()
    return Naming(
        run.clause,
        tuple(word.lower for word in words),
        tuple(stem(word.lower) for word in words),
        " ".join(written),
    )


def _fitting(words: tuple[Word, ...], nouns: set[str]) -> tuple[Word, ...]:
    """The phrase in a run: up to its last sure noun, without the adjectives that say nothing."""
    end = len(words)
    while end and (stem(words[end - 1].lower) not in nouns or not _can_end(words[end - 1].lower)):
        end -= 1
    start = max(0, end - LONGEST)
    while start < end - 1 and (words[start].lower in _DROPPED_FIRST or words[start].lower in PREDICATES):
        start += 1
    return words[start:end]


def _can_end(lower: str) -> bool:
    return (
        lower not in _NEVER_LAST and lower not in PREDICATES and not lower.endswith("ly") and len(lower) > 2
    )


def _runs(place: int, text: str) -> list[_Run]:
    words, found, start = words_of(text), [], 0
    while start < len(words):
        end = start
        while end < len(words) and _can_name(words[end].lower):
            if end > start and text[words[end - 1].end : words[end].start].strip():
                break
            end += 1
        if end > start:
            before = words[start - 1].lower if start and _joined(text, words, start) else ""
            after = words[end].lower if end < len(words) and _joined(text, words, end) else ""
            points = _points(before, after, words[start:end])
            found.append(_Run(place, tuple(words[start:end]), start == 0, points))
        start = max(end, start + 1)
    return found


def _joined(text: str, words: list[Word], place: int) -> bool:
    return not text[words[place - 1].end : words[place].start].strip()


def _points(before: str, after: str, run: Sequence[Word]) -> float:
    """How surely the last word of a run is a noun, from the words around it. The longer the run, the
    likelier is it that a verb hides in it."""
    alone = len(run) == 1
    determined = before in _DETERMINERS or before.endswith("'s")
    if determined and alone:
        return 1.0
    if after in _DETERMINERS or after in ("it", "them", "us", "me", "him", "you"):
        return -0.5  # "the team leads us", "we order the parts"
    if determined:
        return 1.0 if len(run) == 2 else 0.75
    if before in _BEFORE_VERBS:
        return -1.0 if alone else 0.25
    if before in _BEFORE_NOUNS:
        return 0.75
    if before in NUMBERS or before.isdigit():
        return 0.75
    if before in _COPULAS:
        return -0.5 if alone else 0.25
    if before in COMMON_VERBS or before in IRREGULAR_PAST:
        return 0.75 if not run[-1].lower.endswith("ing") else 0.0
    return 0.5 if after in AUXILIARIES else 0.25


def _can_name(lower: str) -> bool:
    return (
        is_content(lower)
        and lower not in IRREGULAR_PAST
        and (lower not in COMMON_VERBS or lower in _NOUNS_TOO)
        and lower not in NUMBERS
        and not lower[0].isdigit()
        and "'" not in lower
        and lower not in _SHORT_PAST
        and not (lower.endswith("ed") and len(lower) > 4)
    )
