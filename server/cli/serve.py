"""`vivavoce serve`: the server, until it is told to end."""

import asyncio
from pathlib import Path

import click

from server.app import serve as serve_until_told
from server.cli.configuration import load_settings, opened_database, storage_options
from server.cli.output import Failure
from server.cli.seeding import first_keys
from server.cli.serving import BROKEN, NOT_STARTED, prepare, run_on_loop
from server.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on, instead of VIVAVOCE_HOST (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Instead of VIVAVOCE_PORT (default: 8080).")
@click.option("--public-url", metavar="URL", help="Where participants reach it.")
@storage_options
def serve(
    host: str | None,
    port: int | None,
    public_url: str | None,
    data_dir: Path | None,
    database_url: str | None,
) -> None:
    """Run the server.

    Prints one line with its URL once it takes requests. The first time it also shows a live key and a test
    key, on the standard error. SIGTERM and Ctrl-C end it once talks are safe.
    """
    settings = load_settings(
        host=host, port=port, public_url=public_url, data_dir=data_dir, database_url=database_url
    )
    prepare(settings, settings.log_level)
    asyncio.run(_tell_first_keys(settings))
    started = False

    def tell(url: str, _: str) -> None:
        nonlocal started
        started = True
        click.echo(f"Vivavoce is ready at {url}")

    try:
        whole = run_on_loop(serve_until_told(settings, ready=tell))
    except KeyboardInterrupt:
        return
    if not started:
        raise Failure(NOT_STARTED)
    if not whole:
        raise Failure(BROKEN)


async def _tell_first_keys(settings: Settings) -> None:
    """Make and show the keys of a new database, beside the line that programs read. Raises Failure."""
    async with opened_database(settings) as database:
        keys = await first_keys(database)
    if keys is not None:
        click.echo(f"Live key: {keys.live}", err=True)
        click.echo(f"Test key: {keys.test}", err=True)
        click.echo(
            "They are shown this once: keep them now. `vivavoce keys` makes and revokes others.", err=True
        )
