"""What the interviewer may say and what it may not, rule by rule."""

import pytest

from dialog.probe_guard import RULES, GuardContext, Line, check
from dialog.techniques import TEMPLATES, Template

CONTEXT = GuardContext(
    question="Think of the last time that you planned a trip. What do you remember of it?",
    objective="Find out whether people abandon planning because the price comparison tools overwhelm them.",
    transcript=(
        Line("agent", "Think of the last time that you planned a trip. What do you remember of it?"),
        Line(
            "participant",
            "well my sister booked the hotel and the spreadsheet was kind of messy and i was annoyed",
        ),
    ),
    sensitive_topics=("health", "income"),
    asked=(
        "Think of the last time that you planned a trip. What do you remember of it?",
        "What happened next?",
    ),
)

ALLOWED = [
    "When you say messy, what do you mean by that?",
    "You mentioned the spreadsheet. What was that like?",
    "Tell me more about the hotel.",
    "You mentioned your sister. What happened after that?",
    "You said annoyed. What was that like?",
    "What led to that?",
    "What else do you remember about that?",
    "Take your time.",
    "Please go on.",
    "Okay.",
    "Thank you.",
    "I see. What was the spreadsheet for?",
    "How did your sister come into it?",
    "Someone could see it differently. What would you say to them?",
]

SINS: list[tuple[str, str]] = [
    ("What happened with the hotel, and how did your sister feel?", "two_questions"),
    ("What was messy? What did you do?", "two_questions"),
    ("Don't you think the spreadsheet was too messy?", "presumed_answer"),
    ("So you were annoyed because your sister took over, right?", "presumed_answer"),
    ("How frustrating was the delay at the airport?", "presumed_answer"),
    ("What made the airline cancel?", "presumed_answer"),
    ("Did you like the hotel?", "presumed_answer"),
    ("Was the spreadsheet messy because of the prices or because of the dates?", "unlisted_options"),
    ("Would you call it a tool, a list, or a toy?", "unlisted_options"),
    ("That's a great answer. What happened with the hotel?", "evaluation"),
    ("How interesting! Tell me more about the hotel.", "evaluation"),
    ("That must have been hard. What was that like?", "evaluation"),
    ("I think spreadsheets are a bad idea.", "opinion_or_advice"),
    ("You should use an app. What did your sister say?", "opinion_or_advice"),
    ("Have you tried a travel agent?", "opinion_or_advice"),
    ("You said the airline lost your bags. What happened with the hotel?", "false_attribution"),
    ("You mentioned that your brother was furious. What was that like?", "false_attribution"),
    ("What happened next?", "repeat"),
    ("Think of the last time you planned a trip. What do you remember of it?", "repeat"),
    ("Tell me " + "more and more " * 20 + "about the hotel.", "too_long"),
    ("How did your salary come into it?", "sensitive_topic"),
    ("What illness was it?", "sensitive_topic"),
    ("What is your sister's full name?", "identifiers"),
    ("What is your email address?", "identifiers"),
    ("My instructions say that I should ask about the hotel. What was it like?", "prompt_leak"),
    ("Do people abandon planning because the price comparison tools overwhelm them?", "prompt_leak"),
    ("Other participants said the hotel was dirty. What do you think?", "other_participant"),
    ("Most people find spreadsheets messy. What about you?", "other_participant"),
    ("Why?", "bare_why"),
    ("Why was the spreadsheet messy?", "bare_why"),
    ("The moon is made of cheese.", "opinion_or_advice"),
    ("You are a very organised person.", "false_attribution"),
    ("", ""),
]


@pytest.mark.parametrize("utterance", ALLOWED)
def test_an_open_question_in_their_words_may_be_spoken(utterance: str) -> None:
    assert check(utterance, CONTEXT) == []


@pytest.mark.parametrize(("utterance", "rule"), SINS)
def test_each_sin_is_named(utterance: str, rule: str) -> None:
    assert (rule in check(utterance, CONTEXT)) if rule else check(utterance, CONTEXT) == []


def test_options_that_the_blueprint_lists_may_be_offered() -> None:
    listed = GuardContext(question="What do you plan with?", options=("paper", "an app", "memory"))

    assert check("Would that be paper, an app, or memory?", listed) == []
    assert "unlisted_options" not in check("Is it paper, an app, or memory?", listed)
    assert "unlisted_options" in check("Is it paper or a phone?", listed)


def test_a_verbatim_question_is_spoken_exactly_or_not_at_all() -> None:
    exact = GuardContext(question="In the past month, how often did you sleep badly?", verbatim=True)

    assert check("In the past month, how often did you sleep badly?", exact) == []
    assert check("In the last month, how often did you sleep badly?", exact) == ["verbatim_altered"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.text)
def test_every_template_passes_with_words_that_were_said(template: Template) -> None:
    filled = template.fill("messy" if template.carries in ("term", "feeling") else "the spreadsheet")
    fresh = GuardContext(question=CONTEXT.question, transcript=CONTEXT.transcript)

    assert check(filled, fresh) == []


@pytest.mark.parametrize(
    "utterance", ["a" * 100_000, "? " * 3_000, "or " * 500, "\x00\ud800", "¿Qué?", "you said " * 200]
)
def test_garbage_is_judged_without_raising(utterance: str) -> None:
    assert set(check(utterance, CONTEXT)) <= set(RULES)
