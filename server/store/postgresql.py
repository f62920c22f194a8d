"""What is particular to PostgreSQL: its driver, how a reader gets one view, how it forgets."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from server.store.json_columns import read_json

DRIVER: Final = "postgresql+psycopg"

CONNECTIONS: Final = 10
"""Kept open for requests; as many again for a while when all are in use."""

POOL_TIMEOUT: Final = 10.0
"""Seconds for which a request waits for one of them. Larger: it learns later that nothing moves."""

ONE_WRITER: Final = False

CONNECT_TIMEOUT: Final = 5
"""Seconds until a server that doesn't answer counts as away."""

STATEMENT_TIMEOUT_MS: Final = 20_000
"""A statement that takes longer is given up: nobody waits for it any more."""

READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Options of a connection that only reads: one view, however many statements look at it."""


def async_engine(url: URL) -> AsyncEngine:
    """An engine for the event loop. A connection that the server has closed meanwhile is replaced."""
    return create_async_engine(
        url.set(drivername=DRIVER),
        hide_parameters=True,
        json_deserializer=read_json,
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=POOL_TIMEOUT,
        connect_args=_connect_args(),
    )


def blocking_engine(url: URL, *, patient: bool = False) -> Engine:
    """An engine for threads. A patient one waits for a statement as long as it takes: changing tables, or
    waiting for another process that does."""
    arguments = _connect_args(0 if patient else STATEMENT_TIMEOUT_MS)
    return create_engine(
        url.set(drivername=DRIVER),
        hide_parameters=True,
        json_deserializer=read_json,
        connect_args=arguments,
    )


def _connect_args(statement_timeout_ms: int = STATEMENT_TIMEOUT_MS) -> dict[str, object]:
    return {
        "connect_timeout": CONNECT_TIMEOUT,
        "application_name": "vivavoce",
        # A commit is on the disk whatever the server's own habit: an answer that was confirmed is kept.
        "options": f"-c synchronous_commit=on -c statement_timeout={statement_timeout_ms}",
    }


async def fold(_: AsyncEngine) -> None:
    """Nothing: its server folds its write-ahead log back by itself."""


async def scrub(engine: AsyncEngine, tables: Sequence[str]) -> bool:
    """Have the rows overwritten that updates and deletions in these tables have left behind.

    What the server's own write-ahead log and its backups still hold is for their keeper to let go.
    """
    async with engine.connect() as connection:
        bare = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await bare.exec_driver_sql("SET statement_timeout = 0")
        try:
            await bare.exec_driver_sql(f"VACUUM {', '.join(tables)}")
        finally:
            await bare.exec_driver_sql(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
    return True
