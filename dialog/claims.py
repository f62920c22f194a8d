"""Finds a right that is claimed in the middle of an answer, and tells a claim from a story in which the same
words are said. What the claim is for, and what becomes of the answer, is decided elsewhere.

A breath, a sentence end or a word that breaks off ("um", "actually", "sorry") sets a claim apart; without
one, only words count that can be meant for nobody but the interviewer ("can we skip this question").
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from dialog.addressing import (
    GOES_ON,
    SENTENCE_ENDS,
    Around,
    gives_a_reason,
    is_meant,
    is_told,
    supposed,
)
from dialog.judgement import Right, Wish
from dialog.lexicon import FILLERS, Word, lower_words, words_of
from dialog.rights import begins_a_claim, claim_between, spoken_right

_LONGEST: Final = 18
"""Words of a claim with what is said around it for politeness."""
_WITHIN: Final = 60
"""Words at the end of what was said in one breath in which a claim is looked for."""
_NOISES: Final = frozenset("um uh er oh hey hm hmm well so okay ok yeah yes no and but".split())
_MOST_NOISES: Final = 6
"""Of them, ahead of a claim."""
_JOINING: Final = FILLERS | {"and", "but", "then", "sorry", "actually", "please", "wait"}


class Claim(msgspec.Struct, frozen=True):
    """A right, and the words that claim it, as they stand at the end of what was said last."""

    right: Right | Wish
    words: str


@lru_cache(maxsize=4)  # the same words are asked for it more than once
def claim_amid(parts: tuple[str, ...]) -> Claim | None:
    """The right that is claimed in the last of an answer's `parts`, each said in one breath or sent as one
    message; None where it is the whole answer, or none. Resuming and being done are none of these."""
    if not parts:
        return None
    words = words_of(parts[-1][-2_000:])[-_WITHIN:]
    tail = parts[-1][-2_000:]
    said = " ".join(word.lower for word in words)
    earlier = " ".join(word.lower for part in parts[-3:-1] for word in words_of(part[-400:])[-20:])
    if earlier and (whole := spoken_right(tail)) is not None and whole not in ("done", "resume"):
        around = Around(earlier, "", breath=True, sentence=False)
        if is_meant(whole, [word.lower for word in words], around):
            return Claim(whole, tail.strip())
    refused = 0
    for place in range(len(words)):
        if place < refused or _leads_on(words, place) or not begins_a_claim(said, _offset(words, place)):
            continue
        found = _longest(words, said, place)
        if found is None:
            continue
        right, end = found
        if place == 0 and not earlier and end == len(words):
            return None  # nothing but a claim: that is no matter of an answer
        refused = end  # if it isn't meant, no part of it is
        before = " ".join(word.lower for word in words[:place]) if place else earlier
        after = " ".join(word.lower for word in words[end:])
        gap = tail[words[place - 1].end : words[place].start] if place else ""
        marked = bool(after) and _is_marked(tail, words, end)
        around = Around(before, after, place == 0, any(mark in gap for mark in SENTENCE_ENDS), marked)
        if after and not marked and not gives_a_reason(after):
            continue
        if is_meant(right, [word.lower for word in words[place:end]], around):
            return Claim(right, tail[words[place].start :].strip())
    return None


def likely_claim(parts: tuple[str, ...]) -> Claim | None:
    """The right that the last of an answer's parts claims if it is meant for the interviewer, which its words
    alone don't say: "I need a short break" is said of a day at work as well."""
    if len(parts) < 2:
        return None
    right, words = spoken_right(parts[-1]), lower_words(parts[-1])
    before = " ".join(word for part in parts[-3:-1] for word in lower_words(part[-400:])[-20:])
    if right is None or right in ("done", "resume") or not before:
        return None
    around = Around(before, "", breath=True, sentence=False)
    if is_told(before, around) or before.split()[-1] in GOES_ON or supposed(before, around):
        return None
    return Claim(right, parts[-1].strip()) if not is_meant(right, words, around) else None


def _leads_on(words: Sequence[Word], place: int) -> bool:
    """Whether nothing but noises follow for a while: a claim behind them is looked for from the last few on,
    for a look takes the longer the more of them there are."""
    ahead = words[place : place + _MOST_NOISES]
    return len(ahead) == _MOST_NOISES and all(word.lower in _NOISES for word in ahead)


def _offset(words: Sequence[Word], place: int) -> int:
    return sum(len(word.lower) + 1 for word in words[:place])


def _longest(words: list[Word], said: str, place: int) -> tuple[Right | Wish, int] | None:
    """The right that most of the words from this place on claim, and where they end."""
    start = _offset(words, place)
    for end in range(min(len(words), place + _LONGEST), place, -1):
        right = claim_between(said, start, _offset(words, end) - (end < len(words)))
        if right is not None:
            return None if right in ("done", "resume") else (right, end)
    return None


def _is_marked(tail: str, words: list[Word], end: int) -> bool:
    """Whether a comma or the end of a sentence stands behind the words up to `end`."""
    gap = tail[words[end - 1].end : words[end].start]
    return any(mark in gap for mark in f",{SENTENCE_ENDS}")


def says_anything(text: str) -> bool:
    """Whether there is more than noises and words that only join on: an answer, however little of it."""
    return not _JOINING.issuperset(lower_words(text))


def without(text: str, words: str) -> str:
    """A text without the last mention of words that were said in the middle of it."""
    before, _, after = text.rpartition(words)
    return f"{before.rstrip()} {after.lstrip()}".strip()
