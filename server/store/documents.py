"""What comes of runs: transcripts, responses and analyses, each with an id and a standing of its own. When
they are made is known elsewhere.

Only what an analysis found is kept. What is in a transcript or in responses follows from the log, and is read
off it whenever it is asked for: there is no second copy of anybody's words.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Row, Text, cast, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import DocumentRow
from server.store.design_tables import BlueprintVersionRow
from server.store.run import run_row

DocumentKind = Literal["transcript", "responses", "analysis"]
DocumentStatus = Literal["pending", "processing", "completed", "failed"]

STAGES: Final[tuple[DocumentKind, ...]] = ("transcript", "responses", "analysis")
"""In the order in which they are made. Each is also the kind of the job that makes it, of which the run is
the subject."""

OPEN: Final[frozenset[DocumentStatus]] = frozenset({"pending", "processing"})
"""Not over yet."""

_PREFIXES: Final[dict[DocumentKind, str]] = {"transcript": "trn_", "responses": "rsp_", "analysis": "anl_"}


class Document(msgspec.Struct, frozen=True):
    """How one of a run's documents stands. Instants are milliseconds since 1970, UTC."""

    id: str
    run_id: str
    kind: DocumentKind
    status: DocumentStatus
    error: str | None
    created_at: int
    updated_at: int


OfRun = dict[DocumentKind, Document]

Found = Mapping[str, Any]
"""What an analysis found, and who made it."""

_STANDING: Final = select(*(DocumentRow.__table__.c[name] for name in Document.__struct_fields__))


class Documents:
    """Keeps them. They go with their run."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def of_runs(self, run_ids: Collection[str]) -> dict[str, OfRun]:
        """The documents of several runs, by run and kind, in one query; a run without any has an empty
        one."""
        async with self._database.read() as connection:
            return await _standings(connection, run_ids)

    async def findings(self, run_ids: Collection[str]) -> dict[str, Found]:
        """What the analyses of several runs have found, by run, in one query; a run without any is left
        out."""
        # As text, which nobody takes apart on the loop.
        statement = select(DocumentRow.run_id, cast(DocumentRow.body, Text)).where(
            DocumentRow.run_id.in_(set(run_ids)),
            DocumentRow.kind == "analysis",
            DocumentRow.body.is_not(None),
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all() if run_ids else []
        return await asyncio.to_thread(_read, rows)

    async def begin(self, run_id: str) -> OfRun:
        """The documents that a talk fills as it goes on, as far as its design wants them; what is missing is
        made. Safe to call again. Raises RunNotFound."""
        if there := (await self.of_runs([run_id]))[run_id]:
            return there  # they came in one transaction
        async with self._database.write() as connection:
            run = await run_row(connection, run_id, lock=True)  # so that nobody else makes them beside us
            wanted = [kind for kind in await wanted_of(connection, run) if kind != "analysis"]
            await begin_documents(connection, run_id, wanted, "processing", self._clock_ms())
        return (await self.of_runs([run_id]))[run_id]


async def wanted_of(connection: AsyncConnection, run: Row[Any]) -> list[DocumentKind]:
    """The stages that the version which a run is held by wants, in order."""
    version = select(BlueprintVersionRow.body).where(
        BlueprintVersionRow.blueprint_id == run.blueprint_id,
        BlueprintVersionRow.version == run.blueprint_version,
    )
    flags = (await connection.execute(version)).scalar_one().get("pipeline", {})
    return [kind for kind in STAGES if flags.get(kind, True)]


async def documents_in(connection: AsyncConnection, run_id: str) -> OfRun:
    """A run's documents as a transaction sees them."""
    return (await _standings(connection, [run_id]))[run_id]


async def _standings(connection: AsyncConnection, run_ids: Collection[str]) -> dict[str, OfRun]:
    found: dict[str, OfRun] = {run_id: {} for run_id in run_ids}
    rows = await connection.execute(_STANDING.where(DocumentRow.run_id.in_(found))) if found else ()
    for row in rows:
        document = Document(*row)  # selected in the order of its fields
        found[document.run_id][document.kind] = document
    return found


def _read(rows: Sequence[Row[str, str]]) -> dict[str, Found]:
    return {run_id: msgspec.json.decode(body) for run_id, body in rows}


async def begin_documents(
    connection: AsyncConnection,
    run_id: str,
    kinds: Iterable[DocumentKind],
    status: DocumentStatus,
    now: int,
) -> None:
    """Make those that are missing, as part of a transaction that holds the run's row."""
    known = await documents_in(connection, run_id)
    missing = [
        {
            "id": new_id(_PREFIXES[kind]),
            "run_id": run_id,
            "kind": kind,
            "status": status,
            "body": None,
            "error": None,
            "created_at": now,
            "updated_at": now,
        }
        for kind in kinds
        if kind not in known
    ]
    if missing:
        await connection.execute(insert(DocumentRow), missing)


async def put_document(
    connection: AsyncConnection,
    run_id: str,
    kind: DocumentKind,
    status: DocumentStatus,
    now: int,
    *,
    body: str | None = None,
    error: str | None = None,
) -> None:
    """Give one of a run's documents another standing, as part of a transaction, and an analysis what it has
    found, as JSON: without that, what was found before stays."""
    found = {} if body is None else {"body": func.json(body)}  # on both kinds of database JSON of a text
    await connection.execute(
        update(DocumentRow)
        .where(DocumentRow.run_id == run_id, DocumentRow.kind == kind)
        .values(status=status, error=error, updated_at=now, **found)
    )
