"""Talks of which a seed makes everything, watched after each event and looked over at their end.

A failure prints the seed: `WildWorld(seed, any_design(Random(seed)))` plays the same talk again.
"""

from random import Random

import pytest

from tests.simulation.designs import any_design
from tests.simulation.wild_world import WildWorld

SIGNALS = 200


def hold_a_talk(seed: int) -> WildWorld:
    """A wild talk; then everybody falls silent, and the talk has to find its end by itself."""
    world = WildWorld(seed, any_design(Random(seed)))
    try:
        world.run(SIGNALS).check_aftermath()
        world.rest().check_aftermath()
        floor = world.manager._turns.state
        assert world.at_rest, f"left alone for ten minutes, the floor is {floor}"
    except Exception as error:
        error.add_note(f"seed {seed}, after {len(world.events)} events, at {world.now:.3f} s")
        raise
    return world


@pytest.mark.parametrize("first", range(0, 300, 25))
def test_whatever_happens_no_answer_is_doubled_no_word_lost_and_no_turn_left_open(first: int) -> None:
    for seed in range(first, first + 25):
        hold_a_talk(seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1_000, 9_000, 500))
def test_the_same_over_thousands_of_talks(first: int) -> None:
    for seed in range(first, first + 500):
        hold_a_talk(seed)


def test_a_seed_makes_the_same_talk_again() -> None:
    assert hold_a_talk(7).events == hold_a_talk(7).events
