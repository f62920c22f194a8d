"""Which edges that somebody has to judge hold, by the words that instruction and answer share. On doubt none
does, so that the default edge is taken."""

import re
from collections.abc import Iterable
from typing import Final

from dialog.judgement import AssessedEdge
from dialog.lexicon import is_content, lower_words, plain, stem

_ABOUT_ANSWERS: Final = frozenset(
    stem(word)
    for word in (
        "participant answer response respondent interviewee user person people caller mention say describe "
        "talk tell "
        "indicate express report speak name give refer suggest discuss bring explain show story clear "
        "clearly own "
        "kind experience something anything someone had having particular specific word idea concern"
    ).split()
)
_ALIKE: Final = tuple(
    frozenset(stem(word) for word in group.split())
    for group in (
        "price cost expensive money pay budget afford cheap fee bill dollar",
        "quit abandon drop leave stop cancel gave",
        "switch replace change move instead",
        "problem issue trouble difficulty struggle broke broken fail error wrong",
        "fast quick speed rapid",
        "slow delay wait late lag",
        "happy pleased glad satisfied enjoy love like",
        "angry annoyed frustrated frustrating upset mad irritated",
        "job work employer career profession office",
        "family mother father parent sister brother wife husband son daughter child kid mom dad",
        "friend buddy mate",
        "team colleague coworker group crew",
        "boss manager supervisor lead",
        "share together shared send sent",
        "forget forgot forgotten remember remind",
        "waste throw threw thrown spoil rotten garbage trash",
        "sick ill illness disease hospital health doctor",
        "move moved relocate city country abroad",
        "test tested testing check",
        "alone lonely myself",
        "warn warning alert alarm page",
    )
)
_DENIES: Final = frozenset("no not never nor nothing nobody without hardly neither none".split())


def edges_that_hold(edges: Iterable[AssessedEdge], answer: str) -> tuple[int, ...]:
    """Indexes of the edges whose instruction the answer fulfils.

    An instruction is split at "or" and commas into alternatives; one of them must share at least half of its
    telling words, and no fewer than two if it has more than two. A denied instruction ("did not …") can't be
    told by words.
    """
    words = lower_words(answer)
    return tuple(edge.index for edge in edges if _holds(edge.instruction, words))


def _holds(instruction: str, answer: list[str]) -> bool:
    heard = plain(instruction)
    if any(word in _DENIES or word.endswith("n't") for word in heard.split()):
        return False
    affirmed = _affirmed_stems(answer)
    for alternative in re.split(r",|;|\bor\b", instruction.lower()):
        wanted = {stem(word) for word in lower_words(alternative) if is_content(word)} - _ABOUT_ANSWERS
        if not wanted:
            continue
        met = sum(bool(_likes(want) & affirmed) for want in wanted)
        if met * 2 >= len(wanted) and met >= min(2, len(wanted)):
            return True
    return False


def _affirmed_stems(words: list[str]) -> set[str]:
    """Stems of the answer's words without those that a denial stands before ("no problem", "wasn't the
    price")."""
    return {
        stem(word)
        for place, word in enumerate(words)
        if not any(w in _DENIES or w.endswith("n't") for w in words[max(0, place - 3) : place])
    }


def _likes(want: str) -> set[str]:
    return {want}.union(*(group for group in _ALIKE if want in group))
