"""Who does what in a sentence, as far as the words next to each other tell, and whether it is the same who
did it in what was said. Knows no question and no rule."""

from collections.abc import Sequence
from typing import Final

import msgspec

from dialog.lexicon import is_content

_SPEAKER: Final = frozenset("i we you one".split())
"""Whoever speaks; "you" as well, which stands for anybody in what somebody tells."""
_THIRD: Final = frozenset("he she they it".split())
_NOBODY: Final = frozenset("nobody everybody everyone somebody someone anybody".split())
_JOINING: Final = frozenset(
    "and but so because then or when while after before if that which who although though where until".split()
)
_EITHER: Final = frozenset("it you one".split())
"""Pronouns that don't show by their form whether somebody does something or has it done to them."""
_FARTHEST: Final = 10
"""Words between a verb and who does it, at most."""

SOMETHING: Final = "something"
"""Whoever or whatever is named by a noun."""


class Deed(msgspec.Struct, frozen=True):
    """What an assertion says of whom. Without `who`, a noun does it, and nobody else may stand between that
    and the word after it."""

    verb: str
    who: str = ""
    noun: str = ""


def bare(word: str) -> str:
    """A word without what is drawn onto it: "you" of "you're"."""
    return word.partition("'")[0]


def is_doer(word: str, before: str = "") -> bool:
    """Whether it is a pronoun for somebody who does something; `before` is the word ahead of it, behind which
    some may be those to whom something is done."""
    if bare(word) in _EITHER and before and before not in _JOINING:
        return False
    return bare(word) in _SPEAKER or bare(word) in _THIRD or word in _NOBODY


def deed_of(words: Sequence[str]) -> Deed | None:
    """What is asserted of whom in the interviewer's words, "you" being the participant; None where that isn't
    plain. `verb` and `noun` are words as they stand."""
    told = [(place, word) for place, word in enumerate(words) if is_content(word)]
    doers = [(place, word) for place, word in enumerate(words) if is_doer(word)]
    if not told or (doers and len(told) > 1 and told[0][0] < doers[0][0] < told[1][0]):
        return None
    if doers and doers[0][0] < told[0][0]:
        return Deed(told[0][1], bare(doers[0][1]))
    if len(told) < 2 or not _JOINING.isdisjoint(words[told[0][0] : told[1][0]]):
        return None
    return Deed(told[1][1], noun=told[0][1])


def doer_before(words: Sequence[str], place: int) -> str:
    """Who does what stands at `place` of a sentence that was said: a pronoun, SOMETHING, or "" where nobody
    is named, as in "went home early"."""
    named = joined = False
    for at in range(place - 1, max(-1, place - _FARTHEST - 1), -1):
        word = words[at]
        if is_doer(word, words[at - 1] if at else ""):
            return SOMETHING if joined and named else bare(word)
        if word in _JOINING:
            if named:
                return SOMETHING
            joined = True
        elif is_content(word):
            named = True
    return SOMETHING if named else ""


def speaker_between(words: Sequence[str], first: int, last: int) -> bool:
    """Whether between two places of a sentence somebody else sets in to do something."""
    return any(
        bare(words[at]) not in _THIRD and is_doer(words[at], words[at - 1]) for at in range(first + 1, last)
    )


def agrees(who: str, doer: str) -> bool:
    """Whether the one of whom something is asserted can be the one who did it by what was said."""
    if who in _SPEAKER:
        return doer in _SPEAKER or not doer
    if who in _NOBODY:
        return doer == who
    return who == "it" or doer in (who, SOMETHING, "") or (who == "they" and doer in _THIRD)
