"""Waiting for what is to be kept."""

import asyncio

import pytest

from dialog.signals import DonePressed, StorageFaltered
from server.live.storage_wait import Outcome, StorageWait
from server.store.event_log import EventLog, LogBroken
from tests.support.stalled_log import stalled_log
from tests.support.virtual_time import in_virtual_time


class Erasing:
    """An erasure that takes so many seconds."""

    busy = True

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def finish(self) -> None:
        await asyncio.sleep(self._seconds)


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_what_else_there_is_to_keep_is_not_kept_when_it_comes_late(seconds: float) -> None:
    outcomes: list[Outcome] = []

    async def main() -> None:
        log: EventLog = stalled_log()
        async with asyncio.TaskGroup() as tasks:
            StorageWait(log, tasks, 1.0, Erasing(seconds)).begin(0, outcomes.append)

    in_virtual_time(main)

    assert [True] == [
        one == "kept" if seconds < 1.0 else isinstance(one, StorageFaltered) for one in outcomes
    ]


def test_it_is_told_in_the_very_moment_of_storing_and_once() -> None:
    outcomes: list[Outcome] = []

    async def main() -> None:
        log = stalled_log()
        async with asyncio.TaskGroup() as tasks:
            wait = StorageWait(log, tasks, 1.0)
            seq = log.append(0.0, DonePressed()).seq
            wait.begin(seq, outcomes.append)
            assert not outcomes
            log.confirm(log.take())
            assert ["kept"] == outcomes
            wait.begin(seq, outcomes.append)
            await asyncio.sleep(5)

    in_virtual_time(main)

    assert ["kept", "kept"] == outcomes


def test_what_is_stored_late_is_told_as_late_and_not_again() -> None:
    outcomes: list[Outcome] = []

    async def main() -> None:
        log = stalled_log()
        async with asyncio.TaskGroup() as tasks:
            StorageWait(log, tasks, 1.0).begin(log.append(0.0, DonePressed()).seq, outcomes.append)
            await asyncio.sleep(2)
            log.confirm(log.take())

    in_virtual_time(main)

    assert [StorageFaltered("not stored within 1 s")] == outcomes


def test_a_log_that_is_broken_tells_that_it_never_will_be() -> None:
    outcomes: list[Outcome] = []

    async def main() -> None:
        log = stalled_log()
        async with asyncio.TaskGroup() as tasks:
            wait = StorageWait(log, tasks, 1.0)
            seq = log.append(0.0, DonePressed()).seq
            wait.begin(seq, outcomes.append)
            log.fail(LogBroken("no such table"))
            wait.begin(seq, outcomes.append)

    in_virtual_time(main)

    assert ["never", "never"] == outcomes


def test_a_fault_of_whoever_waits_harms_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[Outcome] = []

    def fault(_: Outcome) -> None:
        raise LookupError("a bug")

    async def main() -> None:
        log = stalled_log()
        async with asyncio.TaskGroup() as tasks:
            wait, seq = StorageWait(log, tasks, 1.0), log.append(0.0, DonePressed()).seq
            wait.begin(seq, fault)
            wait.begin(seq, outcomes.append)
            log.confirm(log.take())

    in_virtual_time(main)

    assert ["kept"] == outcomes
    assert "could not be told" in caplog.text


def test_nobody_is_told_once_the_session_is_over() -> None:
    outcomes: list[Outcome] = []

    async def main() -> None:
        log = stalled_log()
        async with asyncio.TaskGroup() as tasks:
            wait = StorageWait(log, tasks, 1.0)
            wait.begin(log.append(0.0, DonePressed()).seq, outcomes.append)
            wait.end()
            log.confirm(log.take())
            await asyncio.sleep(2)

    in_virtual_time(main)

    assert [] == outcomes
