"""Words that a recogniser is told to expect, cut down to what Deepgram takes. Knows not whose they are."""

from collections.abc import Sequence
from typing import Final

MAX_TERMS: Final = 100
MAX_TERM_CHARS: Final = 60
MAX_TOKENS: Final = 450
"""Deepgram takes 500 in all; with more nova-3 falls silent and doesn't say why. They are estimated."""
_BYTES_PER_TOKEN: Final = 2
"""English has four and more; scripts of other languages come to as few as this."""


def accepted(terms: Sequence[str]) -> list[str]:
    """The first terms that fit, each once, on one line and without what can't be written."""
    kept: dict[str, str] = {}
    tokens = 0
    for term in terms:
        plain = " ".join("".join(c if c.isprintable() else " " for c in term[: 4 * MAX_TERM_CHARS]).split())
        if not any(c.isalnum() for c in plain) or len(plain) > MAX_TERM_CHARS or plain.casefold() in kept:
            continue
        tokens += -(-len(plain.encode(errors="ignore")) // _BYTES_PER_TOKEN)
        if tokens > MAX_TOKENS or len(kept) == MAX_TERMS:
            break
        kept[plain.casefold()] = plain
    return list(kept.values())
