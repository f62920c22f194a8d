"""How the database is reached: transactions for reading and for writing, and the durability that is asked of
it.

Knows no table. Today's engine is SQLite; what is particular to it stays in this file and in the migrations'
start.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self, TypeVar, cast

import aiosqlite
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS: Final = 5_000
"""How long a writer waits for another process's transaction before it counts as a failure."""

CHECKPOINT_PAGES: Final = 4_000
"""Pages of 4 KiB in the write-ahead log before it is folded back, which holds up one commit by some 20 ms."""

READ_ONLY: Final = "vivavoce_read_only"

Result = TypeVar("Result")


class Database:
    """One process's way to the database. Use as `async with`, or call `close`."""

    def __init__(self, url: str) -> None:
        """`url` as in the settings: `sqlite:///path`."""
        make_directory(url)
        # What participants say travels as parameters, and a driver's error is logged with its text.
        self.engine = create_async_engine(
            make_url(url).set(drivername="sqlite+aiosqlite"), hide_parameters=True
        )
        self.log_engine = create_engine(make_url(url).set(drivername="sqlite+pysqlite"), hide_parameters=True)
        keep_promises(self.engine.sync_engine)
        keep_promises(self.log_engine)
        self._log_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log")

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view; never waits for a writer. What is changed through it is lost."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(**{READ_ONLY: True})

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, alone in its kind: committed, and on the disk, at the end; nothing of it after an
        exception."""
        async with self.engine.begin() as connection:
            yield connection

    async def write_log(self, work: Callable[[Connection], Result]) -> Result:
        """One transaction of the event log: `work` runs in the log's own thread, from beginning to commit.

        The asynchronous driver changes threads for each statement, which at a log's rate cost five times the
        processor.
        """

        def transact() -> Result:
            with self.log_engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._log_thread, transact)

    async def scrub(self) -> None:
        """Fold the write-ahead log back and empty it, so that erased text isn't in that file either.

        A long read at the same moment may hold it back; the next checkpoint then does it.
        """
        async with self.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = cast(aiosqlite.Connection, raw.driver_connection)
            async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                await cursor.fetchone()

    async def close(self) -> None:
        await self.engine.dispose()
        await asyncio.to_thread(self._log_thread.shutdown)
        self.log_engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def make_directory(url: str) -> None:
    """Create the directory of a SQLite file, for its owner alone."""
    if name := make_url(url).database:
        Path(name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def keep_promises(engine: Engine, *, foreign_keys: bool = True) -> None:
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
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
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
