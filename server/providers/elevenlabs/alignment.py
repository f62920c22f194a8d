"""When each word of a text sounds, from what the vendor says of single characters. Knows no socket and no
sound.

The vendor counts the times of a message from the start of the utterance, of the sentence, or of the message's
own sound, as its versions and documents have it; some messages bring none. What is certain is how much sound
came before.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from server.providers.protocols import WordTime
from server.providers.spoken_text import word_spans

LOOK_AHEAD: Final = 40
"""Characters of the text that may be skipped where the vendor says something else: a number written out."""

FEW: Final = 0.3
"""Seconds. A message that counts no further may be followed by one that is counted anew and doesn't fall
back."""


class Characters(msgspec.Struct, frozen=True):
    """What a message says of its sound: characters, and for each when it begins and how long it lasts, in
    seconds. Only as many count as all three have."""

    chars: Sequence[str]
    starts: Sequence[float]
    durations: Sequence[float]


class _Word:
    """One word, which letters of the text it has, and when it sounded as far as is known."""

    def __init__(self, start_char: int, end_char: int, end_letter: int) -> None:
        self.start_char = start_char
        self.end_char = end_char
        self.end_letter = end_letter
        self.start: float | None = None
        self.end = 0.0


class WordClock:
    """The words of one text while its sound comes in. Times are seconds from the start of the sound.

    They rise, and none lies behind the sound that has come; a word is told once, when its end has sounded.
    Words that the vendor is silent about share the time between their neighbours. Of an utterance without any
    alignment nothing is told.
    """

    def __init__(self, text: str) -> None:
        self._letters: list[str] = []
        self._word_of: list[_Word | None] = []
        self._openings: set[int] = set()
        """Letters that follow a space, and the end."""
        self._words: list[_Word] = []
        self._note_letters(text)
        self._cursor = 0
        self._between = True
        self._told = 0
        self._told_until = 0.0
        self._origin = 0.0
        self._counted = 0.0
        self._latest = 0.0
        self._placed = 0
        # whoever sends more characters than the text can have sends garbage
        self._patience = 4 * len(self._letters) + 400

    @property
    def spoken_share(self) -> float:
        """Of the characters that can be seen, those whose time is known, 0–1."""
        return self._placed / max(1, len(self._letters))

    def hear(self, characters: Characters | None, sounded: float, duration: float) -> tuple[WordTime, ...]:
        """Take note of a message whose sound lasts `duration`, after `sounded` seconds; tells the words that
        are new."""
        if characters is not None:
            self._place(characters, sounded)
        return self._tell(sounded + duration, over=False)

    def finish(self, sounded: float) -> tuple[WordTime, ...]:
        """The sound is over: tells the rest of the words."""
        return self._tell(sounded, over=True) if self._placed else ()

    def _note_letters(self, text: str) -> None:
        spans = word_spans(text)
        inside: dict[int, _Word] = {}
        for start_char, end_char in spans:
            word = _Word(start_char, end_char, 0)
            self._words.append(word)
            inside.update(dict.fromkeys(range(start_char, end_char), word))
        between = True
        for place, char in enumerate(text):
            if char.isspace():
                between = True
                continue
            if between:
                self._openings.add(len(self._letters))
                between = False
            word_here = inside.get(place)
            self._letters.append(char.casefold())
            self._word_of.append(word_here)
            if word_here is not None:
                word_here.end_letter = len(self._letters)
        self._openings.add(len(self._letters))

    def _place(self, characters: Characters, sounded: float) -> None:
        heard = [
            (char.casefold(), start, lasting)
            for text, start, lasting in zip(
                characters.chars[: self._patience], characters.starts, characters.durations, strict=False
            )
            for char in text[:4]
            if math.isfinite(start) and math.isfinite(lasting)
        ]
        self._patience = max(0, self._patience - len(heard))
        if not heard:
            return
        self._anchor(heard[0][1], sounded)
        self._counted = max(start for _, start, _ in heard)
        chars = [char for char, _, _ in heard]
        for i, (char, start, lasting) in enumerate(heard):
            if char.isspace():
                self._between = True
                continue
            if self._between:
                self._between = False
                self._find(chars, i)
            if self._cursor < len(self._letters) and self._letters[self._cursor] == char:
                self._note(self._origin + start, lasting)

    def _note(self, start: float, lasting: float) -> None:
        """The next letter sounds then."""
        begin = max(start, self._latest)
        self._latest = begin
        word = self._word_of[self._cursor]
        if word is not None:
            word.start = begin if word.start is None else word.start
            word.end = max(start + max(lasting, 0.0), begin)
        self._cursor += 1
        self._placed += 1

    def _anchor(self, first: float, sounded: float) -> None:
        """Find what this message's times are counted from: as before, or anew from its own sound.

        What is counted anew falls back. Only behind a message of a few characters it may not: there they go
        on as before if that is nearer to where the sound is.
        """
        nearer = abs(self._origin + first - sounded) <= abs(first)
        goes_on = first >= self._counted and (self._counted > FEW or nearer)
        if not goes_on:
            self._origin = sounded

    def _find(self, chars: Sequence[str], start: int) -> None:
        """Go on from where the text has the word that comes now, if it has it before long."""
        end_of_word = start
        while end_of_word < len(chars) and not chars[end_of_word].isspace():
            end_of_word += 1
        word = list(chars[start:end_of_word])
        cut_off = end_of_word == len(chars)
        last = min(self._cursor + LOOK_AHEAD, len(self._letters))
        for letter in range(self._cursor, last):
            end = letter + len(word)
            whole = end in self._openings or (cut_off and end <= len(self._letters))
            if letter in self._openings and whole and self._letters[letter:end] == word:
                self._cursor = letter
                return

    def _tell(self, sounded: float, *, over: bool) -> tuple[WordTime, ...]:
        found: list[WordTime] = []
        silent: list[_Word] = []
        for word in self._words[self._told :]:
            if not over and self._cursor < word.end_letter:
                break
            if word.start is None:
                silent.append(word)
                continue
            if not over and word.end > sounded:
                break
            start = min(max(word.start, self._told_until), max(sounded, self._told_until))
            end = min(max(word.end, start), max(sounded, start))
            found += [*self._shared(silent, start), WordTime(word.start_char, word.end_char, start, end)]
            self._told_until, silent = end, []
        if over:
            found += self._shared(silent, max(sounded, self._told_until))
        self._told += len(found)
        return tuple(found)

    def _shared(self, words: Sequence[_Word], until: float) -> list[WordTime]:
        """Let words that the vendor is silent about share the time up to where the next begins, by length."""
        chars = sum(word.end_char - word.start_char + 1 for word in words)
        per_char = (until - self._told_until) / max(1, chars)
        shared = []
        at = self._told_until
        for word in words:
            end = min(at + per_char * (word.end_char - word.start_char + 1), until)
            shared.append(WordTime(word.start_char, word.end_char, at, end))
            at = end
        return shared
