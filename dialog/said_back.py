"""Which of a section's words are said back before the next one begins: short, whole statements of what was or
is so, byte-exact, one of an answer. Chooses by rules, and asks nothing."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import msgspec

from dialog.answers import does_not_know, refuses, traits_of
from dialog.asides import main_line
from dialog.clauses import clause_places
from dialog.judgement import CARRYING_CONFIDENCE
from dialog.lexicon import (
    AUXILIARIES,
    FILLERS,
    FUNCTION_WORDS,
    PRONOUNS,
    Word,
    content_stems,
    is_past,
    words_of,
)
from dialog.run_state import Answer

SHORTEST: Final = 5
LONGEST: Final = 14
"""Words of a statement that is said back."""
MOST: Final = 3
"""Statements of one section. Larger: a longer reading, of which less is listened to."""
FEWEST: Final = 2
"""Questions out of which something is said back; fewer are not worth a question of their own."""
MOST_WORDS: Final = 32
"""Of all of them together."""
_SUBJECTS: Final = frozenset("i we there my our the his her".split())
"""How one begins; whom "he" or "it" means nobody knows who hears the statement alone."""
_SUBJECTS_ALONE: Final = frozenset("i we he she they it there i'm we're it's he's she's they're".split())
_JOINING: Final = frozenset("and but so because then".split())
_DANGLING: Final = AUXILIARIES | frozenset(
    "a an the my our his her their its this that these those to of at by for from with into in on and but or "
    "so because if when who which very really quite than as i we he she they like about".split()
)
"""Words in which no statement ends."""


class SaidBack(msgspec.Struct, frozen=True):
    """A statement of the participant's; `text` is a byte-exact piece of the answer of this turn."""

    turn_id: int
    node_key: str
    text: str


def worth_saying_back(answers: Sequence[Answer], questions: Collection[str]) -> list[SaidBack]:
    """The most telling statements of a section's answers, in their order; none where there are too few.

    What `questions` have asked in the same words tells nothing.
    """
    asked = content_stems(" ".join(questions))
    ranked: list[tuple[float, int, SaidBack]] = []
    for place, answer in enumerate(answers):
        if answer.confidence < CARRYING_CONFIDENCE or does_not_know(answer.text) or refuses(answer.text):
            continue
        pieces = [(_telling(text, asked), text) for text in _statements(main_line(answer.text))]
        if pieces and (best := max(pieces, key=lambda pair: pair[0]))[0] > 0:
            ranked.append((best[0], place, SaidBack(answer.turn_id, answer.node_key, best[1])))
    ranked.sort(key=lambda one: -one[0])
    chosen: list[tuple[int, SaidBack]] = []
    for _, place, said in ranked:
        words = sum(len(one.text.split()) for _, one in chosen) + len(said.text.split())
        if len(chosen) < MOST and words <= MOST_WORDS and not _says_the_same(said, chosen):
            chosen.append((place, said))
    said_at = {said.node_key for _, said in chosen}  # of one question alone everybody knows what was said
    return [said for _, said in sorted(chosen, key=lambda one: one[0])] if len(said_at) >= FEWEST else []


def _says_the_same(said: SaidBack, chosen: Sequence[tuple[int, SaidBack]]) -> bool:
    stems = content_stems(said.text)
    return any(2 * len(stems & content_stems(one.text)) > len(stems) for _, one in chosen)


def _statements(text: str) -> Iterator[str]:
    """Pieces of an answer that stand by themselves: a subject first, a verb, and no end that hangs."""
    for start, end in clause_places(text):
        sentence = text[start:end]
        for words in _joined(sentence):
            lower = [word.lower for word in words]
            if not SHORTEST <= len(words) <= LONGEST or lower[0] not in _SUBJECTS or lower[-1] in _DANGLING:
                continue
            verbs = any(is_past(word) or word in AUXILIARIES for word in lower[1:]) or lower[0] in ("i", "we")
            if verbs and FILLERS.isdisjoint(lower) and "?" not in sentence:
                yield sentence[words[0].start : words[-1].end]


def _joined(sentence: str) -> Iterator[list[Word]]:
    """A sentence cut at its marks and at the words that join statements."""
    piece: list[Word] = []
    for word in words_of(sentence):
        marked = piece and any(mark in sentence[piece[-1].end : word.start] for mark in ',;:–—"“”(')
        if piece and (marked or word.lower in _JOINING or _begins_anew(piece[-1].lower, word.lower)):
            yield piece
            piece = []
        if word.lower not in _JOINING and (piece or word.lower not in FILLERS):
            piece.append(word)
    if piece:
        yield piece


def _begins_anew(before: str, word: str) -> bool:
    """Whether a recogniser's words without marks begin another statement here: "… the city I never left"."""
    return word in _SUBJECTS_ALONE and before not in FUNCTION_WORDS - PRONOUNS and not is_past(before)


def _telling(text: str, asked: Collection[str]) -> float:
    """How much a statement tells that nobody asked in these words; 0 where it is tied to nothing."""
    traits = traits_of(text)
    fresh = traits.content - set(asked)
    if len(fresh) < 2 or traits.general:
        return 0.0
    tied = len(traits.markers & {"number", "time", "name", "person", "past"})
    told = any(is_past(word.lower) for word in words_of(text))
    return (len(fresh) + 1.5 * tied + told) if tied or told else 0.0
