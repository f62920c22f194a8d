"""What an analysis claims, and what of it stands."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialog.analysis import (
    Evidence,
    Findings,
    Mood,
    Question,
    Statement,
    Talk,
    Theme,
    results,
    talk_of,
    vetted,
)
from dialog.clauses import LONGEST, clause_places
from dialog.embedded_analyst import findings_of
from dialog.lexicon import FUNCTION_WORDS, words_of
from dialog.sentiment import sentiment_of, valence
from server.pipeline.analyst_process import read_lexicon

LEXICON = read_lexicon()

HELP_DESK = (
    (
        "Tell me about a typical day in your job.",
        "um i get in around eight and check the ticket system first because customers write at night and "
        "then i answer calls until lunch the calls are mostly about billing and late deliveries",
    ),
    (
        "What makes your work harder than it needs to be?",
        "the ticket system is slow it takes ten seconds to open a ticket and it crashes twice a week so i "
        "keep my own notes in a spreadsheet my manager knows about the spreadsheet but nobody fixes the "
        "ticket system",
    ),
    (
        "Think of the last time something went well.",
        "Last Tuesday a customer thanked me, because I found her delivery in ten minutes. My team was great.",
    ),
    (
        "How do you feel about your team?",
        "i love my team they help me when the calls pile up and we laugh a lot",
    ),
    (
        "What would you change first?",
        "I'd replace the ticket system. Then I'd give people training on billing: half of the calls are "
        "about it.",
    ),
)


def talk(*answered: tuple[str, str], language: str = "en") -> Talk:
    return Talk(
        language,
        tuple(Question(f"q{n}", asked) for n, (asked, _) in enumerate(answered)),
        tuple(Statement(f"ent_{n}", f"q{n}", said) for n, (_, said) in enumerate(answered)),
    )


def findings(*themes: Theme, summary: str = "", moods: tuple[Mood, ...] = ()) -> Findings:
    return Findings(summary, themes, "neutral", moods)


def test_a_quote_that_is_no_exact_span_of_its_entry_is_dropped_and_a_theme_without_any_too() -> None:
    said = talk(("Why?", "The café was closed, so we left."), ("And then?", "We went home."))
    true = Evidence("ent_0", "café was closed")
    false = [
        Evidence("ent_0", "cafe was closed"),  # another letter
        Evidence("ent_0", "cafe\u0301 was closed"),  # the same to the eye, other bytes
        Evidence("ent_0", "Café was closed"),
        Evidence("ent_0", "café was  closed"),
        Evidence("ent_0", "café was closed…"),
        Evidence("ent_1", "café was closed"),  # another entry's
        Evidence("ent_7", "café was closed"),
        Evidence("ent_0", "Why?"),  # the interviewer's
        Evidence("ent_0", " "),
        Evidence("ent_0", ""),
    ]
    kept = vetted(
        findings(Theme("café", 0.8, (true, *false, true)), Theme("regret", 0.9, tuple(false))), said
    )

    assert (Theme("café", 0.8, (true,)),) == kept.themes
    assert 1 == results(kept)["themes"]["items"][0]["evidence_count"]


def test_numbers_labels_and_questions_out_of_bounds_do_not_stand() -> None:
    said = talk(("Why?", "Because of the rain."))
    rain = (Evidence("ent_0", "rain"),)
    kept = vetted(
        findings(
            Theme("  the \n rain ", 7.0, rain),
            Theme("weather", -1.0, rain),
            Theme("nothing", math.nan, rain),
            Theme(" ", 0.5, rain),
            moods=(Mood("q0", "negative"), Mood("q9", "positive")),
        ),
        said,
    )

    assert [("the rain", 1.0), ("weather", 0.0)] == [(theme.label, theme.salience) for theme in kept.themes]
    assert (Mood("q0", "negative"),) == kept.by_question


def test_quotation_marks_in_a_summary_stand_only_around_what_was_said() -> None:
    said = talk(("Why so?", "Because of the rain."))
    kept = vetted(findings(summary="“Because of the rain”, she said, and “never again”. (“Why so?”)"), said)

    assert "“Because of the rain”, she said, and never again. (“Why so?”)" == kept.summary


_texts = st.text(alphabet=st.sampled_from("abcdé .,!?\n“”’ 0"), max_size=300)


@given(
    st.lists(st.tuples(_texts, _texts), max_size=4),
    st.lists(st.tuples(st.integers(0, 5), _texts), max_size=8),
)
def test_whatever_an_analyst_claims_only_spans_of_entries_are_left(
    said: list[tuple[str, str]], claimed: list[tuple[int, str]]
) -> None:
    held = talk(*said)
    evidence = tuple(Evidence(f"ent_{n}", quote) for n, quote in claimed)
    kept = vetted(findings(Theme("a theme", 0.5, evidence)), held)
    contents = {each.entry_id: each.text.encode() for each in held.statements}

    for theme in kept.themes:
        assert theme.evidence
        assert all(each.quote.encode() in contents[each.entry_id] for each in theme.evidence)


@given(st.lists(st.tuples(_texts, st.text(max_size=400)), max_size=4))
def test_the_rules_claim_nothing_that_does_not_stand(said: list[tuple[str, str]]) -> None:
    held = talk(*said)
    found = findings_of(held, LEXICON)

    assert found.themes == vetted(found, held).themes
    assert found.by_question == vetted(found, held).by_question
    assert all(0.0 <= theme.salience <= 1.0 for theme in found.themes)


def test_what_is_named_again_and_again_is_a_theme_with_every_place_that_names_it() -> None:
    found = findings_of(talk(*HELP_DESK), LEXICON)
    labels = [theme.label for theme in found.themes]
    system = found.themes[0]

    assert "ticket system" == system.label
    assert ["ent_0", "ent_1", "ent_1", "ent_4"] == [each.entry_id for each in system.evidence]
    assert all("ticket" in each.quote for each in system.evidence)
    assert {"billing", "calls", "spreadsheet", "customer", "delivery", "team"} <= set(labels)
    assert [] == [label for label in labels if set(label.split()) <= FUNCTION_WORDS]
    saliences = [theme.salience for theme in found.themes]
    assert sorted(saliences, reverse=True) == saliences


def test_how_answers_sound_is_told_for_each_and_for_all() -> None:
    found = findings_of(talk(*HELP_DESK), LEXICON)

    assert ["negative", "positive", "positive"] == [mood.sentiment for mood in found.by_question[1:4]]
    assert "mixed" == found.overall


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("it was great and everybody was happy", "positive"),
        ("it was awful and i was really frustrated", "negative"),
        ("i am not happy with it", "negative"),
        ("it wasn't bad at all", "positive"),
        ("i take the bus at seven", "neutral"),
        ("", "neutral"),
    ],
)
def test_a_denial_turns_a_word_and_plain_words_sound_like_nothing(text: str, sounds: str) -> None:
    assert sounds == sentiment_of([valence(text, LEXICON)])


def test_an_answer_that_praises_and_complains_is_mixed() -> None:
    pieces = ["i love the people", "the software is terrible"]

    assert "mixed" == sentiment_of(valence(piece, LEXICON) for piece in pieces)


def test_the_summary_has_a_piece_of_every_answer_behind_its_question_and_nothing_that_nobody_said() -> None:
    held = talk(*HELP_DESK)
    found = findings_of(held, LEXICON)
    first, *lines = found.summary.splitlines()

    assert found == vetted(found, held)
    assert len(HELP_DESK) == len(lines)
    assert all(line.startswith(asked) for line, (asked, _) in zip(lines, HELP_DESK, strict=True))
    assert 3 == first.count("“")
    assert len(found.summary.split()) == results(found)["summary"]["word_count"]


def test_the_same_talk_gives_the_same_findings() -> None:
    held = talk(*HELP_DESK)

    assert msgspec.json.encode(findings_of(held, LEXICON)) == msgspec.json.encode(findings_of(held, LEXICON))


def test_of_a_language_that_the_rules_do_not_know_there_is_only_the_summary() -> None:
    found = findings_of(talk(("Warum?", "Weil es geregnet hat. Es war schlimm."), language="de"), LEXICON)

    assert ((), "neutral") == (found.themes, found.overall)
    assert "Warum? “Weil es geregnet hat.”" == found.summary


def test_of_a_talk_without_words_there_is_nothing() -> None:
    assert Findings("", (), "neutral", ()) == findings_of(Talk("en", (), ()), LEXICON)


@given(st.text(max_size=2_000))
def test_pieces_of_a_text_are_spans_in_order_that_leave_no_word_out(text: str) -> None:
    places = clause_places(text)
    pieces = [text[start:end] for start, end in places]

    assert sorted(places) == places
    assert all(piece and piece == piece.strip() for piece in pieces)
    assert all(len(words_of(piece)) <= LONGEST for piece in pieces)
    assert [w.text for w in words_of(text)] == [w.text for piece in pieces for w in words_of(piece)]


def test_only_words_that_answer_are_given_to_an_analyst() -> None:
    entries = [
        {"id": "ent_1", "role": "agent", "content": "Why?"},
        {"id": "ent_2", "role": "participant", "content": "Could you repeat that?"},
        {"id": "ent_3", "role": "participant", "content": "Because of the rain."},
    ]
    answer = {"transcript_entry_ids": ["ent_3", "ent_9"]}
    items: list[dict[str, Any]] = [
        {"question_key": "why", "question_text": "Why?", "answer": answer},
        {"question_key": "form", "question_text": "How many?", "answer": None},
    ]

    assert Talk(
        "en",
        (Question("why", "Why?"), Question("form", "How many?")),
        (Statement("ent_3", "why", "Because of the rain."),),
    ) == talk_of("en", entries, items)
