"""How the database is reached: transactions for reading and for writing, and the durability that is asked of
them.

Knows no table. What is particular to one kind of database is in `sqlite` and `postgresql`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.store import postgresql, sqlite
from server.store.turns import Turns

Result = TypeVar("Result")


class Kind(Protocol):
    """What is particular to one kind of database: a module of this folder."""

    CONNECTIONS: int
    """How many are kept open for requests; as many again for a while when all are in use."""

    READING: dict[str, Any]
    """Options of a connection that only reads."""

    ONE_WRITER: bool
    """Only one transaction can write at a time: the others stand in line."""

    def async_engine(self, url: URL) -> AsyncEngine: ...

    def blocking_engine(self, url: URL) -> Engine: ...

    async def fold(self, engine: AsyncEngine) -> None:
        """Take housekeeping off the commits, now and then."""

    async def scrub(self, engine: AsyncEngine, tables: Sequence[str]) -> bool:
        """See to it that text that was erased from these tables isn't left behind in a corner of the
        database's files. False when somebody reads there, so that it must be tried again."""


TURN_TIMEOUT: Final = 20.0
"""Seconds for which a writer stands in line before it is told that the database is too busy. Forty who come
at once to a machine with much else to do need more than five. Larger: it is told later that the database
stands still."""

Along = Callable[[AsyncConnection], Awaitable[None]]

along: Final[ContextVar[Along | None]] = ContextVar("along", default=None)
"""What each writing transaction of the present task does first, if anything: it is on the disk if any of what
the task did is."""

_KINDS: Final[dict[str, Kind]] = {"sqlite": sqlite, "postgresql": postgresql}


@dataclass(frozen=True, slots=True)
class _View:
    """What a task sees of a database for the time being."""

    database: "Database"
    connection: AsyncConnection


_view: Final[ContextVar[_View | None]] = ContextVar("view", default=None)


class Database:
    """One process's way to the database. Use as `async with`, or call `close`."""

    def __init__(self, url: str) -> None:
        """`url` as in the settings: `sqlite:///path` or `postgresql://user@host/name`."""
        parsed = make_url(url)
        self._kind = _KINDS[parsed.get_backend_name()]
        self.engine = self._kind.async_engine(parsed)
        self.log_engine = self._kind.blocking_engine(parsed)
        self._turns = Turns() if self._kind.ONE_WRITER else None
        self._log_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log")
        self._housekeeping = asyncio.Lock()

    async def warm(self) -> None:
        """Open all connections that are kept: the first requests don't wait for them, and what a process has
        open at rest is the same from its first moment to its last."""
        async with contextlib.AsyncExitStack() as held:
            for _ in range(self._kind.CONNECTIONS):
                await held.enter_async_context(self.engine.connect())

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view; never waits for a writer. What is changed through it is lost."""
        view = _view.get()
        if view is not None and view.database is self:
            yield view.connection
            return
        async with self.engine.connect() as connection:
            yield await connection.execution_options(**self._kind.READING)

    @contextlib.asynccontextmanager
    async def view(self) -> AsyncIterator[None]:
        """Let the present task see one state of the database until the block is left, whoever reads for it:
        what it reads later belongs to what it has read before, and costs a query instead of a transaction.

        One read after the other: not for tasks that are begun inside.
        """
        async with self.read() as connection:
            token = _view.set(_View(self, connection))
            try:
                yield
            finally:
                _view.reset(token)

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed, and on the disk, at the end; nothing of it after an exception.

        On SQLite it is alone in its kind; on PostgreSQL others may write beside it, so that whoever reads
        before writing locks the row or compares as it sets. Raises OperationalError where too many are
        before it.
        """
        async with self._turn(), self.engine.begin() as connection:
            if (first := along.get()) is not None:
                await first(connection)
            yield connection

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._turns is None:
            yield
            return
        async with contextlib.AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._turns.of_anybody(TURN_TIMEOUT))
            except TimeoutError as error:
                raise OperationalError("BEGIN", None, error) from None
            yield

    async def write_log(self, work: Callable[[Connection], Result]) -> Result:
        """One transaction of the event log: `work` runs in the log's own thread, from beginning to commit.

        The asynchronous driver changes threads for each statement, which at a log's rate cost five times the
        processor.
        """

        def transact() -> Result:
            with self.log_engine.begin() as connection:
                return work(connection)

        loop = asyncio.get_running_loop()
        async with contextlib.nullcontext() if self._turns is None else self._turns.of_log():
            return await loop.run_in_executor(self._log_thread, transact)

    async def fold(self) -> None:
        """Do what a commit would have to do every so often, and be held up by; to be called now and then."""
        async with self._housekeeping:  # SQLite turns away who comes while another folds
            await self._kind.fold(self.engine)

    async def scrub(self, *tables: str) -> bool:
        """See to it that text that was erased from these tables isn't left behind in a corner of the
        database's files. False when somebody reads there, so that it must be tried again."""
        async with self._housekeeping:
            return await self._kind.scrub(self.engine, tables)

    async def close(self) -> None:
        await self.engine.dispose()
        await asyncio.to_thread(self._log_thread.shutdown)
        self.log_engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
