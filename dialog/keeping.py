"""Hears that somebody wants nothing erased, the contrary of a claim. People tell what they keep and throw
away themselves: unasked it is a wish only where it is put to us, or names the record."""

import re
from typing import Final

from dialog.lexicon import plain
from dialog.requests import AN_ANSWER, ASKING, EVERYTHING, POLITE, THANKS

_ERASE: Final = r"(?:delete|erase|remove|discard|wipe)"
_MY_WORDS: Final = r"(?:all (?:of )?)?(?:my|these|those) (?:answers|replies|responses|words|data)"
_RECORD: Final = (
    rf"(?:{_MY_WORDS}|(?:everything |anything |all )(?:that )?i(?:'ve| have)? (?:just |already )?"
    r"(?:said|told you|answered|mentioned)|what i(?:'ve| have)? (?:just )?(?:said|told you|answered)"
    r"|(?:everything |anything |all |what )(?:that )?you have (?:on|about|of|from) me"
    r"|(?:the|this|my|our) (?:whole |entire )?(?:interview|conversation|recording|transcript))"
)
_ANY_OF_IT: Final = rf"(?:{EVERYTHING}|{AN_ANSWER}|anything(?: of it)?)"
_DO_NOT: Final = r"(?:don't|do not) (?:please |ever )?"
_WISHES: Final = re.compile(
    rf"{POLITE}(?:{_DO_NOT}{_ERASE} {_RECORD}"
    rf"|(?:please {_DO_NOT}|(?:don't|do not) please ){_ERASE} {_ANY_OF_IT}"
    rf"|(?:don't|do not) {_ERASE} {_ANY_OF_IT} please"
    rf"|i (?:don't|do not) want (?:you to {_ERASE} {_ANY_OF_IT}"
    rf"|{_RECORD} (?:to be )?(?:deleted|erased|removed))"
    rf"|keep {_MY_WORDS}){THANKS}"
)
_DENIES: Final = re.compile(
    rf"{POLITE}{ASKING}(?:(?:i )?(?:don't|do not|never) (?:want (?:you )?to )?(?:please |ever )?"
    rf"(?:{_ERASE}|throw away) {_ANY_OF_IT}"
    rf"|i (?:don't|do not) want {_ANY_OF_IT} (?:to be )?(?:deleted|erased|removed)"
    rf"|keep {_MY_WORDS}|(?:leave|keep) everything(?: as it is)?){THANKS}"
)
_MOST_CHARACTERS: Final = 320
"""Whoever says more is telling something."""


def wants_nothing_erased(text: str) -> bool:
    """A wish about the record that nobody asked for: "please don't delete my answers"."""
    return len(text) <= _MOST_CHARACTERS and _WISHES.fullmatch(plain(text)) is not None


def denies_erasing(text: str) -> bool:
    """A no, where it was asked whether to erase: "leave everything as it is"."""
    return len(text) <= _MOST_CHARACTERS and _DENIES.fullmatch(plain(text)) is not None
