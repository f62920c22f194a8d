"""What a leg tells of sound that doesn't come, counted in beats."""

import pytest

from server.gateway.liveness import LOST_AFTER, Liveness
from tests.support.gateway import KeptEar

BEATS_TO_LOSS = 101


def watch() -> tuple[Liveness, KeptEar]:
    ear = KeptEar()
    return Liveness(ear, 0.06), ear


def beat(liveness: Liveness, times: int) -> None:
    for _ in range(times):
        liveness.beat()


def test_sound_that_is_missing_is_told_once_for_each_time() -> None:
    liveness, ear = watch()
    liveness.came()
    beat(liveness, 3)
    before = list(ear.stalls)
    beat(liveness, 30)
    liveness.came()
    beat(liveness, 4)

    assert [] == before
    assert pytest.approx([0.06, 0.06]) == ear.stalls


def test_two_seconds_without_sound_are_a_lost_link_and_the_next_sound_finds_it() -> None:
    liveness, ear = watch()
    liveness.came()
    beat(liveness, BEATS_TO_LOSS - 1)
    before = list(ear.happened)
    beat(liveness, 300)
    lost = list(ear.happened)
    liveness.came()

    assert [] == before
    assert ["lost"] == lost
    assert ["lost", "found"] == ear.happened
    assert LOST_AFTER == 2.0


def test_a_link_on_which_nothing_ever_came_is_lost_too() -> None:
    liveness, ear = watch()
    beat(liveness, BEATS_TO_LOSS)

    assert ["lost"] == ear.happened


def test_sound_that_comes_with_each_beat_is_never_missing() -> None:
    liveness, ear = watch()
    for _ in range(500):
        liveness.beat()
        liveness.came()

    assert ([], []) == (ear.stalls, ear.happened)
    assert liveness.missing == 0.0
