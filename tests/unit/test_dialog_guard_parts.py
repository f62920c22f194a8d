"""Default deny holds for every part of an utterance: what stands before an attribution, beside a quotation,
with options, and in a question that must be spoken exactly."""

import pytest

from dialog.guarding.said import MOST_CHARACTERS, Heard
from dialog.probe_guard import GuardContext, Line, check

SAID = GuardContext(
    question="Tell me about your last day at work.",
    transcript=(
        Line("agent", "Tell me about your last day at work."),
        Line(
            "participant",
            "they changed the contract and i was angry, and then the train stopped and i came home late",
        ),
    ),
)
DRINKS = GuardContext(question="What do you drink?", options=("tea", "coffee"))


def exactly(question: str) -> GuardContext:
    return GuardContext(question=question, verbatim=True)


@pytest.mark.parametrize(
    "utterance",
    [
        "Your manager blamed you when you mentioned the contract. What happened next?",
        "You felt humiliated when you described the train. What happened next?",
        "After your boss yelled at you, you mentioned the contract. What happened next?",
        "He fired you, as you mentioned.",
        "Your wife left you in March, and you said the train stopped, what happened next?",
        "Since your lawyer stole the trombone, you mentioned the contract, what happened then?",
        "Your lawyer stole the trombone, and you mentioned the contract.",
        "Your lawyer stole the trombone, as you said.",
        "You changed your mind, and you mentioned the contract.",
        "Tell me about the trombone that you mentioned.",
    ],
)
def test_what_stands_before_an_attribution_is_judged_as_well(utterance: str) -> None:
    assert [] != check(utterance, SAID)


@pytest.mark.parametrize(
    "utterance",
    [
        'You said "angry" because he humiliated you. What happened next?',
        'You mentioned "late" and your boss is a liar who steals from the company.',
        'You said "the train stopped" and the ozempic pills made you sick.',
        'You said "they changed the contract" to the trombone. What was that like?',
    ],
)
def test_a_quotation_lends_nothing_to_the_words_beside_it(utterance: str) -> None:
    assert "false_attribution" in check(utterance, SAID)


@pytest.mark.parametrize(
    "utterance",
    [
        "You told me it was your first time.",
        "You said you can do it.",
        "You mentioned this person.",
        "You mentioned you.",
        "You said he was angry.",
    ],
)
def test_an_attribution_needs_a_word_of_theirs_of_the_one_whom_they_meant(utterance: str) -> None:
    assert ["false_attribution"] == check(utterance, SAID)


@pytest.mark.parametrize(
    "utterance",
    [
        "Earlier, you mentioned the contract. What was that like?",
        "And when you said the train stopped, what happened?",
        "What did you mean when you said you were angry?",
        "Tell me more about the contract that you mentioned.",
        "The train stopped, as you said. What happened then?",
        'You said "angry". What was that like?',
        'When you say "late", what do you mean by that?',
        'You mentioned that you were "angry" and "came home late". What happened then?',
        "I'd like to go back to the moment when you said the train stopped. What happened?",
        "Going back to the contract that you mentioned, what happened with it?",
    ],
)
def test_an_attribution_of_what_was_said_passes_with_what_leads_up_to_it(utterance: str) -> None:
    assert [] == check(utterance, SAID)


@pytest.mark.parametrize("utterance", ["It was you.", "You did it.", "And you were there.", "So it was."])
def test_nor_is_anything_asserted_without_a_word_of_theirs(utterance: str) -> None:
    assert [] != check(utterance, SAID)


@pytest.mark.parametrize(
    "utterance",
    [
        "Is your lying cheating boss a thief or so?",
        "Do you think that murderers drink tea or coffee?",
        "Is it tea or coffee that made your wife leave?",
        "Surely it's tea or coffee, isn't it?",
        "Is it tea or water?",
    ],
)
def test_options_lend_nothing_to_the_words_beside_them(utterance: str) -> None:
    assert [] != check(utterance, DRINKS)


@pytest.mark.parametrize("utterance", ["Is it tea or coffee?", "Would that be coffee, or tea?"])
def test_options_of_the_design_may_be_offered(utterance: str) -> None:
    assert [] == check(utterance, DRINKS)


@pytest.mark.parametrize(
    ("due", "spoken", "violations"),
    [
        ("From 0 to 10, how likely is it?", "From 0 to 10, how likely is it?", []),
        ("From 0 to 10, how likely is it?", " From 0 to 10,\n how likely  is it? ", []),
        ("Why don't you like it?", "Why don’t you like it?", []),
        ("Why don’t you like it?", "Why don't you like it?", []),
        ("From 0 to 10, how likely is it?", "From 0 to -10, how likely is it?", ["verbatim_altered"]),
        ("From 0 to 10, how likely is it?", "From 0 to 10! How likely? {}[] Is it...", ["verbatim_altered"]),
        ("Do you like Polish bread?", "Do you like polish bread?", ["verbatim_altered"]),
    ],
)
def test_exact_means_to_the_sign(due: str, spoken: str, violations: list[str]) -> None:
    assert violations == check(spoken, exactly(due))


@pytest.mark.parametrize("many", ["or a " * 400, "and what, " * 200, "you said, as you said " * 80])
def test_what_is_far_too_long_is_that_and_no_more_is_asked(many: str) -> None:
    assert ["too_long"] == check(many + "?", SAID)


def test_a_talk_remembers_what_was_said_and_forgets_what_was_struck() -> None:
    heard = Heard()
    before = heard.said(["the train stopped", "i was angry"])

    assert heard.said(["the train stopped", "i was angry"]) is before
    assert before.quoted("the train")
    assert not heard.said(["i was angry"]).quoted("the train")


def test_a_memory_holds_so_many_characters_of_the_latest_lines_and_no_more() -> None:
    heard = Heard()
    lines = [f"word{number} " * 600 for number in range(20)]
    said = heard.said(lines)
    huge = heard.said(["first " + "word " * MOST_CHARACTERS + "last"])

    assert said.quoted("word19")
    assert not said.quoted("word0")
    assert huge.quoted("last")
    assert not huge.quoted("first")


LATE = GuardContext(
    question="How was your day?",
    transcript=(
        Line("agent", "How was your day?"),
        Line(
            "participant",
            "my boss was late again and i was angry about the contract nobody told me and the train stopped",
        ),
    ),
)


@pytest.mark.parametrize(
    "utterance",
    [
        "You said you were late again.",
        "You stopped the train.",
        "Your boss was angry about the contract.",
        "You told nobody about the contract.",
        "You said nobody was angry.",
        "You mentioned that your boss was angry. What happened next?",
    ],
)
def test_what_one_did_is_not_said_of_another(utterance: str) -> None:
    assert "false_attribution" in check(utterance, LATE)


@pytest.mark.parametrize(
    "utterance",
    [
        "You were angry about the contract.",
        "You said the train stopped. What happened then?",
        "You said your boss was late again. What happened then?",
        "You said nobody told you about the contract. What was that like?",
        "When you say you were angry, what was that like?",
    ],
)
def test_what_they_said_of_somebody_is_given_back_of_the_same(utterance: str) -> None:
    assert [] == check(utterance, LATE)
