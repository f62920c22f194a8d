"""Calls operators where a run needs somebody at once: signed as webhooks are, and tried again until somebody
takes it or the attempts are used up."""

import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import select, update

from server.clock import wall_clock_ms
from server.pipeline.outward import Outward, Refused, Sent, Unreachable
from server.pipeline.webhooks import signature
from server.pipeline.worker import PutOff
from server.store.database import Database
from server.store.delivery_tables import OperatorPageRow
from server.store.jobs import Job
from server.store.operator_pages import SECRET, OperatorPage, page_of
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
        self._vault = vault
        self._outward = outward
        self._clock_ms = clock_ms

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
        page, sent, fault = page_of(row), None, None
        try:
            sent = await self._send(page, row.settings.get(SECRET))
        except (Refused, Unreachable) as error:
            fault = str(error)
        await self._settle(page, sent, fault)

    async def _send(self, page: OperatorPage, sealed: str | None) -> Sent:
        if sealed is None:
            raise Refused("The paging hook was taken away.")
        body, timestamp = page.request_body.encode(), self._clock_ms() // 1000
        secret = self._vault.unseal(sealed.encode())
        headers = {
            "content-type": "application/json",
            "user-agent": "Vivavoce-Paging",
            "webhook-id": page.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secret, page.id, timestamp, body),
        }
        return await self._outward.post(page.url, body, headers)

    async def _settle(self, page: OperatorPage, sent: Sent | None, fault: str | None) -> None:
        now, attempts = self._clock_ms(), page.attempts + 1
        taken = sent is not None and 200 <= sent.status < 300
        over = taken or attempts >= page.max_attempts
        delay = RETRY_DELAYS[min(attempts, len(RETRY_DELAYS)) - 1]
        reason = fault
        if not taken and sent is not None:
            reason = f"The receiver answered {sent.status}; it must answer 2xx."
        told = {"run": page.run_id, "page": page.id}
        if taken:
            log.info("> an operator was called", extra=told)
        else:
            log.warning("! an operator could not be called: %s", reason, extra=told)
        values = {
            "attempts": attempts,
            "status": "succeeded" if taken else "failed" if over else "pending",
            "http_status": None if sent is None else sent.status,
            "response_body": None if sent is None else sent.body,
            "error_message": None if taken else reason,
            "next_retry_at": None if over else now + round(1000 * delay),
            "completed_at": now if over else None,
            "updated_at": now,
        }
        async with self._database.write() as connection:
            settled = update(OperatorPageRow).where(OperatorPageRow.id == page.id).values(**values)
            await connection.execute(settled)
        if not over:
            raise PutOff(reason or "", delay)
