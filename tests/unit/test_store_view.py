"""How a database is read: one state of it for as long as a view lasts, and its columns of JSON. How SQLite
folds its log back."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from server.store.database import Database
from server.store.json_columns import read_json
from server.store.tables import OrganizationRow, RunRow
from tests.support.store import database_url, open_store


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(OrganizationRow.name))).scalars())


async def test_what_is_read_in_a_view_is_of_one_moment_whatever_is_written_meanwhile(storage: str) -> None:
    async with open_store(storage) as store:
        before = await names(store.database)
        async with store.database.view():
            first = await names(store.database)
            async with store.database.write() as connection:
                await connection.execute(update(OrganizationRow).values(name="Renamed"))
            later = await names(store.database)
        after = await names(store.database)

        assert before == first == later
        assert ["Renamed"] == after


async def test_a_view_is_its_own_tasks_alone_and_of_its_own_database(tmp_path: Path) -> None:
    async with (
        open_store(database_url(tmp_path / "one")) as one,
        open_store(database_url(tmp_path / "two")) as two,
    ):
        async with two.database.write() as connection:
            await connection.execute(update(OrganizationRow).values(name="The other one"))
        reading = asyncio.Event()

        async def look() -> list[str]:
            await reading.wait()
            return await names(one.database)

        elsewhere = asyncio.get_running_loop().create_task(look())
        async with one.database.view():
            seen = await names(one.database)
            async with one.database.write() as connection:
                await connection.execute(update(OrganizationRow).values(name="Renamed"))
            reading.set()
            others = await names(two.database)
            newest = await elsewhere

        assert ["Renamed"] == newest != seen
        assert ["The other one"] == others


async def test_a_view_that_ends_in_an_error_is_over(storage: str) -> None:
    async with open_store(storage) as store:
        with contextlib.suppress(LookupError):
            async with store.database.view():
                await names(store.database)
                raise LookupError
        async with store.database.write() as connection:
            await connection.execute(update(OrganizationRow).values(name="Renamed"))

        assert ["Renamed"] == await names(store.database)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":[1,2.5,null,true,"\u00fc"]}', {"a": [1, 2.5, None, True, "ü"]}),
        (b'"bytes"', "bytes"),
        ('"\\ud800"', "\ud800"),
        ("1" * 30, int("1" * 30)),
    ],
)
def test_whatever_a_column_of_json_holds_is_read(text: str | bytes, value: Any) -> None:
    assert value == read_json(text)


async def test_commits_are_folded_back_beside_them_so_that_none_has_to(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store:
        await store.database.fold()
        written = (tmp_path / "vivavoce.db").stat().st_mtime_ns
        await store.new_run()
        before = (tmp_path / "vivavoce.db").stat().st_mtime_ns
        async with store.database.read() as reading:
            await reading.execute(select(RunRow.id))
            await store.new_run()
            await store.database.fold()
        await store.database.fold()
        folded = (tmp_path / "vivavoce.db").read_bytes()
        async with store.database.read() as reading:
            ids = (await reading.execute(select(RunRow.id))).scalars().all()

        assert written == before
        assert 2 == len(ids)
        assert all(run_id.encode() in folded for run_id in ids)
