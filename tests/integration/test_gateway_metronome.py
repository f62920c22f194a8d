"""The beat on the real clock: claims about its order and its counting, never its punctuality."""

import asyncio
import logging
import time

import pytest

from server.gateway.metronome import Metronome
from tests.support.gateway import beating, until


class Counted:
    """Counts its ticks; stalls the loop, raises or leaves when told to."""

    def __init__(
        self, metronome: Metronome, *, stall_at: int = -1, raise_at: int = -1, leave_at: int = -1
    ) -> None:
        self._metronome = metronome
        self._stall_at, self._raise_at, self._leave_at = stall_at, raise_at, leave_at
        self.slots: list[int] = []
        self.failed_with: Exception | None = None

    def tick(self, slot: int) -> None:
        self.slots.append(slot)
        if len(self.slots) == self._stall_at:
            time.sleep(0.12)
        if len(self.slots) == self._raise_at:
            raise ZeroDivisionError
        if len(self.slots) == self._leave_at:
            self._metronome.leave(self)

    def fail(self, error: Exception) -> None:
        self.failed_with = error


async def ticked(leg: Counted, ticks: int) -> None:
    await until(lambda: len(leg.slots) >= ticks)


async def test_each_leg_counts_its_own_slots_from_zero() -> None:
    async with beating() as metronome:
        early, late = Counted(metronome), Counted(metronome)
        metronome.join(early)
        await ticked(early, 5)
        metronome.join(late)
        await ticked(late, 5)

    assert early.slots[0] == late.slots[0] == 0
    assert early.slots == sorted(set(early.slots))


async def test_a_stalled_loop_misses_slots_and_sends_no_burst() -> None:
    async with beating() as metronome:
        leg = Counted(metronome, stall_at=5)
        metronome.join(leg)
        await ticked(leg, 15)

    assert (
        leg.slots[5] - leg.slots[4] >= 5
    )  # 120 ms are six slots, of which one is its own and one may be sent late
    assert metronome.missed_slots >= 4


async def test_a_leg_that_raises_is_taken_out_loudly_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with beating() as metronome:
        sound, broken = Counted(metronome), Counted(metronome, raise_at=3)
        metronome.join(broken)
        metronome.join(sound)
        await ticked(sound, 10)

    assert len(broken.slots) == 3
    assert isinstance(broken.failed_with, ZeroDivisionError)
    assert [logging.ERROR] == [record.levelno for record in caplog.records]


async def test_a_leg_may_leave_in_its_own_tick_and_the_metronome_rests_until_the_next_joins() -> None:
    async with beating() as metronome:
        leg = Counted(metronome, leave_at=2)
        metronome.join(leg)
        await ticked(leg, 2)
        await asyncio.sleep(0.1)
        assert len(leg.slots) == 2
        missed = metronome.missed_slots
        again = Counted(metronome)
        metronome.join(again)
        await ticked(again, 1)

    assert again.slots[0] == 0
    assert missed == metronome.missed_slots  # rest is no stall


async def test_a_beat_that_is_due_is_held_between_packets_and_once() -> None:
    async with beating() as metronome:
        leg = Counted(metronome)
        metronome.join(leg)
        await ticked(leg, 3)
        before = list(leg.slots)
        time.sleep(0.025)  # noqa: ASYNC251 - packets, all of which the loop sees to before its timers
        metronome.beat_if_due(asyncio.get_running_loop().time())
        metronome.beat_if_due(asyncio.get_running_loop().time())
        between = leg.slots[len(before) :]
        await ticked(leg, len(before) + 5)

    assert 1 == len(between)
    assert leg.slots == sorted(set(leg.slots))


async def test_the_effort_goes_by_how_late_its_own_beat_was_not_by_the_last_waking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metronome, told = Metronome(), list[float]()
    monkeypatch.setattr(metronome.effort, "beat", lambda lateness, _: told.append(lateness))
    now = asyncio.get_running_loop().time()
    metronome.lateness, metronome._deadline = 0.0, now - 1.0
    metronome.beat_if_due(now)

    assert 1 == len(told)
    assert told[0] >= 1.0


async def test_no_beat_is_due_while_nobody_stands_in_it() -> None:
    async with beating() as metronome:
        leg = Counted(metronome, leave_at=1)
        metronome.join(leg)
        await ticked(leg, 1)
        await asyncio.sleep(0.05)
        metronome.beat_if_due(asyncio.get_running_loop().time())

    assert [0] == leg.slots
