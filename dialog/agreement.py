"""Whether what was read back, or said back, is right by what somebody says to it, where they say nothing else
besides. Knows neither values nor statements."""

import re
from typing import Final, Literal

from dialog.lexicon import FILLERS, lower_words

_RIGHT: Final = frozenset(
    "course right correct true accurate exact exactly precise precisely indeed spot perfect perfectly fine "
    "good great okay ok alright yes yeah yep yup sure certainly definitely absolutely agree agreed "
    "confirm confirmed match matches sense fair works close enough sums summary".split()
)
_WRONG: Final = frozenset(
    "wrong incorrect misspelled misspelt mistaken mistake false off error nope nah".split()
)
_NOT: Final = re.compile(r"not|never|\w+n't|none|neither|nor|nothing")
_PARTLY: Final = re.compile(r"\b(?:half|almost|nearly|partly|partially|mostly|up to|until|except)\b")
"""What is right so far is not right."""
_ANNOUNCES: Final = re.compile(
    r"\b(?:misheard|misunderstood|mixed up|different"
    r"|(?:a|one|some) (?:mistakes?|corrections?|changes?|errors?)"
    r"|(?:want|like|need|have|let me) (?:to )?(?:change|correct|fix)|change (?:it|that|something))\b"
)
"""Ahead of a correction that is still to come."""
_ANNOUNCING: Final = frozenset(
    "misheard misunderstood mixed different mistakes change changes correct correction corrections fix "
    "errors something there's want need let until except partly partially mostly some".split()
)
_NO: Final = frozenset(("no", "nope", "nah"))
_EMPTY: Final = frozenset(
    "that's it's that it this they they're uh-huh mm-hm mhm those these them he she is was are were be "
    "been am i'm i i'd i've me my you you've you're we we're sounds sound looks look seems seem feels "
    "feel guess suppose think thought believe say said saying told mean meant got get have has had do "
    "did does would could as how what all both everything each every one ones two three first second "
    "third last other former latter half part parts statement value thing things answer number bit "
    "pretty much more or less about roughly around almost nearly quite very really totally completely "
    "entirely too also still just so like and but of the a an in on to for with at again before already "
    "me makes make sum up same thanks thank please sorry now then oh ah hm please keep can will which "
    "well".split()
)
"""Words that say nothing of how it was."""
_NOTHING_TO_CHANGE: Final = re.compile(
    r"(?:no|not|nothing|\w+n't)(?: \w+){0,4} (?:to )?(?:add|change|changes|correct|correction|corrections|fix"
    r"|anything)\b|no(?: \w+)? (?:changes?|corrections?|mistakes?|errors?|complaints?|objections?)"
    r"|nothing(?: is)? (?:wrong|missing|else)"
)
_GOES_ON: Final = re.compile(
    r"(?:(?:please|let's|let us|just|we|you|can|could|may|now) )*"
    r"(?:continue|go on|go ahead|move on|carry on|proceed|keep going|next)(?: (?:please|now|then|with it))*"
)
_NO_CORRECTION: Final = re.compile(
    r"(?:what|which|huh|pardon|sorry|excuse me|come again)(?: (?:what|sorry|was that|did you say))?"
    r"|(?:what|that's|that is) an? [\w' ]*\bquestion"
)

_CHANGES: Final = frozenset(
    "nothing anything changes changed correction corrections complaints else wouldn't".split()
)

Verdict = Literal["right", "wrong"]


def verdict_on(text: str) -> Verdict | None:
    """What somebody says of it: that it is right ("sounds about right", "no, nothing to add") or that it is
    not ("the second one is wrong", "I don't think so"); None where they say something else as well, which may
    be what would be right, or neither."""
    words = [word for word in lower_words(text) if word not in FILLERS - _RIGHT - _NO]
    heard = " ".join(words)
    if not words:
        return None
    if _NOTHING_TO_CHANGE.search(heard) and _says_nothing_else(words, {"add", "change", "correct", "fix"}):
        return "right"
    if _GOES_ON.fullmatch(heard):
        return "right"
    if _ANNOUNCES.search(heard) and _says_nothing_else(words, _ANNOUNCING):
        return "wrong"
    if not _says_nothing_else(words, _ANNOUNCING):
        return None
    rest = words
    while rest and rest[0] in _NO:
        rest = rest[1:]
    if any(word in _WRONG or _NOT.fullmatch(word) for word in rest) or "no" in rest:
        return "wrong"
    if _PARTLY.search(heard):
        return "wrong" if any(word in _RIGHT for word in rest) else None
    agrees = any(word in _RIGHT for word in rest) or _tells_so(" ".join(rest))
    if len(rest) < len(words):
        return "right" if agrees else "wrong"
    return "right" if agrees else None


def is_no_correction(text: str) -> bool:
    """A word of surprise, or about the question: nothing that would be right instead."""
    return _NO_CORRECTION.fullmatch(" ".join(lower_words(text))) is not None


_TELLS_SO: Final = re.compile(
    r"(?:(?:and|so|but) )?(?:i (?:guess|think|suppose|believe)(?: so)?|pretty much|more or less|as i said"
    r"|(?:it|that|this) (?:is|was)(?: (?:it|so|all))?|(?:that's|that is|it's|this is|that was) (?:it|so|all"
    r"|(?:how|what) (?:it (?:is|was)|i (?:said|meant|mean|told you|think|thought)))"
    r"|(?:what|as|how) i (?:said|meant|told you)|i (?:said|meant) (?:that|so|it)"
    r"|you(?:'ve| have)? got (?:it|that|me)|you can keep (?:that|it|this|them)|(?:keep|leave) (?:it|that)"
    r"|that (?:one|too))"
    r"(?: (?:then|now|really|please|thanks|already|too|again|before))*"
)


def says_more(text: str) -> bool:
    """Whether anything is said beside what is right or wrong, and of which part."""
    return not _says_nothing_else(lower_words(text))


def _tells_so(heard: str) -> bool:
    return _TELLS_SO.fullmatch(heard) is not None


def _says_nothing_else(words: list[str], besides: set[str] | frozenset[str] = frozenset()) -> bool:
    return all(
        word in _RIGHT
        or word in _WRONG
        or word in _NO
        or word in _EMPTY
        or word in besides
        or word in _CHANGES
        or _NOT.fullmatch(word) is not None
        for word in words
    )
