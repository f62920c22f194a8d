"""Evidence that an answer is over, and one person's own patience."""

import pytest

from dialog.endpointing import Patience, completeness, content_words, weigh
from dialog.policy import DEFAULT_POLICY, PROFILES

FINISHED = [
    "i usually buy my groceries on the way home from work",
    "we moved to a smaller house near the river in nineteen ninety two",
    "she told me that the whole team had already left",
    "that was the last time we spoke",
]
HANGING = ["on sunday my mother comes over", "we talked the whole thing through", "and then we all moved in"]
UNFINISHED = [
    "i usually buy my groceries on the way home and",
    "we moved to a smaller house because",
    "she told me that the",
    "it was a kind of",
    "i was going to",
    "the thing is that i",
    "we had a big argument about um",
]


@pytest.mark.parametrize("text", FINISHED)
def test_a_finished_clause_takes_the_turn_at_the_short_delay(text: str) -> None:
    features = weigh(text, 0.7, True, PROFILES["narrative"])

    assert features.score >= DEFAULT_POLICY.strict_threshold


@pytest.mark.parametrize("text", UNFINISHED)
def test_an_unfinished_clause_takes_the_turn_at_neither_delay(text: str) -> None:
    profile = PROFILES["narrative"]
    scores = [weigh(text, delay, True, profile).score for delay in (0.7, 2.0)]

    assert max(scores) < DEFAULT_POLICY.loose_threshold


@pytest.mark.parametrize("text", HANGING)
def test_a_particle_at_the_end_takes_the_turn_at_the_long_delay(text: str) -> None:
    short, long = (weigh(text, delay, True, PROFILES["narrative"]).score for delay in (0.7, 2.0))

    assert short < DEFAULT_POLICY.strict_threshold
    assert long >= DEFAULT_POLICY.loose_threshold


@pytest.mark.parametrize("text", UNFINISHED)
def test_an_unfinished_clause_is_taken_within_five_seconds_unless_it_ends_in_a_filler(text: str) -> None:
    score = weigh(text, 5.0, True, PROFILES["narrative"]).score

    assert (score >= DEFAULT_POLICY.loose_threshold) is not text.endswith("um")


def test_a_short_answer_to_a_closed_question_is_complete() -> None:
    assert completeness("yes", closed=True) > 0.9 > completeness("yes", closed=False)


def test_a_dictated_address_is_judged_by_silence_alone() -> None:
    profile = PROFILES["dictate"]

    assert weigh("twelve mill lane and", 2.5, True, profile).score >= DEFAULT_POLICY.loose_threshold
    assert weigh("twelve mill lane", 1.0, True, profile).score < DEFAULT_POLICY.strict_threshold


def test_more_silence_is_never_less_evidence() -> None:
    for text in FINISHED + UNFINISHED:
        scores = [weigh(text, 0.3 * step, True, PROFILES["narrative"]).score for step in range(1, 20)]

        assert sorted(scores) == scores


def test_backchannels_and_fillers_are_no_content() -> None:
    assert 0 == content_words("mm-hm yeah um okay right")
    assert 2 == content_words("yeah the red door um") - content_words("the")


def test_patience_grows_with_a_persons_own_pauses_within_bounds() -> None:
    patience = Patience(DEFAULT_POLICY)
    assert pytest.approx(1.0) == patience.factor()
    for _ in range(200):
        patience.pause_bridged(4.0)

    assert 1.9 < patience.factor() <= 2.0


def test_patience_grows_after_a_cut_off_and_wears_off_over_three_answers() -> None:
    patience = Patience(DEFAULT_POLICY)
    patience.cut_off()
    factors = [patience.factor()]
    for _ in range(3):
        patience.answer_given()
        factors.append(patience.factor())

    assert pytest.approx([1.3, 1.2, 1.1, 1.0]) == factors
