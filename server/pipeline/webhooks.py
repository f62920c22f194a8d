"""Tells webhooks what happened, by Standard Webhooks: a delivery for each that wants it, signed, sent until
it is taken or the attempts are used up."""

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.transcript import rfc3339
from server.clock import new_id, wall_clock_ms
from server.pipeline.outward import Outward, Refused, Sent, Unreachable
from server.pipeline.worker import PutOff
from server.store.database import Database
from server.store.delivery_tables import HappeningRow, WebhookDeliveryRow, WebhookRow
from server.store.jobs import Job, enqueue
from server.store.vault import Vault

log = logging.getLogger(__name__)

DELIVER: Final = "deliver"
"""The kind of job that makes one delivery; its subject is the delivery's id."""

RETRY_DELAYS: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0)
"""Seconds after each failure: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h."""

MAX_ATTEMPTS: Final = len(RETRY_DELAYS) + 1
LONGEST_PAUSE: Final = 86_400.0
BATCH: Final = 100

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what all of them begin with


def signature(secret: str, delivery_id: str, timestamp: int, body: bytes) -> str:
    """The signature of Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body`, with the decoded secret."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Webhooks:
    """Makes deliveries of what happened, and delivers them."""

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

    async def dispatch(self) -> int:
        """Make a delivery of everything that is new for each webhook that wants it; returns how many there
        are.

        One transaction for each batch: what happened is marked in the same breath, so that a kill makes
        neither a gap nor a second delivery.
        """
        async with self._database.read() as connection:  # holds up nobody, and there is mostly nothing new
            if (await connection.execute(_NEW.limit(1))).first() is None:
                return 0
        made = 0
        while True:
            async with self._database.write() as connection:
                rows = (await connection.execute(_NEW.with_for_update(skip_locked=True))).all()
                for row in rows:
                    made += await self._dispatch_one(connection, row)
            if len(rows) < BATCH:
                return made

    async def _dispatch_one(self, connection: AsyncConnection, happening: Any) -> int:
        now = self._clock_ms()
        wanting = select(WebhookRow.id, WebhookRow.body).where(
            WebhookRow.organization_id == happening.organization_id,
            WebhookRow.test_mode == happening.test_mode,
        )
        made = 0
        for webhook_id, body in (await connection.execute(wanting)).all():
            if body["status"] == "enabled" and happening.type in body["events"]:
                payload = {
                    "type": happening.type,
                    "timestamp": rfc3339(happening.created_at),
                    "data": happening.data,
                }
                await self.make(
                    connection,
                    webhook_id=webhook_id,
                    organization_id=happening.organization_id,
                    test_mode=happening.test_mode,
                    event_id=happening.id,
                    url=body["url"],
                    payload=payload,
                )
                made += 1
        marked = update(HappeningRow).where(HappeningRow.id == happening.id).values(dispatched_at=now)
        await connection.execute(marked)
        return made

    async def make(
        self,
        connection: AsyncConnection,
        *,
        webhook_id: str,
        organization_id: str,
        test_mode: bool,
        event_id: str,
        url: str,
        payload: dict[str, Any],
    ) -> str:
        """A delivery, to be made at once; returns its id."""
        now, delivery_id = self._clock_ms(), new_id("whd_")
        await connection.execute(
            insert(WebhookDeliveryRow).values(
                id=delivery_id,
                organization_id=organization_id,
                test_mode=test_mode,
                webhook_id=webhook_id,
                event_id=event_id,
                event_type=payload["type"],
                url=url,
                status="pending",
                http_status=None,
                attempts=0,
                max_attempts=MAX_ATTEMPTS,
                request_body=msgspec.json.encode(payload).decode(),
                response_body=None,
                error_message=None,
                next_retry_at=now,
                completed_at=None,
                created_at=now,
                updated_at=now,
            )
        )
        await enqueue(connection, DELIVER, delivery_id, now)
        return delivery_id

    async def deliver(self, job: Job) -> None:
        """Make one attempt. Raises PutOff when another is to follow."""
        found = (
            select(WebhookDeliveryRow, WebhookRow.secret, WebhookRow.body.label("webhook"))
            .join(WebhookRow, WebhookRow.id == WebhookDeliveryRow.webhook_id)
            .where(WebhookDeliveryRow.id == job.subject)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(found)).first()
        if row is None or row.status == "succeeded":
            return  # its webhook is gone, or a worker that died had just said so
        sent: Sent | None = None
        fault: str | None = None
        if row.webhook["status"] != "enabled":
            fault = "The webhook is disabled."
        else:
            try:
                sent = await self._send(row)
            except (Refused, Unreachable) as error:
                fault = str(error)
        await self._settle(row, sent, fault)

    async def _send(self, row: Any) -> Sent:
        body = row.request_body.encode()
        timestamp = self._clock_ms() // 1000
        headers = {
            "content-type": "application/json",
            "user-agent": "Vivavoce-Webhooks",
            "webhook-id": row.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._vault.unseal(row.secret), row.event_id, timestamp, body),
        }
        return await self._outward.post(row.url, body, headers)

    async def _settle(self, row: Any, sent: Sent | None, fault: str | None) -> None:
        """Note how an attempt went, and when the next one is. Raises PutOff when there is one."""
        now, attempts = self._clock_ms(), row.attempts + 1
        taken = sent is not None and 200 <= sent.status < 300
        gone = sent is not None and sent.status == 410
        over = taken or gone or row.webhook["status"] != "enabled" or attempts >= row.max_attempts
        delay = 0.0
        if not over:
            asked = sent.retry_after if sent is not None and sent.retry_after is not None else 0.0
            delay = max(RETRY_DELAYS[min(attempts, len(RETRY_DELAYS)) - 1], min(asked, LONGEST_PAUSE))
        reason = fault
        if not taken and sent is not None:
            reason = f"The receiver answered {sent.status}; it must answer 2xx."
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
            await connection.execute(
                update(WebhookDeliveryRow).where(WebhookDeliveryRow.id == row.id).values(**values)
            )
            if gone:
                await _disable(connection, row.webhook_id, now)
        if not over:
            raise PutOff(reason or "", delay)


_NEW: Final = (
    select(HappeningRow).where(HappeningRow.dispatched_at.is_(None)).order_by(HappeningRow.id).limit(BATCH)
)


async def _disable(connection: AsyncConnection, webhook_id: str, now: int) -> None:
    """410 Gone: the receiver wants to hear nothing any more."""
    row = (await connection.execute(select(WebhookRow).where(WebhookRow.id == webhook_id))).first()
    if row is not None:
        await connection.execute(
            update(WebhookRow)
            .where(WebhookRow.id == webhook_id)
            .values(body=row.body | {"status": "disabled"}, revision=row.revision + 1, updated_at=now)
        )
