"""Calls operators where a run needs somebody at once: signed as webhooks are, and tried again until somebody
takes it or the attempts are used up."""

import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import select

from server.clock import wall_clock_ms
from server.pipeline.outward import Outward
from server.pipeline.signed_posts import Attempt, SignedPosts
from server.store.database import Database
from server.store.delivery_tables import OperatorPageRow
from server.store.jobs import Job
from server.store.operator_pages import SECRET
from server.store.tables import OrganizationRow
from server.store.vault import Vault

log = logging.getLogger(__name__)

RETRY_DELAYS: Final = (5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0)
"""Seconds after each failure: sooner than a webhook's, for somebody is in distress."""


class Paging:
    """Makes the calls of one database."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        outward: Outward,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._database = database
        self._posts = SignedPosts(
            database,
            vault,
            outward,
            OperatorPageRow,
            user_agent="Vivavoce-Paging",
            retry_delays=RETRY_DELAYS,
            clock_ms=clock_ms,
        )

    async def deliver(self, job: Job) -> None:
        """Make one attempt. Raises PutOff when another is to follow."""
        found = (
            select(OperatorPageRow, OrganizationRow.settings)
            .join(OrganizationRow, OrganizationRow.id == OperatorPageRow.organization_id)
            .where(OperatorPageRow.id == job.subject)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(found)).first()
        if row is None or row.status != "pending":
            return  # its run is gone, or a worker that died had just said so
        attempt = Attempt(None, "The paging hook was taken away.")
        if (sealed := row.settings.get(SECRET)) is not None:
            attempt = await self._posts.attempt(row, row.id, sealed.encode(), url=row.url)
        told = {"run": row.run_id, "page": row.id}
        if attempt.taken:
            log.info("> an operator was called", extra=told)
        else:
            log.warning("! an operator could not be called: %s", attempt.reason, extra=told)
        await self._posts.note(row, attempt)
