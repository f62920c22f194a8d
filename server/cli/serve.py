"""`vivavoce serve`: the server, until it is told to end."""

from pathlib import Path

import click

from server.cli.configuration import load_settings, storage_options
from server.cli.starting import prepare


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
    # imported only now: it takes seconds, and whoever has to choose another port should know at once
    from server.cli.serving import serve_until_ended

    serve_until_ended(settings)
