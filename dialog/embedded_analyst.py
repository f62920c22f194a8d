"""The analysis without a model: the participant's own words chosen and counted by rules. The same talk gives
the same findings. English is what the rules know: of another language there is the summary alone."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from dialog.analysis import Findings, Mood, Talk, answered_questions
from dialog.clauses import Clause, clauses_of
from dialog.lexicon import EMPTY_WORDS, content_stems, lower_words
from dialog.sentiment import Lexicon, sentiment_of, valence
from dialog.themes import themes_of

CENTRAL_CLAUSES: Final = 3
"""Pieces that stand for the whole talk, from different questions."""
LONG_ENOUGH: Final = 4
"""Answered questions from which a talk wants such a beginning."""
LONGEST_SUMMARY: Final = 600
"""Words."""
_FEW_WORDS: Final = 8
"""A piece of so many words carries as much as it can; shorter ones carry less."""


def findings_of(talk: Talk, lexicon: Lexicon) -> Findings:
    """Everything that rules find in a talk."""
    clauses = clauses_of(talk)
    known = talk.language.lower().partition("-")[0] == "en"
    felt = [(each.statement.question_key, valence(each.text, lexicon) if known else 0.0) for each in clauses]
    return Findings(
        summary=summary_of(talk, clauses),
        themes=tuple(themes_of(talk, clauses)) if known else (),
        overall=sentiment_of(each for _, each in felt),
        by_question=tuple(
            Mood(question.key, sentiment_of(each for key, each in felt if key == question.key))
            for question in answered_questions(talk)
        ),
    )


def summary_of(talk: Talk, clauses: Sequence[Clause]) -> str:
    """The most telling piece of each answer behind its question; before them, of a longer talk, the most
    telling of all. Pieces are in quotation marks and byte-exact."""
    weights = _weights(clauses)
    lines = []
    best: list[tuple[float, int, Clause]] = []
    for question in answered_questions(talk):
        own = [each for each in clauses if each.statement.question_key == question.key]
        if own:
            chosen = max(own, key=lambda each: _telling(each, weights))  # the first of equals
            best.append((_telling(chosen, weights), len(best), chosen))
            lines.append(f"{question.text.strip()} {_quoted(chosen)}")
    if len(lines) >= LONG_ENOUGH:
        central = sorted(best, key=lambda one: (-one[0], one[1]))[:CENTRAL_CLAUSES]
        lines.insert(0, " ".join(_quoted(each) for _, _, each in sorted(central, key=lambda one: one[1])))
    return "\n".join(_within(lines, LONGEST_SUMMARY))


def _weights(clauses: Sequence[Clause]) -> dict[str, float]:
    """How much a stem tells: the more pieces and questions it comes up in, the more, with less and less
    added."""
    pieces: Counter[str] = Counter()
    questions: dict[str, set[str]] = {}
    for each in clauses:
        for one in content_stems(each.text):
            pieces[one] += 1
            questions.setdefault(one, set()).add(each.statement.question_key)
    return {
        one: 0.0 if one in EMPTY_WORDS else math.log2(1 + count) + 0.5 * (len(questions[one]) - 1)
        for one, count in pieces.items()
    }


def _telling(clause: Clause, weights: dict[str, float]) -> float:
    words = max(len(lower_words(clause.text)), _FEW_WORDS)
    # fsum: the order of a set's members differs between processes, and must not show
    total = math.fsum(weights[one] for one in content_stems(clause.text))
    return round(total / math.sqrt(words), 9)


def _quoted(clause: Clause) -> str:
    return f"“{clause.text}”"


def _within(lines: Sequence[str], most: int) -> list[str]:
    """As many of the lines as have no more than so many words."""
    taken: list[str] = []
    words = 0
    for line in lines:
        words += len(line.split())
        if words > most and taken:
            break
        taken.append(line)
    return taken
