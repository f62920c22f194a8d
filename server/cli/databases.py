"""The database that settings name, opened and brought to today's shape as commands do it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.cli.output import Failure
from server.settings import Settings
from server.store.database import Database
from server.store.migrations import MigrationError, upgrade


def upgrade_database(settings: Settings) -> None:
    """Bring the database to today's shape, making it where there is none. Raises Failure."""
    try:
        upgrade(settings.database_url)
    except MigrationError as error:
        raise Failure(
            f"The database {shown(settings)} can't be brought to the shape of this version ({error}):"
            " install the version that it was last used with, or put a backup of it back."
        ) from None
    except (SQLAlchemyError, OSError) as error:
        raise _unusable(settings, error) from None


def shown(settings: Settings) -> str:
    """The database's address as it may be read by others: without a password."""
    return make_url(settings.database_url).render_as_string(hide_password=True)


def require_database(settings: Settings) -> None:
    """Refuse to look for something in a database that isn't there: the name is more likely mistyped.

    Raises Failure.
    """
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise Failure(f"There is no database at {url.database}: name another with --data-dir or --database.")


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Database]:
    """The database at today's shape, closed afterwards. Raises Failure."""
    # Not on the loop: a server on the same loop may be in the middle of a transaction, and hold this one up.
    await asyncio.to_thread(upgrade_database, settings)
    try:
        async with Database(settings.database_url) as database:
            yield database
    except SQLAlchemyError as error:
        raise _unusable(settings, error) from None


def _unusable(settings: Settings, error: Exception) -> Failure:
    reason = getattr(error, "orig", None) or error
    return Failure(
        f"The database {shown(settings)} can't be used ({reason}): see that it is there, is"
        " writable and has room, or name another with --database."
    )
