"""Spoken talks over a bad network: the same answers, taken as often as over a good one, and no cut-ins."""

import pytest

from server.gateway.rtp import RtpFormat
from tests.support.blueprints import blueprint, question, two_questions
from tests.support.lossy_road import FEC_ALONE, WITH_RED, at_random, between, carry_speech, in_bursts
from tests.support.lossy_talk import ANSWER, Outcome, hold_talk

CLEAN = between(0, 0)
ONE = blueprint(question("morning", "How did your morning begin?", patience="narrative"))
BURST = 30
"""Packets: 0.6 s."""


def first_slot(outcome: Outcome) -> int:
    """Slot in which the answer of a clean talk begins."""
    return round(outcome.first_answer_at * 50)


@pytest.fixture(scope="module")
def clean() -> Outcome:
    return hold_talk(ONE, WITH_RED, CLEAN, answers=1)


def test_without_loss_each_answer_is_taken_once(clean: Outcome) -> None:
    assert (1, 0, len(ANSWER)) == (clean.takes, clean.early_takes, clean.utterance_ends)
    assert 0 == clean.repair.missing_share


@pytest.mark.parametrize("agreed", [WITH_RED, FEC_ALONE], ids=["red", "fec"])
def test_a_tenth_of_loss_changes_neither_the_answers_nor_how_often_they_are_taken(agreed: RtpFormat) -> None:
    good = hold_talk(two_questions(), agreed, CLEAN)
    bad = hold_talk(two_questions(), agreed, at_random(0.1, seed=4))

    assert bad.repair.lost_share > 0.08
    assert good.answers == bad.answers
    assert (good.takes, 0) == (bad.takes, bad.early_takes)
    assert good.utterance_ends == bad.utterance_ends


@pytest.mark.parametrize("tenths", range(0, 90, 9))
def test_a_burst_of_loss_in_the_middle_of_an_answer_is_no_end_of_it(clean: Outcome, tenths: int) -> None:
    first = first_slot(clean) + 5 * tenths
    lossy = hold_talk(ONE, WITH_RED, between(first, first + BURST), answers=1)

    assert 0 == lossy.early_takes
    assert 1 == lossy.takes
    assert lossy.repair.missing_share > 0.01
    assert lossy.repair.media_time_whole


@pytest.mark.long
def test_bursts_anywhere_are_no_ends(clean: Outcome) -> None:
    early = {}
    for first in range(first_slot(clean), first_slot(clean) + 500, 3):
        lossy = hold_talk(ONE, FEC_ALONE, between(first, first + BURST), answers=1)
        early[first] = lossy.early_takes

    assert {0} == set(early.values()), [first for first, count in early.items() if count]


@pytest.mark.long
def test_of_a_hundred_bad_talks_one_is_taken_early_at_most() -> None:
    early = 0  # the very word that says that more is to come may be lost
    for seed in range(50):
        early += hold_talk(ONE, WITH_RED, at_random(0.1, seed), answers=1).early_takes
        early += hold_talk(ONE, FEC_ALONE, in_bursts(0.1, 3, seed), answers=1).early_takes

    assert early <= 1


# What reaches the ear


def test_red_and_fec_leave_less_than_half_a_percent_missing_at_a_tenth_of_loss() -> None:
    repair = carry_speech(WITH_RED, at_random(0.1, seed=1), 60)

    assert repair.lost_share > 0.09
    assert repair.missing_share <= 0.005
    assert repair.delay_p50 == pytest.approx(0, abs=1e-6)
    assert repair.delay_p99 <= 0.04 + 1e-6


def test_fec_alone_leaves_less_than_three_percent_missing_at_a_tenth_of_loss() -> None:
    repair = carry_speech(FEC_ALONE, at_random(0.1, seed=1), 60)

    assert repair.lost_share > 0.09
    assert repair.missing_share <= 0.03
    assert repair.delay_p99 <= 0.04 + 1e-6


@pytest.mark.parametrize("jitter", [0.0, 0.03])
def test_after_a_burst_no_delay_is_left(jitter: float) -> None:
    repair = carry_speech(WITH_RED, between(500, 500 + BURST), 15, jitter=jitter)

    assert repair.delay_max > 0.3
    assert repair.delay_at_end < 0.001
    assert repair.media_time_whole
