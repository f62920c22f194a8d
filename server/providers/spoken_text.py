"""Text made ready for a synthesiser: cleaned character by character, cut into sentence-sized pieces, its
words found. Speaks nothing, knows no vendor."""

import re
import unicodedata
from typing import Final

import msgspec

MAX_TEXT_CHARS: Final = 4_000
"""Nobody listens to more in one go: four minutes of speech."""
MAX_PIECE_CHARS: Final = 300
"""Longest piece: so that one talk's long sentence holds up another's by some 40 ms at most."""

_SENTENCE_END: Final = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+\s+")
_CLAUSE_END: Final = re.compile(r"[,;:–—]\s")
_TOKEN: Final = re.compile(r"\S+")
_WORDLIKE: Final = re.compile(r"\w")
_LEADING: Final = "\"'“‘([{«¿¡—–-"
_TRAILING: Final = "_%°"
"""What a word may end in, beside letters and digits."""
_ABBREVIATIONS: Final = frozenset({"mr", "mrs", "ms", "dr", "prof", "st", "vs", "e.g", "i.e", "no", "approx"})


class Piece(msgspec.Struct, frozen=True):
    """A part of a text to be said in one breath; `start_char` is its place in the whole."""

    text: str
    start_char: int


def cleaned(text: str) -> str:
    """Replace what no synthesiser should see (control, surrogate, private-use characters) by spaces, one for
    one.

    The length stays, so that the places of words do; markup is left as it is, for espeak-ng is told to expect
    none.
    """
    return "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)


def pieces(text: str) -> list[Piece]:
    """Cut at the ends of sentences, and what is still too long at a clause, a space, or anywhere.

    Pieces without a letter or digit are left out. Order and places are kept.
    """
    found = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match.end() > start and _ends_sentence(text, match.start()):
            found.extend(_short(text, start, match.end()))
            start = match.end()
    found.extend(_short(text, start, len(text)))
    return [piece for piece in found if any(c.isalnum() for c in piece.text)]


def word_spans(text: str) -> list[tuple[int, int]]:
    """Find the words of `text` as people count them: first character and the one after the last, without the
    brackets, quotes and stops around."""
    tokens = (match for match in _TOKEN.finditer(text) if _WORDLIKE.search(match.group()))
    return [_trimmed(match.start(), match.group()) for match in tokens]


def _trimmed(start: int, token: str) -> tuple[int, int]:
    core = token.lstrip(_LEADING)
    start, length = start + len(token) - len(core), len(core)
    while length > 0 and not (core[length - 1].isalnum() or core[length - 1] in _TRAILING):
        length -= 1
    return start, start + length


def _ends_sentence(text: str, stop: int) -> bool:
    """Tell a full stop from the stop of an abbreviation or an initial."""
    if text[stop] != ".":
        return True
    word = text[:stop].rsplit(maxsplit=1)[-1].lower().lstrip("(\"'“‘") if text[:stop].strip() else ""
    return word not in _ABBREVIATIONS and not (len(word) == 1 and word.isalpha() and word != "i")


def _short(text: str, start: int, end: int) -> list[Piece]:
    parts = []
    while end - start > MAX_PIECE_CHARS:
        window = text[start : start + MAX_PIECE_CHARS]
        clauses = [match.end() for match in _CLAUSE_END.finditer(window)]
        cut = clauses[-1] if clauses else window.rfind(" ") + 1
        cut = cut or MAX_PIECE_CHARS
        parts.append(Piece(window[:cut], start))
        start += cut
    parts.append(Piece(text[start:end], start))
    return parts
