"""Brings a database to the shape of `tables`, step by step. `upgrade` is all that the rest of the house
calls."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url

from server.store import postgresql, sqlite

HEAD: Final = "0012"
"""The newest step. A database that stands there already needs no look at the steps, which takes longer than
the rest of opening it."""

_LOCK: Final = 0x76697661
"""Whoever holds this of PostgreSQL's advisory locks changes the tables."""


class MigrationError(Exception):
    """The steps can't be gone, or their result doesn't hold together; the database is as it was."""


def upgrade(database_url: str, *, to: str = "head") -> None:
    """Make the database if there is none and bring it to the newest shape. Blocks; call it off the loop.

    A database of PostgreSQL must be there, empty; a SQLite file is made. All steps are one transaction: after
    a failure the database is as it was. Of two processes that do it at once, the second finds it done.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        engine = sqlite.migrating_engine(url)
    else:
        engine = postgresql.blocking_engine(url, patient=True)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            if to == "head" and _place(connection) == HEAD:
                return
            _climb(connection, to)
            if engine.dialect.name == "sqlite":
                strays = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if strays:
                    raise MigrationError(f"the new tables would have {len(strays)} rows that point nowhere")
    finally:
        engine.dispose()


def _place(connection: Connection) -> str | None:
    """The step at which a database stands, None where it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _climb(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise MigrationError(f"a newer version of Vivavoce has changed it: {error}") from error
