"""Sees to it that what was deleted isn't left behind in a corner of the database's files.

For deletions it is a job, asked for in their transaction: on a large database it takes longer than anybody
waits, and what it fails at must be tried again. Until then the text is found only by who reads the bare disk.
"""

import logging
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import wall_clock_ms
from server.store import delivery_tables, design_tables  # noqa: F401 - their tables are scrubbed too
from server.store.database import Database
from server.store.jobs import enqueue
from server.store.tables import EventRow, Tables

SCRUB: Final = "scrub"
"""The kind of job. There is one at a time, for all that was deleted before it begins."""

_SUBJECT: Final = "database"

log = logging.getLogger(__name__)


async def ask_for_scrubbing(connection: AsyncConnection, now_ms: int) -> None:
    """Have it done soon, as part of a transaction."""
    await enqueue(connection, SCRUB, _SUBJECT, now_ms)


async def scrub_all(database: Database) -> bool:
    """Do it. False when somebody reads where the text lies, so that it must be tried again."""
    return await database.scrub(*Tables.metadata.tables)


async def scrub_events(database: Database) -> None:
    """Do it at once for events that were rewritten; where that can't be now, it becomes a job."""
    try:
        if await database.scrub(EventRow.__tablename__):
            return
        log.warning("! erased words are in a corner of the database: a long read is in the way")
    except Exception:  # every row is clean, and whoever waits for that needn't wait for this
        log.exception("! erased words are in a corner of the database until it is scrubbed")
    try:
        async with database.write() as connection:
            await ask_for_scrubbing(connection, wall_clock_ms())
    except (SQLAlchemyError, OSError):
        log.exception("! the database can't be scrubbed later either: its own sweeping does the rest")
