"""`vivavoce demo`: a sample study to take part in, or to watch being taken part in."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

import click

from dialog.blueprint import Blueprint
from server.cli.configuration import load_settings, opened_database, storage_options, upgrade_database
from server.cli.files import load_blueprint, readable_file
from server.cli.outcome import make_room
from server.cli.output import Failure
from server.cli.seeding import SAMPLE, Seeded, demo_key, seed
from server.cli.serving import prepare, run_on_loop, served
from server.cli.simulated import load_participant, rehearse
from server.settings import Settings

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
        try:
            run_on_loop(_serve_sample(settings, design))
        except KeyboardInterrupt:
            return
        return
    simulated = load_participant(persona or blueprint_file.with_name("persona.json"))
    if out is not None:
        make_room(out)
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
        try:
            shortcomings = run_on_loop(rehearse(settings, design, simulated, out))
        except KeyboardInterrupt:
            raise Failure("The rehearsal was broken off: nothing is on the record.") from None
    if shortcomings:
        raise Failure(" ".join(shortcomings))


async def _serve_sample(settings: Settings, design: Blueprint) -> None:
    await asyncio.to_thread(upgrade_database, settings)
    async with served(settings) as server:
        async with opened_database(settings) as database:
            key = await demo_key(database)
        _tell(server.url, key, await seed(server.local_url, key, design, "Demo participant"))
        await server.ended


def _tell(url: str, key: str, seeded: Seeded) -> None:
    run = f"{url}/api/v1/interview-runs/{seeded.run_id}"
    curl = f'curl -H "Authorization: Bearer {key}"'
    click.echo(f"Vivavoce is ready at {url}")
    click.echo(f"Take part:   {url}/join/{seeded.run_id}#{seeded.join_token}")
    click.echo(f"API key:     {key}")
    click.echo(f"Transcript:  {curl} {run}/transcript")
    click.echo(f"For reading: {curl} -H 'Accept: text/plain' {run}/transcript")
    click.echo(f"Answers:     {curl} {run}/responses")
    click.echo(f"Recording:   {curl} -f {run}/recording -o talk.ogg")
    click.echo("The key is good until the next demo makes another; `vivavoce keys create` makes one to keep.")
    click.echo("Ctrl-C ends it. What was said is kept, and the link goes on where it was left.")
