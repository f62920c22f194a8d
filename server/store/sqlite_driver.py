"""SQLAlchemy's way to SQLite through aiosqlite, with one change of threads for a statement instead of four.

The dialect asks the connection's thread for a cursor, for the statement, for its rows and for the cursor's
end, one after the other, and waits for each; a transaction's beginning is one more statement. On a loop that
carries talks each of these waits for its turn, with the one writer's place held meanwhile. Knows no table.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)

NAME: Final = "sqlite+vivavoce"
"""The driver's name in a database URL."""

Parameters = Sequence[Any] | Mapping[str, Any]
Result = TypeVar("Result")


class Outcome(msgspec.Struct, frozen=True):
    """What a statement leaves, once its cursor is closed: as the Python DB-API (PEP 249) names it."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that lives for one statement at a time, in the connection's thread alone."""

    __slots__ = ("_outcome",)

    _adapt_connection: "Connection"

    def __init__(self, adapt_connection: Any) -> None:
        # The dialect's own would ask the thread for a cursor already.
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._outcome = Outcome()
        self._rows = deque()

    @property
    def description(self) -> Any:
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> Any:
        return self._outcome.lastrowid

    @property
    def arraysize(self) -> int:
        return 1

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        pass  # all rows are here already

    async def _execute_async(self, operation: Any, parameters: Parameters | None = None) -> None:
        if operation.startswith("BEGIN"):
            self._adapt_connection.beginning = operation
            return
        self._take(
            await self._adapt_connection.go(lambda connection: _one(connection, operation, parameters))
        )

    async def _executemany_async(self, operation: Any, seq_of_parameters: Sequence[Parameters]) -> None:
        self._take(
            await self._adapt_connection.go(
                lambda connection: _many(connection, operation, seq_of_parameters)
            )
        )

    async def _async_soft_close(self) -> None:
        pass  # it was closed behind its statement

    def close(self) -> None:
        self._rows.clear()

    def _take(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._rows = deque(outcome.rows)


class Connection(AsyncAdapt_aiosqlite_connection):
    """A connection whose transactions begin with their first statement, in the same trip to its thread."""

    _cursor_cls = Cursor

    beginning: str | None
    """The BEGIN that is still to be said."""

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.beginning = None

    async def go(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do `work` in the connection's thread, behind the transaction's beginning."""

        def begun(connection: sqlite3.Connection, beginning: str | None) -> Result:
            if beginning is not None:
                connection.execute(beginning)
            return work(connection)

        async with self._execute_mutex:
            # _conn raises where the connection is closed, as the library's own methods do
            driver, beginning = self._connection._conn, self.beginning
            try:
                outcome: Result = await self._connection._execute(begun, driver, beginning)
            finally:
                # One that didn't come about is still to be begun, so that nothing is written outside of it.
                if driver.in_transaction:
                    self.beginning = None
            return outcome

    def commit(self) -> None:
        if self._under_way():
            super().commit()

    def rollback(self) -> None:
        if self._under_way():
            super().rollback()

    def _under_way(self) -> bool:
        """Whether there is a transaction to end; one that is still to be begun is given up."""
        self.beginning = None
        return self._connection._connection is not None and self._connection.in_transaction


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite, as SQLAlchemy sees it."""

    def connect(self, *arg: Any, **kw: Any) -> Connection:
        return Connection(self, super().connect(*arg, **kw)._connection)


class Dialect(SQLiteDialect_aiosqlite):
    """The dialect of `NAME`."""

    driver = "vivavoce"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Driver:
        return Driver(__import__("aiosqlite"), sqlite3)


registry.register(NAME.replace("+", "."), __name__, Dialect.__name__)


def _one(connection: sqlite3.Connection, operation: str, parameters: Parameters | None) -> Outcome:
    return _outcome(connection.execute(operation, () if parameters is None else parameters))


def _many(connection: sqlite3.Connection, operation: str, parameters: Sequence[Parameters]) -> Outcome:
    return _outcome(connection.executemany(operation, parameters))


def _outcome(cursor: sqlite3.Cursor) -> Outcome:
    try:
        rows = cursor.fetchall() if cursor.description else ()
        return Outcome(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    finally:
        cursor.close()
