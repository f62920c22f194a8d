"""Of all that a decoder may have heard, a claim of a right is likelier than its language model knows: "strike
that" is rare in English and to be expected here. What was heard stays as it is. Knows no sound."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from dialog.rights import spoken_right

MOST_WORDS: Final = 10
"""Of an utterance that may be a claim."""
MOST_ALTERNATIVES: Final = 100
"""Larger: more claims are found, and more of what was none; a hundred take some 10 ms."""
_FEWEST_WORDS: Final = 2
"""A single word sounds like too many others."""
_SHARED: Final = 0.5
"""The share of a claim's words that the best hypothesis has as well."""


def claim_among(best: str, alternatives: Iterable[str]) -> str:
    """The right that the likeliest of the alternatives claims which claims any, where the best hypothesis
    claims none; "" if there is no such thing."""
    if not best or best.count(" ") >= MOST_WORDS or spoken_right(best) is not None:
        return ""
    heard = Counter(best.split())
    for alternative in alternatives:
        right = spoken_right(alternative)
        if right is None or right in ("done", "resume") or alternative.count(" ") + 1 < _FEWEST_WORDS:
            continue
        claimed = Counter(alternative.split())
        share = (claimed & heard).total() / claimed.total()
        if share >= _SHARED:
            return right
    return ""
