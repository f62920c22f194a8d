"""Settings as commands ask for them, with the flags that override them, and the database that they name."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from server.cli.output import Failure
from server.settings import Settings, SettingsError
from server.store.database import Database
from server.store.migrations import upgrade

_Command = TypeVar("_Command", bound=Callable[..., Any])


def storage_options(command: _Command) -> _Command:
    """Give a command `--data-dir` and `--database`, as `data_dir` and `database_url`."""
    directory = click.Path(file_okay=False, path_type=Path)
    for option in (
        click.option("--database", "database_url", metavar="URL", help="Instead of VIVAVOCE_DATABASE_URL."),
        click.option("--data-dir", type=directory, help="Instead of VIVAVOCE_DATA_DIR (default: ./data)."),
    ):
        command = option(command)
    return command


def load_settings(**flags: object) -> Settings:
    """Read the settings; a flag that is None wasn't given. Raises Failure with one line for each fault."""
    try:
        return Settings.load(**flags)
    except SettingsError as error:
        raise Failure("\n".join(error.faults)) from None


def upgrade_database(settings: Settings) -> None:
    """Bring the database to today's shape, making it where there is none. Raises Failure."""
    try:
        upgrade(settings.database_url)
    except (SQLAlchemyError, OSError) as error:
        raise _unusable(settings, error) from None


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
    shown = make_url(settings.database_url).render_as_string(hide_password=True)
    return Failure(
        f"The database {shown} can't be used ({reason}): see that it is there, is"
        " writable and has room, or name another with --database."
    )
