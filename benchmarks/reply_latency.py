"""What this server adds to a reply, by its own logs: from the decision, or the voice's first sound, to the
first packet; with one talk of each kind, ten and twenty over WebRTC, and scripted providers."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import click
from prometheus_client.core import CollectorRegistry

from benchmarks.load import Load, place_calls
from benchmarks.report import Row, publish, this_machine
from benchmarks.sessions import configured_delay, opened_pages, scripted_server
from dialog.events import Event
from dialog.latency import Kind, percentile, replies
from server.metrics import Metrics
from server.settings import Settings
from server.store.database import Database
from server.store.event_rows import read_events

TALKS: Final = (2, 10, 20)
"""Of two, one says ready questions and one has them synthesised."""
MUST_MS: Final[dict[Kind, tuple[float, float]]] = {"cached": (12.0, 25.0), "generated": (15.0, 40.0)}
"""p50 and p99."""
CYCLE_S: Final = 8.0

Logs = Sequence[Sequence[Event]]


async def hold_talks(talks: int, turns: int) -> Logs:
    """Load a fresh server with so many talks of so many turns; the log of each."""
    load = Load(talks, turns, CYCLE_S)
    with TemporaryDirectory(prefix="vivavoce-reply-latency-") as folder:
        data = Path(folder) / "data"
        async with scripted_server(data, load, None) as server, opened_pages(server) as lines:
            urls = Path(folder) / "urls.txt"
            urls.write_text("\n".join(lines))
            await place_calls(load, ("--whip", str(urls)), server.pid, configured_delay(), None)
        database = Database(Settings.load(data_dir=data).database_url)
        try:
            return [await read_events(database, one["run_id"]) for one in server.sessions]
        finally:
            await database.close()


def added(logs: Logs) -> dict[Kind, list[float]]:
    """Milliseconds between the words, with their sound, being there and the first packet of them."""
    found: dict[Kind, list[float]] = defaultdict(list)
    for events in logs:
        for reply in replies(events):
            if "sent" in (stages := reply.stages()):
                found[reply.kind].append(1000 * stages["sent"])
    return found


def rows_of(talks: int, found: Mapping[Kind, Sequence[float]]) -> list[Row]:
    """Each kind's percentiles beside what they must be."""
    rows = []
    for kind, must in MUST_MS.items():
        for share, most in zip((0.5, 0.99), must, strict=True):
            value = percentile(found.get(kind, ()), share)
            rounded = None if value is None else round(value, 1)
            rows.append(Row(f"{talks} talks, {kind} question, p{100 * share:g}", rounded, "ms", most))
    return rows


def cost_of_metrics(logs: Logs) -> list[Row]:
    """What the loop spends on figures: for each event of the logs, for each beat, and for a scrape."""
    metrics = Metrics()
    began, count = perf_counter(), 0
    for events in logs:
        observe = metrics.observer()
        for event in events:
            observe(event)
        count += len(events)
    an_event = (perf_counter() - began) / max(1, count)
    began = perf_counter()
    for _ in range(10_000):
        metrics.late(0.001)
    a_beat = (perf_counter() - began) / 10_000
    began = perf_counter()
    for _ in range(20):
        metrics.expose(CollectorRegistry())
    a_scrape = (perf_counter() - began) / 20
    return [
        Row("figures: one event of a log", round(1e6 * an_event, 2), "µs"),
        Row("figures: one beat", round(1e6 * a_beat, 2), "µs"),
        Row("figures: one scrape of /metrics", round(1e3 * a_scrape, 2), "ms"),
    ]


@click.command()
@click.option("--talks", type=click.IntRange(2), multiple=True, default=TALKS, show_default=True)
@click.option("--turns", type=click.IntRange(1), default=12, show_default=True, help="Of each talk.")
@click.option("--json", "as_json", is_flag=True)
def command(talks: tuple[int, ...], turns: int, as_json: bool) -> None:
    """Reply latency that the server adds: to ready questions, and to such as are synthesised."""
    machine = this_machine()
    rows: list[Row] = []
    detail: dict[str, object] = {}
    logs: Logs = []
    for number in talks:
        logs = asyncio.run(hold_talks(number, turns))
        found = added(logs)
        rows += rows_of(number, found)
        detail[str(number)] = {kind: [round(one, 2) for one in each] for kind, each in found.items()}
    rows += cost_of_metrics(logs)
    options: dict[str, object] = {"talks": list(talks), "turns": turns}
    publish("reply-latency", rows, machine, as_json=as_json, options=options, detail=detail)
