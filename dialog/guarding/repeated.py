"""Whether something was asked already, in these words or in others, and whether a question that must be
spoken exactly is spoken otherwise."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from dialog.guarding.said import lemma
from dialog.lexicon import is_content, lower_words, plain

_ALTERED_SHARE: Final = 0.6
_MOST_COMPARED: Final = 400
"""Characters of a text; whoever says more doesn't say a question otherwise."""
_SAME_SHARE: Final = 0.7

_LEAST_BEGINNING: Final = 5

_ALIKE: Final = {
    lemma(word): first
    for first, *others in (
        group.split()
        for group in (
            "remember recall recollect|tell describe say explain share talk walk speak elaborate expand|"
            "happen occur go unfold come|next then after afterwards later|last recent latest|buy purchase "
            "order|"
            "job work|begin start|end finish|mean stand understand|feel like|more further|help assist|"
            "often frequently|planned plan go|decide choose pick select|learn find discover notice"
            "|keep continue|satisfied content happy|usual ordinary normal typical|lead make"
        ).split("|")
    )
    for word in (first, *others)
}
_EMPTY: Final = frozenset(
    lemma(word)
    for word in """think thing bit little please time way back moment okay just well now tell us me kind sort
    example take through could can would about mind something anything bring""".split()
)
_INTENTS: Final = tuple(
    (name, re.compile(words))
    for name, words in (
        (
            "next",
            r"\b(?:what|and) (?:happened|did you do|happens|came|comes|did \w+ do) ?(?:next|then"
            r"|after(?:wards| that)?)?$"
            r"|\b(?:happened|happens|do|did|came|went on) (?:next|then|after that|afterwards)\b"
            r"|^(?:and )?(?:after that|then what|and then)\b|\bthen,? what did\b",
        ),
        (
            "like",
            r"\bwhat (?:was|is|were|are) (?:\w+ ){1,3}like\b|\bhow (?:was|is) (?:that|it)\b"
            r"|\bhow (?:was|is|were|are) (?:the|your|this) \w+(?: \w+)?$"
            r"|\bhow did (?:that|it|you) feel\b",
        ),
        ("mean", r"\bwhat (?:do|did) you mean\b|\bwhat does .{1,40} mean\b|\bmean by\b"),
        ("behind", r"\bwhat (?:was|is) behind\b|\bwhat led to\b|\bwhat made\b"),
        (
            "more",
            r"\b(?:more|further)\b.*\b(?:about|on)\b"
            r"|\b(?:tell|say) (?:me |us )?(?:a (?:little |bit )?)?(?:bit )?more\b",
        ),
        ("example", r"\b(?:example|instance|particular time|specific time)\b"),
        ("happened_with", r"\b(?:what happened|happened with)\b"),
    )
)


def repeats(text: str, asked: Iterable[str]) -> bool:
    """Whether one of the questions in `asked` is put again."""
    bare = plain(text)
    if not bare or len(text) > _MOST_COMPARED:
        return False
    return any(bare == plain(one) or _same(text, one) for one in asked if one and len(one) <= _MOST_COMPARED)


def _same(text: str, other: str) -> bool:
    here, there = gist(text), gist(other)
    here = frozenset(_as_in(there, one) for one in here)
    shared = len(here & there)
    if shared >= 2 and shared >= _SAME_SHARE * len(here | there):
        return True
    if not intents(text) & intents(other):
        return False
    return here == there or (shared >= 1 and shared >= _SAME_SHARE * len(here | there))


def _as_in(others: frozenset[str], one: str) -> str:
    """The word of `others` that is the beginning of this one, or begins with it: "class" and "classroom"."""
    if one in others or len(one) < _LEAST_BEGINNING:
        return one
    long = (each for each in sorted(others) if len(each) >= _LEAST_BEGINNING)
    return next((each for each in long if each.startswith(one) or one.startswith(each)), one)


@lru_cache(maxsize=512)
def gist(text: str) -> frozenset[str]:
    """What a question is about: its content, like words for like, without what any question has."""
    found = {lemma(word) for word in lower_words(text) if is_content(word)}
    found -= _EMPTY
    return frozenset(_ALIKE.get(one, one) for one in found) - {
        "tell",
        "remember",
        "happen",
        "next",
        "mean",
        "feel",
        "lead",
    }


@lru_cache(maxsize=512)
def intents(text: str) -> frozenset[str]:
    bare = plain(text)
    return frozenset(name for name, words in _INTENTS if words.search(bare))


def alters(text: str, exact: str) -> bool:
    """Whether `text`, which isn't that question exactly, is it in other words, other signs, or with more."""
    said, due = plain(text), plain(exact)
    if not due:
        return False
    if f" {due} " in f" {said} ":
        return True
    if max(len(said), len(due)) > 5 * _MOST_COMPARED:
        return False
    if SequenceMatcher(None, said[: 2 * _MOST_COMPARED], due[: 2 * _MOST_COMPARED]).ratio() >= _ALTERED_SHARE:
        return True
    here, there = gist(said), gist(due)
    return len(here & there) >= 0.5 * len(there) and len(here - there) <= len(there) and len(there) >= 2


def exactly(text: str, exact: str) -> bool:
    """Whether it is that question to the sign; only spaces and the shape of apostrophes may differ."""
    return _folded(text) == _folded(exact)


def _folded(text: str) -> str:
    return " ".join(text.replace("’", "'").replace("‘", "'").split())
