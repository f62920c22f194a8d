import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.jitter_buffer import MAX_HOLE, MAX_WAITING, JitterBuffer, Lost, Packet, unwrapped

TICKS = 960
FRAME = 0.02
TICK = 0.005
"""Seconds between two pops."""


def push(
    buffer: JitterBuffer, index: int, *, at: float | None = None, redundant: bool = False, start: int = 0
) -> None:
    """Push packet `index` of a steady stream; its payload is its index."""
    buffer.push(
        (start + index) & 0xFFFF,
        (start * TICKS + index * TICKS) & 0xFFFFFFFF,
        str(index).encode(),
        index * FRAME if at is None else at,
        redundant=redundant,
    )


def indices(released: list[Packet | Lost]) -> list[int | None]:
    return [int(item.payload) if isinstance(item, Packet) else None for item in released]


def test_packets_in_order_leave_at_once() -> None:
    buffer = JitterBuffer()
    for index in range(100):
        push(buffer, index)

        assert indices(buffer.pop(index * FRAME)) == [index]


def test_a_hole_is_waited_for_forty_milliseconds_after_its_nominal_arrival_and_then_lost() -> None:
    buffer = JitterBuffer()
    for index in (0, 1, 2, 4):
        push(buffer, index)
    due = 3 * FRAME + 0.04

    assert indices(buffer.pop(4 * FRAME)) == [0, 1, 2]
    assert buffer.pop(due - 0.003) == []
    given_up_at = buffer.due or 0.0

    assert due - 0.003 < given_up_at <= due
    assert indices(buffer.pop(given_up_at)) == [None, 4]
    assert buffer.due is None
    assert buffer.lost == 1


def test_a_lost_packet_stands_between_its_neighbours_in_time() -> None:
    buffer = JitterBuffer()
    for index in (0, 3):
        push(buffer, index)
    released = buffer.pop(1.0)

    assert [0, TICKS, 2 * TICKS, 3 * TICKS] == [item.timestamp for item in released]
    assert [0, 1, 2, 3] == [item.sequence for item in released]


def test_a_late_packet_fills_its_hole_as_long_as_that_is_waited_for() -> None:
    buffer = JitterBuffer()
    for index in (0, 2, 1):
        push(buffer, index, at=0.05)

    assert indices(buffer.pop(0.05)) == [0, 1, 2]
    assert buffer.lost == 0


def test_what_comes_after_it_was_given_up_or_twice_is_dropped() -> None:
    buffer = JitterBuffer()
    for index in (0, 2):
        push(buffer, index)
    buffer.pop(1.0)
    for index in (1, 2):
        push(buffer, index, at=1.0)

    assert buffer.pop(2.0) == []
    assert buffer.dropped == 2


def test_redundancy_fills_a_hole_and_is_otherwise_ignored() -> None:
    buffer = JitterBuffer()
    push(buffer, 0)
    push(buffer, 1, at=2 * FRAME, redundant=True)
    push(buffer, 2)
    push(buffer, 2, at=3 * FRAME, redundant=True)
    push(buffer, 3)
    released = buffer.pop(3 * FRAME)

    assert indices(released) == [0, 1, 2, 3]
    assert [False, True, False, False] == [isinstance(item, Packet) and item.redundant for item in released]
    assert buffer.dropped == 0


def test_nothing_found_in_a_later_packet_fills_no_hole() -> None:
    buffer = JitterBuffer()
    push(buffer, 0)
    buffer.push(1, TICKS, b"", 2 * FRAME, redundant=True)
    push(buffer, 2)

    assert indices(buffer.pop(1.0)) == [0, None, 2]


@pytest.mark.parametrize("start", [65_500, 65_535, (1 << 32) // TICKS - 20])
def test_both_counters_may_wrap_around(start: int) -> None:
    buffer = JitterBuffer()
    released = []
    for index in range(100):
        push(buffer, index, start=start)
        released += buffer.pop(index * FRAME)

    assert indices(released) == list(range(100))
    assert {1} == {right.sequence - left.sequence for left, right in itertools.pairwise(released)}
    assert {TICKS} == {right.timestamp - left.timestamp for left, right in itertools.pairwise(released)}


def test_an_outage_longer_than_a_hole_begins_the_stream_anew_without_a_flood_of_lost_packets() -> None:
    buffer = JitterBuffer()
    push(buffer, 0)
    released = buffer.pop(0.0)
    for index in range(1_000, 1_010):
        push(buffer, index)
    released += buffer.pop(1_010 * FRAME)

    assert indices(released) == [0, *range(1_001, 1_010)]
    assert released[-1].timestamp == 1_009 * TICKS
    assert buffer.lost == 0


def test_one_packet_from_elsewhere_disturbs_nothing() -> None:
    buffer = JitterBuffer()
    released = []
    for index in range(20):
        push(buffer, index)
        buffer.push(40_000 + index * 7, 123, b"-1", index * FRAME)
        released += buffer.pop(index * FRAME)

    assert indices(released) == list(range(20))


def test_a_sender_whose_clock_begins_anew_is_followed_without_a_leap() -> None:
    buffer = JitterBuffer()
    for index in range(10):
        push(buffer, index)
    for index in range(10, 20):
        buffer.push(index, 3_000_000_000 + index * TICKS, str(index).encode(), index * FRAME)
    released = buffer.pop(20 * FRAME)

    assert indices(released) == list(range(20))
    assert [i * TICKS for i in range(20)] == [item.timestamp for item in released]


def test_a_timestamp_far_ahead_does_not_make_a_hole_wait_for_it() -> None:
    buffer = JitterBuffer()
    push(buffer, 0)
    buffer.push(2, 48_000 * 1_800, b"2", 2 * FRAME)

    assert indices(buffer.pop(2 * FRAME + 0.041)) == [0, None, 2]


def test_media_time_does_not_outrun_the_time_of_arrival() -> None:
    buffer = JitterBuffer()
    released = []
    for index in range(200):
        buffer.push(index, index * 2 * 48_000, str(index).encode(), index * FRAME)
        released += buffer.pop(index * FRAME)

    assert list(range(200)) == indices(released)
    assert released[-1].timestamp / 48_000 < 200 * FRAME + 3.1


def test_a_hole_that_time_never_closes_is_closed_by_the_crowd_behind_it() -> None:
    buffer = JitterBuffer()
    push(buffer, 0)
    for index in range(2, MAX_WAITING + 3):
        push(buffer, index, at=0.0)
        buffer.pop(0.0)

    assert buffer.lost == 1


@settings(max_examples=150)
@given(
    st.integers(0, 2**32), st.floats(0, 0.4), st.floats(0, 0.3), st.floats(0, 0.03), st.integers(0, 65_535)
)
def test_whatever_the_network_does_frames_come_out_once_and_in_order(
    seed: int, loss: float, duplication: float, jitter: float, start: int
) -> None:
    dice = random.Random(seed)
    sent = [i for i in range(1, 200) if dice.random() >= loss]
    arrivals = [(i * FRAME + dice.random() * jitter, i) for i in sent]
    arrivals += [(at + dice.random() * 0.1, i) for at, i in arrivals if dice.random() < duplication]
    buffer, now = JitterBuffer(), 0.0
    push(buffer, 0, start=start)
    released = buffer.pop(0.0)
    for at, index in sorted(arrivals):
        while (now := now + TICK) < at:
            released += buffer.pop(now)
        now = at
        push(buffer, index, at=at, start=start)
        released += buffer.pop(at)
    released += buffer.pop(10.0)
    sequences = [item.sequence - start for item in released]
    timestamps = [item.timestamp for item in released]

    longest_hole = max(right - left for left, right in itertools.pairwise([0, *sent])) if sent else 0
    if longest_hole < MAX_HOLE:
        assert list(range(len(released))) == sequences
    assert sorted(set(timestamps)) == timestamps
    assert all(int(item.payload) == item.sequence - start for item in released if isinstance(item, Packet))
    if jitter < FRAME and longest_hole < MAX_HOLE:
        assert [0, *sent] == [index for index in indices(released) if index is not None]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 65_535) | st.integers(0, 300),
            st.integers(0, 2**32 - 1) | st.integers(0, 300_000),
            st.floats(0, 10),
            st.booleans(),
        ),
        max_size=300,
    )
)
def test_garbage_never_runs_backwards_nor_floods(pushes: list[tuple[int, int, float, bool]]) -> None:
    buffer = JitterBuffer()
    released: list[Packet | Lost] = []
    for sequence, timestamp, arrival, redundant in pushes:
        buffer.push(sequence, timestamp, b"x", arrival, redundant=redundant)
        fresh = buffer.pop(arrival)
        released += fresh

        assert len(fresh) <= MAX_WAITING + MAX_HOLE + 1
    order = [(item.sequence, item.timestamp) for item in released]

    assert order == sorted(order)
    assert len({timestamp for _, timestamp in order}) == len(order)


@given(st.integers(-(2**40), 2**40), st.integers(-(2**15) + 1, 2**15 - 1))
def test_unwrapping_finds_the_nearest(near: int, step: int) -> None:
    assert near + step == unwrapped((near + step) & 0xFFFF, near, 16)
