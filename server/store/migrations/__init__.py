"""Brings a database to the shape of `tables`, step by step. `upgrade` is all that the rest of the house
calls."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from server.store.database import keep_promises, make_directory


class MigrationError(Exception):
    """The steps ran, but their result doesn't hold together; the database is as it was."""


def upgrade(database_url: str) -> None:
    """Make the database if there is none and bring it to the newest shape. Blocks; call it off the loop.

    All steps are one transaction: after a failure the database is as it was. Of two processes that do it at
    once, the second finds it done.
    """
    make_directory(database_url)
    engine = create_engine(make_url(database_url).set(drivername="sqlite+pysqlite"), hide_parameters=True)
    # A step that rebuilds a table drops the old one, which would take along all rows that point to it.
    keep_promises(engine, foreign_keys=False)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            strays = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if strays:
                raise MigrationError(f"the new tables would have {len(strays)} rows that point nowhere")
    finally:
        engine.dispose()
