"""What is particular to SQLite: how its file comes into being, what connections promise, how it forgets."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any, Final, cast

import aiosqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from server.clock import hold_thread
from server.store import sqlite_driver
from server.store.json_columns import read_json

CONNECTIONS: Final = 5
"""Each has a thread of its own; only one can write at a time."""

POOL_TIMEOUT: Final = 10.0
"""Seconds for which a request waits for one of them. Larger: it learns later that nothing moves."""

ONE_WRITER: Final = True

BUSY_TIMEOUT_MS: Final = 5_000
"""How long a writer waits for another process's transaction before it counts as a failure."""

MIGRATION_TIMEOUT_MS: Final = 60_000
"""The same while another process changes the tables, which on a busy machine takes longer than any
transaction of a talk."""

CHECKPOINT_PAGES: Final = 4_000
"""Pages of 4 KiB in the write-ahead log before a commit folds it back itself, held up by some 20 ms for it.
Where `fold` is called now and then no commit has to."""

SCRUB_TIMEOUT_MS: Final = 50
"""How long writers are kept out while the write-ahead log waits for readers to be done with it."""

SCRUB_ATTEMPTS: Final = 20
SCRUB_PAUSE: Final = 0.05
"""Seconds between two of them, for the writers."""

_WAL_PAUSE_MS: Final = 50

READ_ONLY: Final = "vivavoce_read_only"

READING: dict[str, Any] = {READ_ONLY: True}
"""Options of a connection that only reads."""


def async_engine(url: URL) -> AsyncEngine:
    """An engine for the event loop, its promises kept."""
    make_directory(url)
    # What participants say travels as parameters, and a driver's error is logged with its text.
    engine = create_async_engine(
        url.set(drivername=sqlite_driver.NAME),
        hide_parameters=True,
        json_deserializer=read_json,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=POOL_TIMEOUT,
    )
    keep_promises(engine.sync_engine, busy_timeout_ms=BUSY_TIMEOUT_MS)
    return engine


def blocking_engine(url: URL) -> Engine:
    """An engine for threads, its promises kept."""
    make_directory(url)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"), hide_parameters=True, json_deserializer=read_json
    )
    keep_promises(engine, busy_timeout_ms=BUSY_TIMEOUT_MS)
    return engine


def migrating_engine(url: URL) -> Engine:
    """An engine for changing the tables: waits for whoever is at it already.

    A step that rebuilds a table drops the old one, which would take along all rows that point to it: foreign
    keys are off.
    """
    make_directory(url)
    engine = create_engine(url.set(drivername="sqlite+pysqlite"), hide_parameters=True)
    keep_promises(engine, busy_timeout_ms=MIGRATION_TIMEOUT_MS, foreign_keys=False)
    return engine


def make_directory(url: URL) -> None:
    """Create the directory of the file, for its owner alone."""
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_ahead(cursor: DBAPICursor, busy_timeout_ms: int) -> None:
    """Have a write-ahead log. The file remembers it; only whoever makes the file has to say so, and SQLite
    waits for nobody then: of two that start at once one would be told that the database is locked."""
    for left in range(busy_timeout_ms, -1, -_WAL_PAUSE_MS):
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone() == ("wal",):
            return
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except OperationalError:
            if left < _WAL_PAUSE_MS:
                raise
            hold_thread(_WAL_PAUSE_MS / 1000)


def keep_promises(engine: Engine, *, busy_timeout_ms: int, foreign_keys: bool = True) -> None:
    """Hold every connection to what the house promises.

    FULL: a commit is on the disk, not in the machine's memory. IMMEDIATE: a writer queues for its turn at the
    beginning instead of failing at the end. secure_delete: what is struck is overwritten, not only unlinked.
    """

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver's own habit of beginning transactions late would make the read-then-write of a fence
        # unsafe.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        _write_ahead(cursor, busy_timeout_ms)
        for pragma in (
            "synchronous = FULL",
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            "secure_delete = ON",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


async def fold(engine: AsyncEngine) -> None:
    """Fold the write-ahead log back as far as readers allow, beside whoever writes: no commit has to."""
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = cast(aiosqlite.Connection, raw.driver_connection)
        async with driver.execute("PRAGMA wal_checkpoint(PASSIVE)"):
            pass


async def scrub(engine: AsyncEngine, _: Sequence[str]) -> bool:
    """Fold the write-ahead log back and empty it, so that erased text isn't in that file either. False when
    a long read has held it back.

    It keeps all writers out while it waits for readers: many short waits, so that no talk's events wait long.
    """
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = cast(aiosqlite.Connection, raw.driver_connection)
        await driver.execute(f"PRAGMA busy_timeout = {SCRUB_TIMEOUT_MS}")
        try:
            for _attempt in range(SCRUB_ATTEMPTS):
                async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                    row = await cursor.fetchone()
                if row is not None and row[0] == 0:
                    return True
                await asyncio.sleep(SCRUB_PAUSE)
        finally:
            await driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return False
