"""A sample study, or one's own, made and served; and what whoever tries it has to know."""

import asyncio

import click

from dialog.blueprint import Blueprint
from server.cli.databases import opened_database, upgrade_database
from server.cli.seeding import Seeded, demo_key, seed
from server.cli.serving import run_on_loop, served
from server.settings import Settings


def demonstrate(settings: Settings, design: Blueprint) -> None:
    """Serve a design with one run of it, until somebody ends it. Raises Failure."""
    try:
        run_on_loop(_serve(settings, design))
    except KeyboardInterrupt:
        return


async def _serve(settings: Settings, design: Blueprint) -> None:
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
    click.echo("And once the talk is over:")
    click.echo(f'Transcript:  {curl} -H "Accept: text/plain" {run}/transcript')
    click.echo(f"Answers:     {curl} {run}/responses")
    click.echo(f"Analysis:    {curl} {run}/analysis")
    click.echo(f"Recording:   {curl} -f {run}/recording -o talk.ogg")
    click.echo(f"Everything:  {curl} -f {run}/export -o talk.zip")
    click.echo("The key is good until the next demo makes another; `vivavoce keys create` makes one to keep.")
    click.echo("Ctrl-C ends it. What was said is kept, and the link goes on where it was left.")
