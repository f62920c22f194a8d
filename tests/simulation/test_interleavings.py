"""Talks of which a seed makes everything, watched after each event and looked over at their end.

A failure prints the seed: `hold_a_talk(seed, SIGNALS)` plays the same talk again.
"""

import pytest

from tests.simulation.wild_talk import hold_a_talk

SIGNALS = 200


@pytest.mark.parametrize("first", range(0, 300, 25))
def test_whatever_happens_no_answer_is_doubled_no_word_lost_and_no_turn_left_open(first: int) -> None:
    for seed in range(first, first + 25):
        hold_a_talk(seed, SIGNALS)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1_000, 9_000, 500))
def test_the_same_over_thousands_of_talks(first: int) -> None:
    for seed in range(first, first + 500):
        hold_a_talk(seed, SIGNALS)


def test_short_talks_of_any_length_keep_every_promise_too() -> None:
    for seed in range(10_000, 10_100):
        hold_a_talk(seed, thorough=False)


def test_a_talk_that_failed_once_keeps_every_promise() -> None:
    hold_a_talk(8338)  # a pause spoken over twice lost the answer before it
    hold_a_talk(1682, SIGNALS)  # a claim among words from before a lost connection was granted for ever
    hold_a_talk(266, SIGNALS)  # killed while it waited for a yes or no, it asked what was answered


def test_a_seed_makes_the_same_talk_again() -> None:
    assert hold_a_talk(7, SIGNALS).events == hold_a_talk(7, SIGNALS).events
