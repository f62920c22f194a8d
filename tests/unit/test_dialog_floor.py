"""The floor's table: what it holds, and that it is whole."""

from typing import get_args

import pytest

from dialog.floor import TABLE, IllegalMove, Move, allows, next_state
from dialog.floor_states import FloorState


def test_every_state_has_a_row_and_every_row_leads_to_a_state() -> None:
    states = set(get_args(FloorState))

    assert states == set(TABLE)
    assert all(target in states for row in TABLE.values() for target in row.values())


def test_every_state_but_the_last_can_be_paused_left_and_closed() -> None:
    for state in get_args(FloorState):
        for move in ("pause", "leave", "close", "operator", "speak"):
            assert allows(state, move) is (state != "closed")


def test_nothing_moves_once_closed() -> None:
    for move in get_args(Move):
        with pytest.raises(IllegalMove):
            next_state("closed", move)


def test_speech_brings_every_wrong_guess_back_to_hearing() -> None:
    assert ["hearing"] * 4 == [next_state(state, "onset") for state in ("open", "lull", "soft_take", "hold")]


def test_every_state_is_reached_from_waiting() -> None:
    reached: set[str] = {"waiting"}
    while True:
        more = {
            next_state(state, move)  # type: ignore[arg-type]
            for state in reached
            for move in get_args(Move)
            if allows(state, move)  # type: ignore[arg-type]
        }
        if more <= reached:
            break
        reached |= more

    assert set(get_args(FloorState)) == reached
