"""Calls for an operator: that somebody must look at a run, whom that was to be told, and whether it was.
How it is told is known elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.judgement import Distress
from dialog.transcript import rfc3339
from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import OperatorPageRow
from server.store.jobs import enqueue
from server.store.organizations import Tenant
from server.store.paging import Page, Window, read_page
from server.store.tables import OrganizationRow, RunRow

PAGE: Final = "page"
"""The kind of job that makes one call; its subject is the call's id."""

HOOK: Final = "paging_webhook"
SECRET: Final = "paging_secret"  # noqa: S105 - the name of a setting
THRESHOLD: Final = "paging_threshold"
"""Settings of an organization: where its calls go, what signs them (sealed), and from which distress on."""

LEVELS: Final[Sequence[Distress]] = ("mild", "moderate", "severe")
MAX_ATTEMPTS: Final = 7


class OperatorPage(msgspec.Struct, frozen=True):
    """One call. Instants are milliseconds since 1970, UTC."""

    id: str
    organization_id: str
    test_mode: bool
    run_id: str
    seq: int
    """Of the event that it is about, in the run's log."""
    level: str
    url: str
    status: str
    http_status: int | None
    attempts: int
    max_attempts: int
    request_body: str
    response_body: str | None
    error_message: str | None
    next_retry_at: int | None
    completed_at: int | None
    created_at: int
    updated_at: int


class OperatorPages:
    """The calls of one database."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def call(self, run_id: str, *, seq: int, node_key: str, level: Distress) -> str | None:
        """Have somebody called because of this event of the run; returns the call's id. None where nobody is
        to be called for this, or was already, or the run is gone."""
        wanted = (
            select(RunRow, OrganizationRow.settings)
            .join(OrganizationRow, OrganizationRow.id == RunRow.organization_id)
            .where(RunRow.id == run_id)
            .with_for_update(of=RunRow)
        )
        made = select(OperatorPageRow.id).where(OperatorPageRow.run_id == run_id, OperatorPageRow.seq == seq)
        async with self._database.write() as connection:
            run = (await connection.execute(wanted)).first()
            if run is None or HOOK not in run.settings:
                return None
            least = run.settings.get(THRESHOLD, "severe")
            if LEVELS.index(level) < LEVELS.index(least) or (await connection.execute(made)).first():
                return None
            return await self._insert(connection, run, seq, node_key, level)

    async def _insert(
        self, connection: AsyncConnection, run: Row[Any], seq: int, node_key: str, level: Distress
    ) -> str:
        now, page_id = self._clock_ms(), new_id("pag_")
        told = {
            "type": "operator.page",
            "timestamp": rfc3339(now),
            "data": {
                "object": "interview_run",
                "id": run.id,
                "test_mode": run.test_mode,
                "external_id": run.participant.get("external_id"),
                "reason": "distress",
                "level": level,
                "node_id": node_key,
            },
        }
        page = OperatorPage(
            id=page_id,
            organization_id=run.organization_id,
            test_mode=run.test_mode,
            run_id=run.id,
            seq=seq,
            level=level,
            url=run.settings[HOOK],
            status="pending",
            http_status=None,
            attempts=0,
            max_attempts=MAX_ATTEMPTS,
            request_body=msgspec.json.encode(told).decode(),
            response_body=None,
            error_message=None,
            next_retry_at=now,
            completed_at=None,
            created_at=now,
            updated_at=now,
        )
        await connection.execute(insert(OperatorPageRow).values(**msgspec.structs.asdict(page)))
        await enqueue(connection, PAGE, page_id, now)
        return page_id

    async def page(self, tenant: Tenant, window: Window) -> Page[OperatorPage]:
        """A page of the tenant's calls, newest first."""
        statement = select(OperatorPageRow).where(
            OperatorPageRow.organization_id == tenant.organization_id,
            OperatorPageRow.test_mode == tenant.test_mode,
        )
        async with self._database.read() as connection:
            return await read_page(connection, statement, OperatorPageRow.id, window, page_of)


def page_of(row: Row[Any]) -> OperatorPage:
    """A call as it lies in its table."""
    return OperatorPage(**{name: row._mapping[name] for name in OperatorPage.__struct_fields__})
