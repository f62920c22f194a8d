"""What holds of the core's parts whatever they are given."""

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialog.attribution import Attribution
from dialog.blueprint import Blueprint
from dialog.events import AnyFact
from dialog.floor import ANYWHERE, TABLE, IllegalMove, Move, allows, next_state
from dialog.floor_states import FloorState
from dialog.judgement import Judgement, Probe
from dialog.manager import Manager
from dialog.run import apply, fold
from dialog.signals import AnySignal, Signal
from dialog.timers import Timers
from tests.simulation.designs import any_design, branching, probing, showing
from tests.simulation.sayings import ANSWERS, FRAGMENTS, NOISES, REPLIES, REQUESTS, RUBBISH
from tests.simulation.wild_world import WildWorld

TEXTS = st.sampled_from((*ANSWERS, *FRAGMENTS, *NOISES, *REPLIES, *REQUESTS, *RUBBISH, ""))
KEYS = st.sampled_from(("facts", "driver", "walker", "rating", "last", "work", "rest", "home", "nowhere"))
NUMBERS = st.integers(0, 6)
SECONDS = st.floats(0, 20, allow_nan=False)
BODIES: dict[Any, Any] = {
    str: TEXTS,
    int: NUMBERS,
    float: SECONDS,
    float | None: st.none() | SECONDS,
    dict[str, object]: st.dictionaries(
        st.sampled_from(("owns", "age", "score")), st.sampled_from((1, "x", None))
    ),
    dict[str, float]: st.just({}),
    Probe: st.builds(Probe, TEXTS, TEXTS, TEXTS, TEXTS),
}
SETTINGS = settings(max_examples=150, deadline=None)


def instances(union: Any) -> st.SearchStrategy[Any]:
    """Any instance of any member, its fields within what a talk may hold."""
    return st.one_of([st.builds(one, **_fields(one)) for one in union.__args__])


def _fields(struct: Any) -> dict[str, st.SearchStrategy[Any]]:
    found: dict[str, st.SearchStrategy[Any]] = {}
    for name, kind in struct.__annotations__.items():
        if name == "node_key":
            found[name] = KEYS
        elif name == "judgement":
            found[name] = st.builds(Judgement, st.sampled_from(("sufficient", "distress", "wants_right")))
        elif kind in BODIES:
            found[name] = BODIES[kind]
    return found


FACTS = st.lists(instances(AnyFact), max_size=40)
SIGNALS = st.lists(st.tuples(SECONDS, instances(AnySignal)), max_size=60)


@SETTINGS
@given(SIGNALS, st.sampled_from((probing, branching)))
def test_no_order_of_signals_makes_the_core_raise(
    signals: list[tuple[float, AnySignal]], design: Any
) -> None:
    manager, now = Manager(design()), 0.0
    for pause, signal in signals:
        now += pause / 8
        manager.handle(signal, now)


@SETTINGS
@given(FACTS, FACTS)
def test_any_facts_give_a_state_and_the_same_in_one_go_or_two(
    earlier: list[AnyFact], later: list[AnyFact]
) -> None:
    state = fold(earlier)
    for fact in later:
        state = apply(state, fact)

    assert fold([*earlier, *later]) == state


@SETTINGS
@given(st.lists(st.sampled_from((*ANYWHERE, *{move for row in TABLE.values() for move in row}))))
def test_the_floor_goes_only_where_its_table_says_and_nowhere_once_closed(moves: list[Any]) -> None:
    state: Any = "waiting"
    for move in moves:
        if allows(state, move):
            assert "closed" != state
            state = next_state(state, move)
            assert state in TABLE


@pytest.mark.parametrize("state", get_args(FloorState))
def test_each_move_is_in_the_table_or_refused_and_every_state_but_the_last_leads_on(
    state: FloorState,
) -> None:
    for move in get_args(Move):
        if not allows(state, move):
            with pytest.raises(IllegalMove):
                next_state(state, move)
    reached, new = {state}, [state]
    while new:
        here = new.pop()
        there = {next_state(here, move) for move in get_args(Move) if allows(here, move)} - reached
        reached |= there
        new += there

    assert set(get_args(FloorState)) == set(TABLE)
    assert state == "closed" or {"open", "speaking", "closed"} <= reached


def design_of(seed: int) -> Blueprint:
    return showing() if seed % 5 == 0 else any_design(Random(seed))


@cache
def ways_there() -> dict[FloorState, tuple[int, list[tuple[AnySignal, float]]]]:
    """For each state of the floor the signals of some wild talk up to it, and the talk's seed."""
    found: dict[FloorState, tuple[int, list[tuple[AnySignal, float]]]] = {}
    for seed in range(200):
        world = WildWorld(seed, design_of(seed))
        for _ in range(120):
            world.run(1)
            state = world.manager._turns.state
            if state not in found:
                past = [(one.body, one.at) for one in world.events if isinstance(one.body, Signal)]
                found[state] = seed, past
        if len(found) == len(TABLE):
            break
    return found


def one_of_each(rng: Random) -> Iterator[AnySignal]:
    """A signal of every kind, its ids those of something early, or of nothing."""
    values: dict[Any, Any] = {str: "yes", int: rng.randrange(4), float: 0.4, bool: rng.random() < 0.5}
    values[float | None] = rng.choice((None, 0.4))
    for kind in get_args(AnySignal):
        fields: dict[str, Any] = {}
        for name, wanted in kind.__annotations__.items():
            if name == "judgement":
                fields[name] = Judgement("sufficient")
            elif wanted in values:
                fields[name] = values[wanted]
            elif get_args(wanted) and str in map(type, get_args(wanted)):
                fields[name] = rng.choice(get_args(wanted))
            else:
                fields[name] = {}
        yield kind(**fields)


@pytest.mark.parametrize("state", [state for state in TABLE if state != "waiting"])
def test_every_signal_in_every_state_is_answered_or_ignored_and_leaves_a_way_on(state: FloorState) -> None:
    seed, past = ways_there()[state]
    rng = Random(seed)
    for signal in one_of_each(rng):
        manager = Manager(design_of(seed))
        for earlier, at in past:
            manager.handle(earlier, at)
        assert state == manager._turns.state
        manager.handle(signal, past[-1][1] + 0.01)
        floor, lull = manager._turns.state, manager._turns.lull

        assert (
            manager.deadline is not None
            or floor in ("waiting", "held", "paused", "away", "operator", "closed")
            or lull.voiceless
            or lull.frozen
        ), f"{signal} leaves {floor} without an end"


@SETTINGS
@given(st.lists(st.tuples(st.sampled_from("abcd"), SECONDS)), SECONDS)
def test_timers_fire_in_order_each_once_and_none_before_its_time(
    sets: list[tuple[str, float]], now: float
) -> None:
    timers = Timers()
    for name, at in sets:
        timers.set(name, at)
    due = sorted((at, name) for name, at in dict(sets).items() if at <= now + 1e-9)
    fired = []
    while (one := timers.take_due(now)) is not None:
        fired.append(one)

    assert sorted(name for _, name in due) == sorted(fired)
    assert [at for at, _ in due] == [dict(sets)[name] for name in fired]
    assert timers.deadline is None or timers.deadline > now


@SETTINGS
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_each_word_of_a_growing_utterance_is_dealt_with_once_however_often_its_turn_is_gone(
    owned: list[bool],
) -> None:
    attribution = Attribution()
    words = [f"w{number}" for number in range(len(owned))]
    given_away: list[str] = []
    present: str = ""
    for count, keeps in enumerate(owned, 1):
        if not keeps:  # whoever had the words so far is gone
            given_away += present.split()
        text = " ".join(words[:count])
        rest = attribution.take(1, text, count == len(words), keeps and count > 1)
        present = rest or ""

    assert words == [*given_away, *present.split()]


@SETTINGS
@given(TEXTS)
def test_nothing_is_taken_of_an_utterance_after_its_last_word(text: str) -> None:
    attribution = Attribution()
    attribution.take(1, text, True, True)

    assert attribution.take(1, f"{text} more", False, True) is None
    assert attribution.take(1, text, True, False) is None
