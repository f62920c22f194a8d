"""Of all that a decoder may have heard, a claim of a right is likelier than its language model knows: "strike
that" is rare in English and to be expected here. Knows no sound."""

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
_HARMLESS: Final = frozenset(("repeat", "slower", "human"))


def claim_among(best: str, alternatives: Iterable[str]) -> str | None:
    """The likeliest of the alternatives that claims a right, where the best hypothesis claims none; None if
    there is no such thing. What ends, skips or erases something is never guessed at."""
    if not best or best.count(" ") >= MOST_WORDS or spoken_right(best) is not None:
        return None
    heard = Counter(best.split())
    for alternative in alternatives:
        right = spoken_right(alternative)
        if right not in _HARMLESS or alternative.count(" ") + 1 < _FEWEST_WORDS:
            continue
        claimed = Counter(alternative.split())
        share = (claimed & heard).total() / claimed.total()
        if share >= _SHARED:
            return alternative
    return None
