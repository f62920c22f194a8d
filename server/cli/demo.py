"""`vivavoce demo`: a sample study to take part in, or to watch being taken part in."""

import tempfile
from pathlib import Path
from typing import Final

import click

import server
from server.cli.configuration import load_settings, storage_options
from server.cli.files import load_blueprint, readable_file
from server.cli.output import progress
from server.cli.starting import prepare

SAMPLE: Final = Path(server.__file__).parent / "examples" / "product-discovery"
"""The sample study: blueprint, persona and its spoken answers."""
_QUIET: Final = "warning"
"""What is less severe than this would drown what a demonstration tells."""


@click.command()
@click.option("--participant", type=click.Choice(["none", "simulated"]), default="none", show_default=True)
@click.option("--blueprint", type=readable_file, help="Instead of the sample study's.")
@click.option("--persona", type=readable_file, help="Default: persona.json beside the blueprint.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where a rehearsal is written.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on.")
@storage_options
def demo(
    participant: str,
    blueprint: Path | None,
    persona: Path | None,
    out: Path | None,
    port: int | None,
    data_dir: Path | None,
    database_url: str | None,
) -> None:
    """Seed a sample study and serve it.

    Prints a link to take part and a key to read the outcome with. With `--participant simulated` a synthetic
    participant takes the whole interview by WebRTC, aloud; its transcript, timings and recording are then in
    `--out`. Exits with 1 when that didn't go well.
    """
    if participant == "none" and (persona or out):
        raise click.UsageError("--persona and --out are for --participant simulated.")
    blueprint_file = blueprint or SAMPLE / "blueprint.json"
    design = load_blueprint(blueprint_file)
    if participant == "none":
        settings = load_settings(port=port, data_dir=data_dir, database_url=database_url)
        prepare(settings, _QUIET)
        progress("Starting …")
        # imported only now: it takes seconds, and whoever has to choose another port should know at once
        from server.cli.demonstration import demonstrate

        return demonstrate(settings, design)
    with tempfile.TemporaryDirectory(prefix="vivavoce-") as folder:
        # a study of its own, so that a rehearsal leaves nothing among real runs
        settings = load_settings(
            port=port or 0,
            host="127.0.0.1",
            public_url="",
            data_dir=data_dir or folder,
            database_url=database_url,
        )
        prepare(settings, _QUIET)
        from server.cli.simulated import hold_rehearsal

        return hold_rehearsal(settings, design, persona or blueprint_file.with_name("persona.json"), out)
