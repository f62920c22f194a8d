"""Calls for an operator: that somebody must look at a run, whom that was to be told, and whether it was.
How it is told is known elsewhere."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.events import DistressHeard
from dialog.judgement import Distress
from dialog.transcript import rfc3339
from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import OperatorPageRow
from server.store.event_rows import Line
from server.store.jobs import Job, enqueue, enqueue_with_log
from server.store.organizations import Tenant
from server.store.paging import Page, Window, read_page
from server.store.posts import Post, to_be_posted
from server.store.tables import EventRow, OrganizationRow, RunRow

PAGE: Final = "page"
"""The kind of job that makes one call; its subject is the call's id."""

CALL: Final = "call"
"""The kind of job that sees whether an event is one to call somebody for; its subject names the event."""

HOOK: Final = "paging_webhook"
SECRET: Final = "paging_secret"  # noqa: S105 - the name of a setting
THRESHOLD: Final = "paging_threshold"
"""Settings of an organization: where its calls go, what signs them (sealed), and from which distress on."""

LEVELS: Final[Sequence[Distress]] = ("mild", "moderate", "severe")
MAX_ATTEMPTS: Final = 7


log = logging.getLogger(__name__)


class OperatorPage(Post, frozen=True, kw_only=True):
    """One call."""

    run_id: str
    seq: int
    """Of the event that it is about, in the run's log."""
    level: str


def ask_for_calls(connection: Connection, lines: Sequence[Line]) -> None:
    """Have it seen to that somebody is called for these lines of the log, in the transaction that adds them:
    nothing that happens then makes a call get lost."""
    for line in lines:
        if line.kind == DistressHeard.__name__:
            enqueue_with_log(connection, CALL, f"{line.run_id}/{line.seq}", wall_clock_ms())


class OperatorPages:
    """The calls of one database."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def see_to(self, job: Job) -> None:
        """Do a job of the kind `CALL`; done again, nobody is called twice."""
        run_id, _, seq = job.subject.rpartition("/")
        told = select(EventRow.body).where(EventRow.run_id == run_id, EventRow.seq == int(seq))
        async with self._database.read() as connection:
            body = (await connection.execute(told)).scalar()
        if body is None:
            return  # its run is gone
        heard = msgspec.json.decode(body, type=DistressHeard)
        if await self.call(run_id, seq=int(seq), node_key=heard.node_key, level=heard.level):
            log.warning("= an operator is called: %s distress", heard.level, extra={"run": run_id})

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
        page = insert(OperatorPageRow).values(
            id=page_id,
            organization_id=run.organization_id,
            test_mode=run.test_mode,
            run_id=run.id,
            seq=seq,
            level=level,
            request_body=msgspec.json.encode(told).decode(),
            created_at=now,
            **to_be_posted(run.settings[HOOK], MAX_ATTEMPTS, now),
        )
        await connection.execute(page)
        await enqueue(connection, PAGE, page_id, now)
        return page_id

    async def page(self, tenant: Tenant, window: Window) -> Page[OperatorPage]:
        """A page of the tenant's calls, newest first."""
        statement = select(OperatorPageRow).where(
            OperatorPageRow.organization_id == tenant.organization_id,
            OperatorPageRow.test_mode == tenant.test_mode,
        )
        async with self._database.read() as connection:
            return await read_page(connection, statement, OperatorPageRow.id, window, _page)


def _page(row: Row[Any]) -> OperatorPage:
    return OperatorPage(**row._mapping)
