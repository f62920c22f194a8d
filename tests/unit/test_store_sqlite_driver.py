"""The way to SQLite: how often it changes threads, and that nothing is written outside of a transaction."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.store import sqlite
from server.store.sqlite_driver import Cursor


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = sqlite.async_engine(make_url(f"sqlite:///{tmp_path}/some.db"))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT UNIQUE)"))
    yield engine
    await engine.dispose()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed to a connection's thread."""
    handed: list[str] = []
    hand: Callable[..., Awaitable[object]] = aiosqlite.Connection._execute

    async def noted(self: aiosqlite.Connection, fn: object, *args: object, **kwargs: object) -> object:
        handed.append(getattr(fn, "__name__", str(fn)))
        return await hand(self, fn, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", noted)
    return handed


async def test_a_statement_is_one_trip_and_brings_the_beginning_along(
    engine: AsyncEngine, trips: list[str]
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO words (word) VALUES ('boat')"))
        found = (await connection.execute(text("SELECT word FROM words"))).all()

    assert [("boat",)] == [tuple(row) for row in found]
    assert ["begun", "begun", "commit"] == trips


async def test_a_transaction_without_statements_makes_no_trip(engine: AsyncEngine, trips: list[str]) -> None:
    async with engine.begin():
        pass

    assert [] == trips


async def test_what_a_statement_did_is_told_as_the_library_tells_it(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        first = await connection.exec_driver_sql("INSERT INTO words (word) VALUES (?)", ("sea",))
        many = await connection.execute(
            text("INSERT INTO words (word) VALUES (:word)"), [{"word": "sky"}, {"word": "sand"}]
        )
        changed = await connection.execute(text("UPDATE words SET word = word || '!' RETURNING id"))

        assert 1 == first.lastrowid
        assert 2 == many.rowcount
        assert [1, 2, 3] == sorted(changed.scalars().all())


async def test_who_can_t_begin_writes_nothing_and_begins_again(engine: AsyncEngine) -> None:
    async with engine.connect() as first, engine.connect() as second:
        await first.execute(text("INSERT INTO words (word) VALUES ('boat')"))
        raw = await second.get_raw_connection()
        await cast(aiosqlite.Connection, raw.driver_connection).execute("PRAGMA busy_timeout = 10")
        with pytest.raises(OperationalError, match="locked"):
            await second.execute(text("INSERT INTO words (word) VALUES ('ship')"))
        await first.commit()
        await second.execute(text("INSERT INTO words (word) VALUES ('raft')"))
        await second.rollback()
        words = (await first.execute(text("SELECT word FROM words"))).scalars().all()

    assert ["boat"] == words


async def test_a_statement_that_fails_leaves_the_transaction_as_it_was(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO words (word) VALUES ('boat')"))
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO words (word) VALUES ('boat')"))
        await connection.execute(text("INSERT INTO words (word) VALUES ('sea')"))
    async with engine.connect() as afterwards:
        words = (await afterwards.execute(text("SELECT word FROM words ORDER BY id"))).scalars().all()

    assert ["boat", "sea"] == words


def test_the_libraries_are_as_the_driver_expects_them() -> None:
    assert ["self", "fn", "args", "kwargs"] == list(
        inspect.signature(aiosqlite.Connection._execute).parameters
    )
    assert isinstance(inspect.getattr_static(aiosqlite.Connection, "_conn"), property)
    for name in ("_execute_async", "_executemany_async", "_async_soft_close", "close", "execute"):
        assert hasattr(AsyncAdapt_dbapi_cursor, name), name
    assert Cursor.execute is AsyncAdapt_dbapi_cursor.execute
