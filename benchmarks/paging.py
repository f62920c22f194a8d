"""Ten thousand runs read page by page over HTTP while others are made and deleted: whether any is skipped or
shown twice, how long a page takes, and how many queries it costs."""

import asyncio
import contextlib
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final

import click
import httpx
import msgspec
from sqlalchemy import event, insert, select

from benchmarks.commits import percentile_ms
from benchmarks.report import Row, publish, this_machine
from server.cli.demo import SAMPLE
from server.cli.files import load_blueprint
from server.cli.seeding import open_vault
from server.clock import new_id, new_secret
from server.settings import Settings
from server.store.blueprints import Blueprints
from server.store.database import Database
from server.store.delivery_tables import DocumentRow
from server.store.migrations import upgrade
from server.store.organizations import Organizations, Tenant
from server.store.pins import new_pin
from server.store.runs import Runs
from server.store.tables import RunRow
from server.store.vault import Vault
from tests.support.mortal_server import mortal_server
from tests.support.running_server import running_server

PAGE: Final = 100
EXPANDED: Final = "expand[]=blueprint&expand[]=agent"
PAGE_BUDGET_MS: Final = 50.0
VERSIONS: Final = 3
"""Of the blueprint; the runs are held by them in turn."""
VICTIMS: Final = 0.1
"""Share of the runs that may be deleted while they are read."""
_BATCH: Final = 1_000
_PAUSE: Final = 0.1
"""Seconds between two runs that are made and deleted."""
_SIZES: Final = (1, 10, 100)


class Library(msgspec.Struct, frozen=True):
    """What there is to read, newest first, and two keys: the reader's, and that of whoever disturbs."""

    blueprint_id: str
    run_ids: list[str]
    reader: str
    disturber: str


class Walk(msgspec.Struct):
    """One way through the whole list."""

    seconds: list[float] = []
    seen: list[str] = []
    largest: int = 0
    """Bytes of a page."""


async def stock(settings: Settings, count: int) -> Library:
    """Make so many runs of three versions, every other one with documents, each with a link and PIN of its
    own."""
    await asyncio.to_thread(upgrade, settings.database_url)
    async with Database(settings.database_url) as database:
        organizations, blueprints = Organizations(database), Blueprints(database)
        tenant = Tenant((await organizations.first()).id, test_mode=False)
        made = await blueprints.create(tenant, load_blueprint(SAMPLE / "blueprint.json"))
        for _ in range(VERSIONS):
            await blueprints.publish(tenant, made.id)
        vault = open_vault(settings)
        first, _ = await Runs(database, vault).create(tenant, made.id)
        async with database.read() as connection:
            rows = await connection.execute(select(RunRow.__table__).where(RunRow.id == first.id))
            pattern = dict(rows.one()._mapping)
        run_ids = [new_id("run_") for _ in range(count - 1)]
        for start in range(0, len(run_ids), _BATCH):
            async with database.write() as connection:
                batch = list(enumerate(run_ids[start : start + _BATCH]))
                await connection.execute(
                    insert(RunRow.__table__),  # type: ignore[arg-type]
                    [
                        pattern | _doors(vault, run_id) | {"blueprint_version": 1 + n % VERSIONS}
                        for n, run_id in batch
                    ],
                )
                documents = [_document(run_id, kind) for n, run_id in batch if n % 2 for kind in _KINDS]
                await connection.execute(insert(DocumentRow), documents)
        keys = [
            (
                await organizations.create_key(
                    tenant.organization_id, test_mode=False, scopes=("read", "write")
                )
            )[1]
            for _ in range(2)
        ]
    return Library(made.id, sorted([first.id, *run_ids], reverse=True), *keys)


def _doors(vault: Vault, run_id: str) -> dict[str, Any]:
    """A run's id, and what opens it; for reading alone, so that its hashes are none."""
    return {
        "id": run_id,
        "token_encrypted": vault.seal(f"jt_{new_secret()}"),
        "pin_hash": run_id,
        "pin_encrypted": vault.seal(new_pin()),
    }


_KINDS: Final = {"transcript": "trn_", "responses": "rsp_"}


def _document(run_id: str, kind: str) -> dict[str, Any]:
    return {
        "id": new_id(_KINDS[kind]),
        "run_id": run_id,
        "kind": kind,
        "status": "completed",
        "body": None,
        "error": None,
        "created_at": 0,
        "updated_at": 0,
    }


def client(origin: str, key: str) -> httpx.AsyncClient:
    """A program with a key."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=f"{origin}/api/v1", headers=headers, timeout=60)


async def walk(http: httpx.AsyncClient) -> Walk:
    """Read the list to its end."""
    done, cursor = Walk(), ""
    while True:
        began = perf_counter()
        answer = await http.get(f"/interview-runs?limit={PAGE}&{EXPANDED}{cursor}")
        done.seconds.append(perf_counter() - began)
        page = msgspec.json.decode(answer.content)
        done.largest = max(done.largest, len(answer.content))
        done.seen += [run["id"] for run in page["data"]]
        if not page["has_more"]:
            return done
        cursor = f"&starting_after={page['next_cursor']}"


async def disturb(http: httpx.AsyncClient, library: Library, victims: list[str]) -> None:
    """Make runs and delete older ones, one after the other, for as long as anybody reads."""
    for victim in victims:
        await http.post("/interview-runs", json={"blueprint_id": library.blueprint_id})
        await http.delete(f"/interview-runs/{victim}")
        await asyncio.sleep(_PAUSE)


async def read_disturbed(origin: str, library: Library, walks: int, seed: int) -> list[Walk]:
    """Read it all several times over while it changes."""
    victims = Random(seed).sample(library.run_ids, round(VICTIMS * len(library.run_ids)))
    async with (
        client(origin, library.reader) as reader,
        client(origin, library.disturber) as other,
        asyncio.TaskGroup() as tasks,
    ):
        await reader.get(f"/interview-runs?limit=1&{EXPANDED}")  # connected, and every statement compiled
        disturbing = tasks.create_task(disturb(other, library, victims))
        done = [await walk(reader) for _ in range(walks)]
        disturbing.cancel()
    return done


def faults_of(library: Library, victims: set[str], done: Walk) -> tuple[int, int]:
    """(skipped, shown twice) on one way through the list."""
    seen = Counter(done.seen)
    skipped = sum(1 for run_id in library.run_ids if run_id not in victims and not seen[run_id])
    return skipped, sum(1 for count in seen.values() if count > 1)


async def queries(data_dir: Path, library: Library) -> dict[int, int]:
    """How many queries pages of several sizes cost."""
    counted: dict[int, int] = {}
    async with running_server(data_dir) as server, client(server.origin, library.reader) as http:
        others = asyncio.all_tasks()
        asked: list[str] = []

        def note(_: Any, __: Any, statement: str, *___: Any) -> None:
            if asyncio.current_task() not in others and statement.lstrip().upper().startswith("SELECT"):
                asked.append(statement)

        engine = server.house.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            for size in _SIZES:
                asked.clear()
                (await http.get(f"/interview-runs?limit={size}&{EXPANDED}")).raise_for_status()
                counted[size] = len(asked)
        finally:
            event.remove(engine, "before_cursor_execute", note)
    return counted


class Measured(msgspec.Struct, frozen=True):
    """What came of it."""

    library: Library
    walks: list[Walk]
    cpu: float
    """Seconds of processor for a page, on one more walk that nobody disturbs."""


async def measure(directory: Path, runs: int, walks: int, seed: int, database_url: str) -> Measured:
    """Stock a library and read it from a server in a process of its own."""
    settings = {"database_url": database_url} if database_url else {}
    async with mortal_server(directory, more=settings) as server:
        library = await stock(server.settings, runs)
        await server.start()
        done = await read_disturbed(server.origin, library, walks, seed)
        async with client(server.origin, library.reader) as http:
            before = server.cpu_seconds()
            alone = await walk(http)
            return Measured(library, done, (server.cpu_seconds() - before) / len(alone.seconds))


@click.command()
@click.option("--runs", type=click.IntRange(PAGE), default=10_000, show_default=True)
@click.option("--walks", type=click.IntRange(1), default=3, show_default=True, help="Through the whole list.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--database", "database_url", default="", help="An empty PostgreSQL database. Default: SQLite.")
@click.option("--json", "as_json", is_flag=True)
def command(runs: int, walks: int, seed: int, database_url: str, as_json: bool) -> None:
    """Long lists read page by page while they change."""
    machine = this_machine()
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vivavoce-paging-")))
        measured = asyncio.run(measure(directory, runs, walks, seed, database_url))
        library, done = measured.library, measured.walks
        more = {"database_url": database_url} if database_url else {}
        counted = asyncio.run(queries(directory, library)) if not more else {}
    victims = set(Random(seed).sample(library.run_ids, round(VICTIMS * len(library.run_ids))))
    faults = [faults_of(library, victims, each) for each in done]
    seconds = [each for one in done for each in one.seconds]
    rows = [
        Row("runs skipped", sum(skipped for skipped, _ in faults), "", 0),
        Row("runs shown twice", sum(twice for _, twice in faults), "", 0),
        Row(f"a page of {PAGE}, blueprint and agent expanded, p50", percentile_ms(seconds, 0.5), "ms"),
        Row(
            f"a page of {PAGE}, blueprint and agent expanded, p95",
            percentile_ms(seconds, 0.95),
            "ms",
            None if database_url else PAGE_BUDGET_MS,
        ),
        Row("CPU of the server for such a page", round(1000 * measured.cpu, 1), "ms"),
        Row("the largest page", round(max(each.largest for each in done) / 1024), "KiB"),
    ]
    rows += [Row(f"queries for a page of {size}", count, "", counted[1]) for size, count in counted.items()]
    publish(
        "paging",
        rows,
        machine,
        as_json=as_json,
        options={"runs": runs, "walks": walks, "seed": seed, "database": database_url or "sqlite"},
        detail={"pages": len(seconds), "p99_ms": percentile_ms(seconds, 0.99)},
    )
