"""Deletes runs that have been kept for as long as their organization wants: each by a job, with a receipt.
A run that isn't over is never touched."""

import logging
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select

from server.clock import wall_clock_ms
from server.store.database import Database
from server.store.deletions import Deletions
from server.store.delivery_tables import JobRow
from server.store.jobs import Job, enqueue
from server.store.organizations import Tenant
from server.store.recordings import Recordings
from server.store.run import RunNotFound
from server.store.run_status import TERMINAL
from server.store.tables import OrganizationRow, RunRow

log = logging.getLogger(__name__)

RETIRE: Final = "retire"
"""The kind of job that deletes one run; its subject is the run's id."""

REASON: Final = "retention"
DAY_MS: Final = 86_400_000
BATCH: Final = 200


class Retention:
    """Sees to one database's runs, and their recordings."""

    def __init__(
        self, database: Database, recordings: Recordings, clock_ms: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._database = database
        self._deletions = Deletions(database, recordings, clock_ms)
        self._clock_ms = clock_ms

    async def look(self) -> int:
        """Have every run deleted whose time is over; returns how many are new to that."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(OrganizationRow.id, OrganizationRow.settings))).all()
        found = 0
        for organization_id, settings in rows:
            days = settings.get("retention_days")
            while days is not None and (more := await self._ask(organization_id, days)):
                found += more
        return found

    async def _ask(self, organization_id: str, days: int) -> int:
        asked = exists().where(
            JobRow.kind == RETIRE, JobRow.subject == RunRow.id, JobRow.gave_up_at.is_(None)
        )
        due = select(RunRow.id).where(*self._over(organization_id, days), ~asked)
        now = self._clock_ms()
        async with self._database.read() as connection:  # there is mostly nothing to do
            ids = (await connection.execute(due.order_by(RunRow.id).limit(BATCH))).scalars().all()
        if ids:
            async with self._database.write() as connection:
                for run_id in ids:
                    await enqueue(connection, RETIRE, run_id, now)
        return len(ids)

    def _over(self, organization_id: str, days: int) -> tuple[ColumnElement[Any], ...]:
        """Of the organization's runs those that came to their end so many days ago."""
        ended_at = func.coalesce(RunRow.completed_at, RunRow.updated_at)
        return (
            RunRow.organization_id == organization_id,
            RunRow.status.in_(TERMINAL),
            ended_at <= self._clock_ms() - days * DAY_MS,
        )

    async def retire(self, job: Job) -> None:
        """Delete one run, if it is still to be. Raises OSError where its recording can't be removed."""
        whose = (
            select(RunRow.organization_id, RunRow.test_mode, OrganizationRow.settings)
            .join(OrganizationRow, OrganizationRow.id == RunRow.organization_id)
            .where(RunRow.id == job.subject)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(whose)).first()
            days = None if row is None else row.settings.get("retention_days")
            if row is None or days is None:  # it is gone, or kept for good since
                return
            over = select(RunRow.id).where(RunRow.id == job.subject, *self._over(row.organization_id, days))
            if (await connection.execute(over)).first() is None:
                return
        try:
            tenant = Tenant(row.organization_id, row.test_mode)
            receipt = await self._deletions.delete(tenant, job.subject, REASON)
        except RunNotFound:  # somebody else deleted it
            return
        log.info("= deleted after its time", extra={"run": job.subject, "receipt": receipt.id})
