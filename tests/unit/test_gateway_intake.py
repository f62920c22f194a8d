import asyncio
import logging
from collections.abc import Callable
from itertools import count

import pytest

from server.gateway import intake as module
from server.gateway.intake import MOST_WAITING, SLICE, Intake


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """A clock on which each look costs a third of a slice, as a packet would."""
    ticks = count()

    def clock() -> float:
        return next(ticks) * SLICE / 3

    monkeypatch.setattr(module, "loop_time", clock)
    return clock


class Dealt(list[bytes]):
    """What was dealt with, and when it had come."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[float] = []

    def __call__(self, packet: bytes, came: float) -> None:
        self.append(packet)
        self.came.append(came)


async def emptied(intake: Intake) -> None:
    for _ in range(MOST_WAITING):
        await asyncio.sleep(0)

    assert not intake._waiting


async def test_a_loop_that_keeps_up_deals_with_each_packet_in_its_own_call() -> None:
    dealt = Dealt()
    Intake().inlet(dealt).take(b"sound")

    assert [b"sound"] == dealt


async def test_packets_keep_their_order_and_none_is_lost_however_many_come_at_once(
    busy: Callable[[], float],
) -> None:
    intake, dealt = Intake(), Dealt()
    inlet = intake.inlet(dealt)
    packets = [bytes((number,)) for number in range(200)]
    for packet in packets:
        inlet.take(packet)
    at_once = len(dealt)
    await emptied(intake)

    assert 0 < at_once < len(packets)
    assert packets == dealt


async def test_between_two_slices_everybody_else_has_a_turn(busy: Callable[[], float]) -> None:
    intake, order = Intake(), list[str]()
    inlet = intake.inlet(lambda *_: order.append("packet"))
    loop = asyncio.get_running_loop()

    def somebody_else() -> None:
        order.append("turn")
        if intake._waiting:
            loop.call_soon(somebody_else)

    for _ in range(30):
        inlet.take(b"")
    loop.call_soon(somebody_else)
    await emptied(intake)

    longest = max(len(run) for run in "".join(one[0] for one in order).split("t"))
    assert 30 == order.count("packet")
    assert 6 >= longest


async def test_what_comes_beyond_the_bound_is_dropped_and_counted(busy: Callable[[], float]) -> None:
    intake, dealt = Intake(), Dealt()
    inlet = intake.inlet(dealt)
    for _ in range(MOST_WAITING + 100):
        inlet.take(b"sound")
    dropped = intake.dropped
    await emptied(intake)

    assert 0 < dropped < 100
    assert MOST_WAITING + 100 == len(dealt) + dropped


async def test_a_fault_in_one_packet_keeps_none_of_the_others_waiting(
    busy: Callable[[], float], caplog: pytest.LogCaptureFixture
) -> None:
    intake, dealt = Intake(), Dealt()

    def trip(packet: bytes, came: float) -> None:
        if packet == b"7":
            raise ZeroDivisionError
        dealt(packet, came)

    inlet = intake.inlet(trip)
    with caplog.at_level(logging.ERROR):
        for number in range(12):
            inlet.take(str(number).encode())
        await emptied(intake)

    assert [str(number).encode() for number in range(12) if number != 7] == dealt
    assert 1 == len(caplog.records)


async def test_a_packet_that_waits_has_come_when_it_came(busy: Callable[[], float]) -> None:
    intake, dealt = Intake(), Dealt()
    inlet = intake.inlet(dealt)
    for _ in range(50):
        inlet.take(b"sound")
    looked_at, waiting_since = busy(), inlet.waiting_since
    await emptied(intake)

    assert waiting_since in dealt.came
    assert inlet.waiting_since is None
    assert max(dealt.came) < looked_at
    assert sorted(dealt.came) == dealt.came


async def test_of_one_whose_own_packets_are_dealt_with_none_waits_however_many_others_do(
    busy: Callable[[], float],
) -> None:
    intake = Intake()
    one, others = intake.inlet(Dealt()), intake.inlet(Dealt())
    one.take(b"sound")
    for _ in range(50):
        others.take(b"sound")
    waiting_since = one.waiting_since, others.waiting_since
    await emptied(intake)

    assert waiting_since[0] is None
    assert waiting_since[1] is not None
