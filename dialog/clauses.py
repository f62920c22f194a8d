"""Where a text may be cut so that each piece can be quoted by itself: at its sentences, and a recogniser's
long runs without punctuation before the words that join clauses."""

import re
from itertools import pairwise
from typing import Final

import msgspec

from dialog.analysis import Statement, Talk
from dialog.lexicon import words_of

LONGEST: Final = 30
"""Words in a piece."""
_LONG_ENOUGH: Final = 10
"""Words after which a joining word begins a new piece, where a sentence is too long."""
_JOINING: Final = frozenset("and but so because then when which although though while".split())
_SENTENCE: Final = re.compile(r"[^.!?…\n]*(?:[.!?…]+(?!\s|$)[^.!?…\n]*)*(?:[.!?…]+[\"'”’)]*)?")


class Clause(msgspec.Struct, frozen=True):
    """A piece of a statement: `text` is `statement.text[start:end]`."""

    statement: Statement
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.statement.text[self.start : self.end]


def clauses_of(talk: Talk) -> list[Clause]:
    """All pieces of a talk, in order."""
    return [
        Clause(statement, start, end)
        for statement in talk.statements
        for start, end in clause_places(statement.text)
    ]


def clause_places(text: str) -> list[tuple[int, int]]:
    """Where the pieces of a text begin and end, in order, without the space around them."""
    places = []
    for found in _SENTENCE.finditer(text):
        places += _parted(text, found.start(), found.end())
    return places


def _parted(text: str, start: int, end: int) -> list[tuple[int, int]]:
    words = words_of(text[start:end])
    if not words:
        return []
    cuts = [0]
    if len(words) > LONGEST:
        for place, word in enumerate(words):
            length = place - cuts[-1]
            joins = word.lower in _JOINING and length >= _LONG_ENOUGH and len(words) - place >= 3
            if joins or length == LONGEST:
                cuts.append(place)
    edges = [start, *(start + words[cut].start for cut in cuts[1:]), end]
    return [_trimmed(text, one, other) for one, other in pairwise(edges)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
