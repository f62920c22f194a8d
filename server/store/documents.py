"""What comes of runs: transcripts, responses and analyses, each with an id and a standing of its own. What is
in them, and when it is made, is known elsewhere."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Row, insert, select, update
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
    """One of a run's documents. Instants are milliseconds since 1970, UTC."""

    id: str
    run_id: str
    kind: DocumentKind
    status: DocumentStatus
    body: dict[str, Any] | None
    error: str | None
    created_at: int
    updated_at: int


OfRun = dict[DocumentKind, Document]


class Documents:
    """Keeps them. They go with their run."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def of_runs(self, run_ids: Collection[str]) -> dict[str, OfRun]:
        """The documents of several runs, by run and kind, in one query; a run without any has an empty
        one."""
        found: dict[str, OfRun] = {run_id: {} for run_id in run_ids}
        if found:
            statement = select(DocumentRow).where(DocumentRow.run_id.in_(found))
            async with self._database.read() as connection:
                for row in await connection.execute(statement):
                    found[row.run_id][row.kind] = Document(**row._mapping)
        return found

    async def find(self, run_id: str, kind: DocumentKind) -> Document | None:
        """One of a run's, if there is or is to be one."""
        return (await self.of_runs([run_id]))[run_id].get(kind)

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
    rows = await connection.execute(select(DocumentRow).where(DocumentRow.run_id == run_id))
    return {row.kind: Document(**row._mapping) for row in rows}


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
    body: dict[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """Give one of a run's documents another standing and content, as part of a transaction."""
    await connection.execute(
        update(DocumentRow)
        .where(DocumentRow.run_id == run_id, DocumentRow.kind == kind)
        .values(status=status, body=body, error=error, updated_at=now)
    )
