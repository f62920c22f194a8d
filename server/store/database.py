"""How the database is reached: transactions for reading and for writing, and the durability that is asked of
them.

Knows no table. What is particular to one kind of database is in `sqlite` and `postgresql`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Final, Protocol, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.store import postgresql, sqlite

Result = TypeVar("Result")


class Kind(Protocol):
    """What is particular to one kind of database: a module of this folder."""

    READING: dict[str, Any]
    """Options of a connection that only reads."""

    def async_engine(self, url: URL) -> AsyncEngine: ...

    def blocking_engine(self, url: URL) -> Engine: ...

    async def scrub(self, engine: AsyncEngine, tables: Sequence[str]) -> bool:
        """See to it that text that was erased from these tables isn't left behind in a corner of the
        database's files. False when somebody reads there, so that it must be tried again."""


Along = Callable[[AsyncConnection], Awaitable[None]]

along: Final[ContextVar[Along | None]] = ContextVar("along", default=None)
"""What each writing transaction of the present task does first, if anything: it is on the disk if any of what
the task did is."""

_KINDS: Final[dict[str, Kind]] = {"sqlite": sqlite, "postgresql": postgresql}


class Database:
    """One process's way to the database. Use as `async with`, or call `close`."""

    def __init__(self, url: str) -> None:
        """`url` as in the settings: `sqlite:///path` or `postgresql://user@host/name`."""
        parsed = make_url(url)
        self._kind = _KINDS[parsed.get_backend_name()]
        self.engine = self._kind.async_engine(parsed)
        self.log_engine = self._kind.blocking_engine(parsed)
        self._log_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log")

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view; never waits for a writer. What is changed through it is lost."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(**self._kind.READING)

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed, and on the disk, at the end; nothing of it after an exception.

        On SQLite it is alone in its kind; on PostgreSQL others may write beside it, so that whoever reads
        before writing locks the row or compares as it sets.
        """
        async with self.engine.begin() as connection:
            if (first := along.get()) is not None:
                await first(connection)
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

    async def scrub(self, *tables: str) -> bool:
        """See to it that text that was erased from these tables isn't left behind in a corner of the
        database's files. False when somebody reads there, so that it must be tried again."""
        return await self._kind.scrub(self.engine, tables)

    async def close(self) -> None:
        await self.engine.dispose()
        await asyncio.to_thread(self._log_thread.shutdown)
        self.log_engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
