"""How far what was understood is from what was said. Knows nothing of who said it."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

_WORD: Final = re.compile(r"[a-z0-9]+(?:['’][a-z]+)*")


class WordErrors(msgspec.Struct, frozen=True):
    """Errors against the words that were said; sums of answers can be added up."""

    errors: int
    """Words put in, left out or put in another's place, the fewest that explain the difference."""
    words: int
    """Words said."""

    @property
    def rate(self) -> float:
        """Errors per word said; may be above 1. Of nothing said, 0 when nothing was understood, else 1."""
        if not self.words:
            return 1.0 if self.errors else 0.0
        return self.errors / self.words

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(self.errors + other.errors, self.words + other.words)


def word_errors(said: str, understood: str) -> WordErrors:
    """Count word errors by Levenshtein distance; case and punctuation don't count."""
    expected, actual = _words(said), _words(understood)
    return WordErrors(_distance(expected, actual), len(expected))


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def _distance(expected: Sequence[str], actual: Sequence[str]) -> int:
    row = list(range(len(actual) + 1))
    for i, word in enumerate(expected, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(actual, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]
