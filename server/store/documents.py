"""What comes of runs: transcripts, responses and analyses, each with an id and a standing of its own. What is
in them is made elsewhere."""

from collections.abc import Callable, Collection
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import insert, select

from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import DocumentRow
from server.store.run import run_row

DocumentKind = Literal["transcript", "responses", "analysis"]
DocumentStatus = Literal["pending", "processing", "completed", "failed"]

_PREFIXES: Final[dict[DocumentKind, str]] = {"transcript": "trn_", "responses": "rsp_"}
"""Of those that every talk has. An analysis is made only when it is wanted."""


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

    async def begin(self, run_id: str) -> OfRun:
        """The documents of a run whose talk has begun; what it lacks is made. Safe to call again. Raises
        RunNotFound."""
        there = (await self.of_runs([run_id]))[run_id]
        if _PREFIXES.keys() <= there.keys():
            return there
        now = self._clock_ms()
        async with self._database.write() as connection:
            await run_row(connection, run_id, lock=True)  # so that nobody else makes them beside us
            known = select(DocumentRow.kind).where(DocumentRow.run_id == run_id)
            kinds = set((await connection.execute(known)).scalars())
            missing = [
                {
                    "id": new_id(prefix),
                    "run_id": run_id,
                    "kind": kind,
                    "status": "processing",
                    "body": None,
                    "error": None,
                    "created_at": now,
                    "updated_at": now,
                }
                for kind, prefix in _PREFIXES.items()
                if kind not in kinds
            ]
            if missing:
                await connection.execute(insert(DocumentRow), missing)
        return (await self.of_runs([run_id]))[run_id]
