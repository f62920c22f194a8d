"""Ids that sort by the time of their making."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import clock


def test_an_id_is_a_prefix_and_the_digits_of_a_uuid_of_version_7() -> None:
    before = clock.wall_clock_ms()
    made = clock.new_id("run_")
    after = clock.wall_clock_ms()

    assert re.fullmatch(r"run_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", made)
    assert before <= int(made[4:16], 16) <= after + 1


def test_each_id_sorts_behind_the_one_before_however_many_there_are_in_a_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "wall_clock_ms", lambda: 2_000_000_000_000)
    made = [clock.new_id("") for _ in range(20_000)]

    assert made == sorted(set(made))


def test_a_clock_that_is_set_back_a_little_brings_no_id_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.wall_clock_ms()
    made = []
    for moved in (0, 5, -1_000, -9_000, 1):
        monkeypatch.setattr(clock, "wall_clock_ms", lambda at=now + moved: at)
        made.append(clock.new_id(""))

    assert made == sorted(made)


def test_a_clock_that_was_far_ahead_is_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.wall_clock_ms()
    monkeypatch.setattr(clock, "wall_clock_ms", lambda: now + 86_400_000)
    ahead = clock.new_id("")
    monkeypatch.setattr(clock, "wall_clock_ms", lambda: now)
    back = clock.new_id("")

    assert back < ahead
    assert now == int(back[:12], 16)


def test_ids_of_several_threads_are_never_the_same() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [
            each
            for batch in pool.map(lambda _: [clock.new_id("") for _ in range(500)], range(8))
            for each in batch
        ]

    assert 4_000 == len(set(made))
