"""What an analysis is made of and what it may claim: the talk as an analyst is given it, the findings as one
gives them back, and which of them stand. Knows no analyst."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

Sentiment = Literal["positive", "neutral", "negative", "mixed"]

MOST_THEMES: Final = 50
MOST_EVIDENCE: Final = 50
LONGEST_LABEL: Final = 120
LONGEST_SUMMARY: Final = 20_000
"""Characters."""

_QUOTED: Final = re.compile("“([^“”]*)”")


class Question(msgspec.Struct, frozen=True):
    """A question that was put."""

    key: str
    text: str


class Statement(msgspec.Struct, frozen=True):
    """A participant's entry of the transcript that answers a question, whole."""

    entry_id: str
    question_key: str
    text: str


class Talk(msgspec.Struct, frozen=True):
    """All that an analyst sees of a run: nothing of who the participant is, nothing that they have struck."""

    language: str
    questions: tuple[Question, ...]
    """In the order of the first visit."""
    statements: tuple[Statement, ...]
    """In the order of the questions, and within one of time."""


class Evidence(msgspec.Struct, frozen=True):
    """The participant's own words for a theme."""

    entry_id: str
    quote: str


class Theme(msgspec.Struct, frozen=True):
    """Something that the participant spoke of."""

    label: str
    salience: float
    """0–1: how much of the talk it takes up."""
    evidence: tuple[Evidence, ...]


class Mood(msgspec.Struct, frozen=True):
    """How an answer sounds."""

    question_key: str
    sentiment: Sentiment


class Findings(msgspec.Struct, frozen=True):
    """What an analyst makes of a talk."""

    summary: str
    themes: tuple[Theme, ...]
    overall: Sentiment
    by_question: tuple[Mood, ...]


def talk_of(language: str, entries: Iterable[Mapping[str, Any]], items: Iterable[Mapping[str, Any]]) -> Talk:
    """The talk for an analyst, of a transcript's entries and the responses' items: the words that answer, not
    those that asked for a repetition or a pause."""
    said = {entry["id"]: entry["content"] for entry in entries if entry["role"] == "participant"}
    questions, statements = [], []
    for item in items:
        questions.append(Question(item["question_key"], item["question_text"]))
        answer = item["answer"] or {"transcript_entry_ids": ()}
        statements += [
            Statement(entry_id, item["question_key"], said[entry_id])
            for entry_id in answer["transcript_entry_ids"]
            if said.get(entry_id, "").strip()
        ]
    return Talk(language, tuple(questions), tuple(statements))


def vetted(findings: Findings, talk: Talk) -> Findings:
    """What stands of an analyst's findings, whoever it is.

    A quote that is no byte-exact span of its entry is dropped, a theme that is left without evidence too,
    and so is what is said of questions that were not answered. Quotation marks in the summary around what
    nobody said are taken away.
    """
    said = {statement.entry_id: statement.text for statement in talk.statements}
    answered = {statement.question_key for statement in talk.statements}
    borne_out = (_borne_out(theme, said) for theme in findings.themes)
    themes = {theme.label: theme for theme in borne_out if theme is not None}
    moods = {mood.question_key: mood for mood in findings.by_question if mood.question_key in answered}
    return Findings(
        summary=_without_false_quotes(findings.summary, talk)[:LONGEST_SUMMARY],
        themes=tuple(sorted(themes.values(), key=lambda theme: -theme.salience)[:MOST_THEMES]),
        overall=findings.overall if answered else "neutral",
        by_question=tuple(moods.values()),
    )


def _borne_out(theme: Theme, said: Mapping[str, str]) -> Theme | None:
    """A theme with the evidence that is true; None where nothing is."""
    true = [
        each
        for each in dict.fromkeys(theme.evidence)
        if each.quote.strip() and each.quote in said.get(each.entry_id, "")
    ]
    label = " ".join(theme.label.split())[:LONGEST_LABEL].strip()
    if not true or not label or not math.isfinite(theme.salience):
        return None
    return Theme(label, min(max(theme.salience, 0.0), 1.0), tuple(true[:MOST_EVIDENCE]))


def _without_false_quotes(summary: str, talk: Talk) -> str:
    texts = [statement.text for statement in talk.statements] + [question.text for question in talk.questions]

    def checked(found: re.Match[str]) -> str:
        return found.group() if any(found[1] in text for text in texts) else found[1]

    return _QUOTED.sub(checked, summary)


def results(findings: Findings) -> dict[str, Any]:
    """Findings as the API gives them."""
    return {
        "summary": {"content": findings.summary, "word_count": len(findings.summary.split())},
        "themes": {"items": [_theme_shown(theme) for theme in findings.themes]},
        "sentiment": {
            "overall": findings.overall,
            "by_question": [
                {"question_key": mood.question_key, "sentiment": mood.sentiment}
                for mood in findings.by_question
            ],
        },
    }


def _theme_shown(theme: Theme) -> dict[str, Any]:
    return {
        "label": theme.label,
        "salience": theme.salience,
        "evidence_count": len(theme.evidence),
        "evidence": [{"entry_id": each.entry_id, "quote": each.quote} for each in theme.evidence],
    }


def answered_questions(talk: Talk) -> Sequence[Question]:
    """Those that words answer, in order."""
    keys = {statement.question_key for statement in talk.statements}
    return [question for question in talk.questions if question.key in keys]
