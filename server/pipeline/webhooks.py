"""Tells webhooks what happened, by Standard Webhooks: a delivery for each that wants it, signed, sent until
it is taken or the attempts are used up."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.transcript import rfc3339
from server.clock import new_id, wall_clock_ms
from server.pipeline.outward import Outward
from server.pipeline.signed_posts import Attempt, SignedPosts
from server.store.database import Database
from server.store.delivery_tables import HappeningRow, WebhookDeliveryRow, WebhookRow
from server.store.jobs import Job, enqueue
from server.store.posts import to_be_posted
from server.store.vault import Vault

DELIVER: Final = "deliver"
"""The kind of job that makes one delivery; its subject is the delivery's id."""

RETRY_DELAYS: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0)
"""Seconds after each failure: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h."""

MAX_ATTEMPTS: Final = len(RETRY_DELAYS) + 1
BATCH: Final = 100


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
        self._clock_ms = clock_ms
        self._posts = SignedPosts(
            database,
            vault,
            outward,
            WebhookDeliveryRow,
            user_agent="Vivavoce-Webhooks",
            retry_delays=RETRY_DELAYS,
            clock_ms=clock_ms,
        )

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
                request_body=msgspec.json.encode(payload).decode(),
                created_at=now,
                **to_be_posted(url, MAX_ATTEMPTS, now),
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
        if row is None or row.status != "pending":
            return  # its webhook is gone, or a worker that died had just said how it ended
        enabled = row.webhook["status"] == "enabled"
        attempt = Attempt(None, "The webhook is disabled.")
        if enabled:
            attempt = await self._posts.attempt(row, row.event_id, row.secret)
        gone = attempt.sent is not None and attempt.sent.status == 410

        async def disable(connection: AsyncConnection) -> None:
            if gone:
                await _disable(connection, row.webhook_id, self._clock_ms())

        await self._posts.note(row, attempt, last=gone or not enabled, along=disable)


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
