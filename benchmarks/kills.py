"""Random kills of the real server under load: whether anything that was confirmed is lost, doubled or never
told."""

import asyncio
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

import click

from benchmarks.promises import Verdict, judge
from benchmarks.report import Row, publish, this_machine
from benchmarks.siege import Siege
from server.store.database import Database
from tests.support.mortal_server import mortal_server
from tests.support.receiver import receiver

TOLD_EVERY: Final = 20
"""Kills between two words on standard error: a thousand take hours."""
SETTLING: Final = 120.0
"""Seconds for the last webhooks: the jobs of a dead server are taken up after a minute."""


async def besiege(
    directory: Path,
    kills: int,
    seed: int,
    *,
    database_url: str = "",
    talks: int = 3,
    longest: float = math.inf,
    hurry: bool = False,
    killed: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Kill a server so many times, or for `longest` seconds; returns what became of what it had confirmed.
    With `hurry` the minute for which a dead server's jobs stay its own counts as over."""
    settings = {"webhook_private_targets": "true"}
    if database_url:
        settings["database_url"] = database_url
    async with receiver() as kept, mortal_server(directory, more=settings) as server:
        siege = Siege(server, kept, seed)
        await siege.prepare()
        await siege.hold(kills, talks=talks, makers=2, longest=longest, killed=killed)
        await siege.settle(SETTLING, leases_over=hurry)
        async with Database(server.settings.database_url) as database:
            verdict = await judge(database, siege.confirmed, kept.received)
            verdict.kills = siege.kills
            return verdict


@click.command()
@click.option("--kills", type=click.IntRange(1), default=1_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--talks", type=click.IntRange(1), default=3, show_default=True, help="At once.")
@click.option("--minutes", type=float, help="To kill for, at most; then fewer are told of.")
@click.option("--database", "database_url", default="", help="An empty PostgreSQL database. Default: SQLite.")
@click.option("--json", "as_json", is_flag=True)
def command(
    kills: int, seed: int, talks: int, minutes: float | None, database_url: str, as_json: bool
) -> None:
    """What `kill -9` at random moments costs: of what was confirmed, nothing."""
    machine, began = this_machine(), monotonic()
    longest = math.inf if minutes is None else 60 * minutes

    def tell(count: int) -> None:
        if count % TOLD_EVERY == 0:
            click.echo(f"{count} kills, {monotonic() - began:.0f} s", err=True)

    with tempfile.TemporaryDirectory(prefix="vivavoce-kills-") as directory:
        besieged = besiege(
            Path(directory),
            kills,
            seed,
            database_url=database_url,
            talks=talks,
            longest=longest,
            killed=tell,
        )
        verdict = asyncio.run(besieged)
    publish(
        "kills",
        [
            Row("kills", verdict.kills, ""),
            Row("confirmed events, answers and runs lost", len(verdict.lost), "", 0),
            Row("done or kept twice", len(verdict.doubled), "", 0),
            Row("happenings that no webhook was told of", len(verdict.untold), "", 0),
            Row("changes of status that the table doesn't know", len(verdict.illegal), "", 0),
            Row("events confirmed", verdict.events, ""),
            Row("answers confirmed", verdict.answers, ""),
            Row("runs confirmed", verdict.runs, ""),
            Row("happenings that a webhook wanted", verdict.webhooks, ""),
            Row("webhooks received", verdict.received, ""),
            Row("interviews that came to their end", verdict.talks_ended, ""),
        ],
        machine,
        as_json=as_json,
        options={"kills": kills, "seed": seed, "talks": talks, "database": database_url or "sqlite"},
        detail={
            "seconds": round(monotonic() - began),
            "lost": verdict.lost[:50],
            "doubled": verdict.doubled[:50],
            "untold": verdict.untold[:50],
            "illegal": verdict.illegal[:50],
        },
    )
