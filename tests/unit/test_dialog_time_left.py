"""How long the rest of a talk is said to take: at the participant's own pace, and only where anybody can
tell."""

from itertools import pairwise

import pytest

from dialog import script
from dialog.blueprint import Blueprint
from dialog.events import NodeClosed, NodeEntered
from dialog.graph_checks import MAX_NODES
from dialog.run import apply, begin_session
from dialog.run_state import RunState
from dialog.terms import Terms
from dialog.time_left import seconds_left
from tests.support.blueprints import blueprint, question

KEYS = ("one", "two", "three", "four", "five", "six")


def design(longest: int = 30) -> Blueprint:
    """Six questions in a row, and the minutes that they may take."""
    return blueprint(*(question(key, f"What of number {key}?") for key in KEYS), max_duration_m=longest)


def after(closed: int) -> RunState:
    """A run in which so many questions are behind."""
    state = begin_session(RunState())
    for place, key in enumerate(KEYS[: closed + 1]):
        state = apply(state, NodeEntered(key, None, "default"))
        if place < closed:
            state = apply(state, NodeClosed(key, "answered"))
    return state


def left(made: Blueprint, state: RunState, now: float) -> float | None:
    return seconds_left(made, state, Terms(made, 0.9), now)


def test_who_answers_twice_as_fast_is_told_of_about_half_the_time() -> None:
    slow, fast = left(design(), after(3), 150.0), left(design(), after(3), 75.0)

    assert slow is not None
    assert fast is not None
    assert 1.6 < slow / fast < 2.2


def test_half_way_through_as_much_is_left_as_was_taken() -> None:
    seconds = left(design(), after(3), 120.0)

    assert seconds is not None
    assert 95 < seconds < 145


def test_nothing_is_said_before_a_pace_is_known() -> None:
    assert left(design(), after(1), 40.0) is None
    assert left(design(), begin_session(RunState()), 0.0) is None


def test_nothing_is_said_where_the_ways_on_differ_much() -> None:
    skipping = {"type": "structured", "field": "three", "operator": "contains", "value": "enough"}
    edges: list[dict[str, object]] = [{"from": one, "to": other} for one, other in pairwise(KEYS)]
    edges.append({"from": "four", "to": "six", "priority": 0, "condition": skipping})
    short = blueprint(*(question(key, f"What of number {key}?") for key in KEYS), edges=edges)
    nodes = (*KEYS, *(f"more{number}" for number in range(6)))
    chain: list[dict[str, object]] = [{"from": one, "to": other} for one, other in pairwise(nodes)]
    chain.append({"from": "four", "to": "more5", "priority": 0, "condition": skipping})
    long = blueprint(*(question(key, f"What of number {key}?") for key in nodes), edges=chain)

    assert left(short, after(3), 120.0) is not None
    assert left(long, after(3), 120.0) is None


def test_no_more_time_is_promised_than_there_is() -> None:
    seconds = left(design(3), after(3), 160.0)

    assert seconds is not None
    assert seconds <= 20


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(5, 1), (70, 1), (100, 2), (150, 2), (165, 3), (390, 5), (400, 7), (3_000, 50), (9_000, 60)],
)
def test_it_is_said_in_times_that_people_use_and_rather_less(seconds: float, minutes: int) -> None:
    assert minutes == script.roughly(seconds)
    assert script.time_left(minutes) in script.known_words(design())


def test_the_longest_design_that_may_be_is_reckoned_too() -> None:
    keys = [f"n{place}" for place in range(MAX_NODES)]
    made = blueprint(*(question(key, f"What of {key}?") for key in keys), max_duration_m=600)
    state = begin_session(RunState())
    for place, key in enumerate(keys[:7]):
        state = apply(state, NodeEntered(key, None, "default"))
        if place < 6:
            state = apply(state, NodeClosed(key, "answered"))
    seconds = left(made, state, 240.0)

    assert seconds is not None
    assert 200 < seconds / (MAX_NODES / 6) < 300
