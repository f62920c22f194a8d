"""Writers stand in line where a database takes one at a time."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from server.store import database as databases
from server.store.database import Database
from server.store.turns import Turns
from tests.support.store import database_url, open_store


async def test_writers_have_their_turns_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(), list[int]()

    async def write(number: int) -> None:
        async with turns.of_anybody(5):
            order.append(number)
            await asyncio.sleep(0)
            order.append(number)

    await asyncio.gather(*map(write, range(4)))

    assert [0, 0, 1, 1, 2, 2, 3, 3] == order


async def test_the_log_waits_for_no_more_than_whoever_writes_just_then() -> None:
    turns, order = Turns(), list[str]()
    held = asyncio.Event()

    async def write(name: str) -> None:
        async with turns.of_anybody(5):
            order.append(name)
            await held.wait()

    async def log(name: str) -> None:
        async with turns.of_log():
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for name in ("first", "second", "third"):
            tasks.create_task(write(name))
        await asyncio.sleep(0)
        tasks.create_task(log("log"))
        await asyncio.sleep(0)
        tasks.create_task(log("log again"))
        await asyncio.sleep(0)
        held.set()

    assert ["first", "log", "log again", "second", "third"] == order


async def test_whoever_waits_too_long_is_told_and_stands_in_nobodys_way() -> None:
    turns = Turns()
    async with turns.of_anybody(5):
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with turns.of_anybody(0.001):
                    pass
    async with turns.of_anybody(5):
        pass


async def test_a_database_that_is_too_busy_to_be_written_to_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "TURN_TIMEOUT", 0.001)
    async with open_store(database_url(tmp_path)) as store:
        async with store.database.write():
            with pytest.raises(OperationalError):
                await store.new_run()

        assert await store.new_run()


async def test_many_writers_and_the_log_all_come_to_their_end(storage: str) -> None:
    async with open_store(storage) as store:
        runs = await asyncio.gather(*(store.new_run() for _ in range(30)))

    assert 30 == len({run.id for run in runs})


async def test_scrubbing_and_folding_do_not_turn_each_other_away(tmp_path: Path) -> None:
    over: list[str] = []

    async def fold(database: Database) -> None:
        await database.fold()
        over.append("folded")

    async def scrub(database: Database) -> None:
        over.append("scrubbed" if await database.scrub("interview_run") else "turned away")

    async with open_store(database_url(tmp_path)) as store, asyncio.TaskGroup() as tasks:
        async with store.database.read() as reader:
            await reader.exec_driver_sql("SELECT count(*) FROM interview_run")
            await store.new_run()  # stays in the write-ahead log for as long as that is read
            tasks.create_task(scrub(store.database))
            tasks.create_task(fold(store.database))
            await store.new_run()

    assert ["scrubbed", "folded"] == over
