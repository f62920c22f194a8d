"""Of all that a decoder may have heard, a claim of a right is likelier than its language model knows: "strike
that" is rare in English and to be expected here. Knows no sound."""

from collections.abc import Iterable
from typing import Final

from dialog.rights import spoken_right

MOST_WORDS: Final = 16
"""Of an utterance that may be a claim."""
MOST_ALTERNATIVES: Final = 100
"""Larger: more claims are found, and more of what was none; a hundred take some 10 ms."""
_FEWEST_WORDS: Final = 2
"""A single word sounds like too many others."""


def claim_among(best: str, alternatives: Iterable[str]) -> str | None:
    """The likeliest of the alternatives that claims a right, where the best hypothesis claims none; None if
    there is no such thing."""
    if not best or best.count(" ") >= MOST_WORDS or spoken_right(best) is not None:
        return None
    for alternative in alternatives:
        if alternative.count(" ") + 1 >= _FEWEST_WORDS and spoken_right(alternative) is not None:
            return alternative
    return None
