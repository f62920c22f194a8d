"""A full disk, for SQLite: the database may not grow until space is freed. The refusal is SQLite's own."""

from typing import Any, Final

from sqlalchemy import Engine, event

from server.store.database import Database

_NO_LIMIT: Final = 1_073_741_823


class FullDisk:
    """Once filled, holds every connection that is taken to the pages that the database has then."""

    def __init__(self, database: Database) -> None:
        self._pages = _NO_LIMIT
        engines: tuple[Engine, ...] = (database.engine.sync_engine, database.log_engine)
        for engine in engines:
            event.listen(engine, "checkout", self._limit)

    def fill(self) -> None:
        # SQLite never goes below what is there, so this leaves just the room within the present pages.
        self._pages = 1

    def free(self) -> None:
        self._pages = _NO_LIMIT

    def _limit(self, connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {self._pages}")
        cursor.close()
