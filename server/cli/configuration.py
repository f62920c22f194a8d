"""Settings as commands ask for them, with the flags that override them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from server.cli.output import Failure
from server.settings import Settings, SettingsError

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
