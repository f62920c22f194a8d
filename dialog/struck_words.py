"""What is struck, and by which words it is found again in other texts. Knows no event."""

from collections.abc import Iterable
from typing import Final

from dialog.lexicon import plain

EVERYTHING: Final = 0
"""In the place of a turn that is struck: whatever had been said by then. No turn has this number."""
RUN: Final = 3
"""Words running that give a passage away. Fewer: nearly any text repeats two words of another."""


class StruckWords:
    """What was struck, made ready to be looked for in many texts: a talk has thousands, the same again and
    again. To be dropped with the strike, for it remembers them."""

    def __init__(self, passages: Iterable[str]) -> None:
        self.passages = tuple(dict.fromkeys(passages))
        self._runs: set[tuple[str, ...]] = set()
        self._short: set[str] = set()
        """Passages of fewer words than a run, as they are in plain words."""
        self._written: set[str] = set()
        """The same as they were written, signs and all."""
        for passage in self.passages:
            tokens = plain(passage).split()
            if len(tokens) >= RUN:
                self._runs.update(_runs(tokens))
                continue
            self._written.add(_written(passage))
            if tokens:
                self._short.add(f" {' '.join(tokens)} ")
        self._known: dict[tuple[str, bool], bool] = {}

    def stand_in(self, text: str, *, ours: bool = False) -> bool:
        """Whether a text repeats at least three words running of what was struck, or all of it if it was
        shorter.

        A short one may be a word of the question's as well, and as such stays; in what is `ours`, worded from
        what was said, it goes.
        """
        key = (text, ours)
        if key not in self._known:
            self._known[key] = self._stand_in(text, ours)
        return self._known[key]

    def _stand_in(self, text: str, ours: bool) -> bool:
        tokens = plain(text).split()
        if not self._runs.isdisjoint(_runs(tokens)):
            return True
        said = f" {' '.join(tokens)} "
        if ours and any(short in said for short in self._short):
            return True
        written = _written(text)
        return any(passage in written for passage in self._written)


def _runs(tokens: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(tokens, tokens[1:], tokens[2:], strict=False)


def _written(text: str) -> str:
    return f" {' '.join(text.lower().split())} "
