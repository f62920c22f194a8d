"""What the participant has said, laid out so that one can ask whether words are theirs: every form of a word
counts, but the words must stand close together, with the same "not" and the same "all"."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from dialog.guarding.doers import Deed, agrees, deed_of, doer_before, speaker_between
from dialog.lexicon import AUXILIARIES, is_content, lower_words, plain, stem

MOST_CHARACTERS: Final = 20_000
"""Of the talk so far; what was said before that isn't carried back any more."""
_LONGEST_WORD: Final = 64
"""Characters of a word that are looked at: what is remembered of words must not grow with them."""
_ROOM: Final = 5
"""Words of theirs that a shortened quotation may leave out, beside half as many as it has itself."""
_STOP: Final = 4
"""Places left free where a sentence ends."""
_DENIAL_REACH: Final = 3
_DENIED_WITHIN: Final = 10
"""Words between a denial and what it turns, at most: of another's, and of one that is itself said back."""

_FORMS: Final = {
    base: forms.split()
    for base, forms in (
        pair.split(":")
        for pair in (
            "begin:began begun|break:broke broken|bring:brought|build:built|buy:bought|catch:caught|"
            "choose:chose chosen|come:came|cost:costs|cut:cuts|do:did done does doing|draw:drew drawn|"
            "drink:drank drunk|drive:drove driven|eat:ate eaten|fall:fell fallen|feel:felt|fight:fought|"
            "find:found|fly:flew flown|forget:forgot forgotten|get:got gotten|give:gave given|go:went gone "
            "going goes|"
            "grow:grew grown|hear:heard|hide:hid hidden|hit:hits|hold:held|hurt:hurts|keep:kept|know:knew "
            "known|"
            "lead:led|learn:learnt|leave:left|lend:lent|lose:lost|make:made|mean:meant|meet:met|pay:paid|"
            "put:puts|read:reads|ride:rode ridden|ring:rang rung|rise:rose risen|run:ran|say:said|see:saw "
            "seen|"
            "sell:sold|send:sent|set:sets|shake:shook shaken|show:shown|sing:sang sung|sit:sat|sleep:slept|"
            "speak:spoke spoken|spend:spent|stand:stood|steal:stole stolen|stick:stuck|swim:swam swum"
            "|take:took taken|"
            "teach:taught|tell:told|think:thought|throw:threw thrown|understand:understood|wake:woke woken|"
            "wear:wore worn|win:won|write:wrote written|child:children|person:people|man:men|woman:women|"
            "foot:feet|tooth:teeth|mouse:mice|half:halves|wife:wives|life:lives|knife:knives"
            "|try:tried tries|die:died dies dying|lie:lied lies lying|"
            "cry:cried cries|tie:tied ties tying"
        ).split("|")
    )
}
_BASES: Final = {form: base for base, forms in _FORMS.items() for form in forms}
_FIGURES: Final = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {
    word: str(10 * number)
    for number, word in enumerate("thirty forty fifty sixty seventy eighty ninety hundred".split(), start=3)
}
_DENIALS: Final = frozenset(
    "not never no none nobody nothing neither nor without hardly barely nearly almost cannot".split()
)
"""Words that turn what they stand by; "nearly" as well, since what nearly happened did not."""
PERSONS: Final = frozenset("i you we he she it they me us your my our that this so there".split())
_PAIRS: Final = "up down|on off|in out|before after|with without|more less|most least|over under|early late"
_OPPOSITES: Final = {
    one: other for pair in _PAIRS.split("|") for one, other in (pair.split(), reversed(pair.split()))
}
"""Small words that make the contrary of what was said."""
_THIRD_PERSONS: Final = (frozenset(("he", "him", "his")), frozenset(("she", "her", "hers")))
"""Somebody of whom they spoke; where nobody was spoken of in that way, "he was angry" isn't theirs."""
_CLAUSE_OPENERS: Final = frozenset("i you he she we they and but so then because".split())
_SENTENCE_END: Final = re.compile(r"[.!?;:]+(?:\s|$)")
_WEIGHING: Final = frozenset(
    "never always often sometimes usually mostly rarely almost more most less least much many few all every "
    "everybody everyone none nobody nothing both half only enough because".split()
)
"""Words without content of their own that change what is said: none is put into anybody's mouth."""


def lemma(word: str) -> str:
    """What the forms of a word have in common: "took" and "taking", "7" and "seven"."""
    return _lemma(word[:_LONGEST_WORD])


@lru_cache(maxsize=16_384)
def _lemma(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s")
    return _FIGURES.get(word) or stem(_BASES.get(word, word))


def lemmas(words: Iterable[str]) -> set[str]:
    """The lemmas of the words that carry content."""
    return {lemma(word) for word in words if is_content(word)}


def denies(word: str) -> bool:
    return word in _DENIALS or word.endswith("n't")


class Line:
    """One thing that was said, laid out word by word."""

    def __init__(self, text: str) -> None:
        words: list[str] = []
        self._sentences: list[tuple[int, list[str]]] = []
        """Each with the place of its first word."""
        self._places: dict[str, list[int]] = {}
        self._denied: list[int] = []
        self._turns: list[int] = []
        """Where a clause sets in, as far as single words tell."""
        start = 0
        for sentence in _SENTENCE_END.split(text):
            said = lower_words(sentence)
            self._sentences.append((start, said))
            for place, word in enumerate(said, start=start):
                if is_content(word):
                    self._places.setdefault(lemma(word), []).append(place)
                if denies(word):
                    self._denied.append(place)
                elif word in _CLAUSE_OPENERS:
                    self._turns.append(place)
            words += said
            start += len(said) + _STOP
        self.words = frozenset(words)
        self.lemmas = frozenset(self._places)
        self.plain = f" {' '.join(words)} "

    def says(
        self, wanted: set[str], reach: int, *, clause: bool, denied: bool, deed: Deed | None = None
    ) -> bool:
        """Whether all of `wanted` stand within `reach` words, said or denied as they are meant, of the same
        doer."""
        spans = self._spans(wanted, reach)
        if not clause:
            return bool(spans)
        if deed is not None:
            spans = [span for span in spans if self._is_done(deed, *span)]
        if denied:
            return any(self._denial_near(first, last) for first, last in spans)
        return any(not self._denied_in(first, last) for first, last in spans)

    def _spans(self, wanted: set[str], reach: int) -> list[tuple[int, int]]:
        """Where all of `wanted` stand close enough: the first place and the last."""
        rarest = min(wanted, key=lambda one: len(self._places[one]))
        spans = []
        for place in self._places[rarest]:
            near = [_nearest(self._places[other], place) for other in wanted]
            if max(near) - min(near) <= reach:
                spans.append((min(near), max(near)))
        return spans

    def _is_done(self, deed: Deed, first: int, last: int) -> bool:
        """Whether between these places somebody does what is asserted of them."""
        verbs = [place for place in self._places[lemma(deed.verb)] if first <= place <= last]
        if deed.who:
            return any(agrees(deed.who, doer_before(*self._sentence_of(place))) for place in verbs)
        nouns = [place for place in self._places[lemma(deed.noun)] if first <= place <= last]
        return any(not self._parted(*sorted((noun, verb))) for noun in nouns for verb in verbs)

    def _sentence_of(self, place: int) -> tuple[list[str], int]:
        """The sentence in which a word stands, and its place there."""
        at = bisect_right(self._sentences, place, key=lambda sentence: sentence[0]) - 1
        start, words = self._sentences[at]
        return words, place - start

    def _parted(self, first: int, last: int) -> bool:
        words, place = self._sentence_of(first)
        return speaker_between(words, place, min(place + last - first, len(words)))

    def _denial_near(self, first: int, last: int) -> bool:
        place = bisect_left(self._denied, first - _DENIED_WITHIN)
        return place < len(self._denied) and self._denied[place] <= last + _DENIED_WITHIN

    def _denied_in(self, first: int, last: int) -> bool:
        """Whether anything between turns what is said there, or stands right before it in the same clause."""
        turn = bisect_left(self._turns, first)
        before = self._turns[turn - 1] if turn else -1
        place = bisect_left(self._denied, max(first - _DENIAL_REACH, before))
        return place < len(self._denied) and self._denied[place] <= last


class Said:
    """The participant's words so far."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self.words: frozenset[str] = frozenset().union(*(line.words for line in self._lines))
        self.lemmas: frozenset[str] = frozenset().union(*(line.lemmas for line in self._lines))

    def quoted(self, passage: str) -> bool:
        """Whether these are their words, one after the other."""
        words = f" {plain(passage)} "
        return any(words in line.plain for line in self._lines)

    def says(self, words: Sequence[str], *, clause: bool) -> bool:
        """Whether an assertion made of `words` only gives back what they said; a `clause` says something, a
        mere name ("the app") says nothing that could be denied."""
        wanted = lemmas(words)
        if not wanted <= self.lemmas:
            return False
        if any(word in _WEIGHING and word not in self.words for word in words):
            return False
        if any(word not in self.words and _OPPOSITES.get(word) in self.words for word in words):
            return False
        if any(third & set(words) and not third & self.words for third in _THIRD_PERSONS):
            return False
        if not wanted:
            return all(word in self.words or word in PERSONS or word in AUXILIARIES for word in words)
        denied = any(denies(word) for word in words)
        reach = len(words) * 3 // 2 + _ROOM
        deed = deed_of(words) if clause else None
        return any(
            line.says(wanted, reach, clause=clause, denied=denied, deed=deed)
            for line in self._lines
            if wanted <= line.lemmas
        )


def _nearest(places: Sequence[int], to: int) -> int:
    at = bisect_left(places, to)
    return min(places[max(0, at - 1) : at + 1], key=lambda place: abs(place - to))


class Heard:
    """The participant's lines in one talk, laid out once for the many looks that a talk takes; it lives no
    longer than the talk, and keeps no line that isn't in its latest look, so that what was struck is gone."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._latest = Said(())

    def said(self, lines: Sequence[str]) -> Said:
        """What was said in these lines, the latest counting first, within MOST_CHARACTERS."""
        kept: list[str] = []
        left = MOST_CHARACTERS
        for line in reversed(lines):
            if len(line) > left and kept:
                break
            kept.append(line[-left:])
            left -= len(line)
        wanted = list(dict.fromkeys(reversed(kept)))
        if wanted != list(self._lines):
            self._lines = {line: self._lines.get(line) or Line(line) for line in wanted}
            self._latest = Said(tuple(self._lines.values()))
        return self._latest
