"""`vivavoce db`: the database brought to today's shape."""

from pathlib import Path

import click

from server.cli.configuration import load_settings, storage_options
from server.cli.databases import shown, upgrade_database
from server.cli.output import json_option, print_json


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
@storage_options
@json_option
def upgrade_command(data_dir: Path | None, database_url: str | None, as_json: bool) -> None:
    """Bring the database to today's shape; make it where there is none. Safe to repeat."""
    settings = load_settings(data_dir=data_dir, database_url=database_url)
    upgrade_database(settings)
    if as_json:
        print_json({"database_url": shown(settings), "upgraded": True})
    else:
        click.echo(f"{shown(settings)} has today's shape.")
