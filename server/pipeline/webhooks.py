"""Tells webhooks what happened, by Standard Webhooks: a delivery for each that wants it, signed, sent until
it is taken or the attempts are used up."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from dialog.transcript import rfc3339
from server.clock import new_id, wall_clock_ms
from server.pipeline.outward import Outward
from server.pipeline.signed_posts import Attempt, SignedPosts
from server.store.database import Database
from server.store.delivery_tables import HappeningRow, WebhookDeliveryRow, WebhookRow
from server.store.jobs import Job, enqueue_new
from server.store.posts import to_be_posted
from server.store.statements import adding
from server.store.vault import Vault

DELIVER: Final = "deliver"
"""The kind of job that makes one delivery; its subject is the delivery's id."""

RETRY_DELAYS: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0)
"""Seconds after each failure: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h."""

MAX_ATTEMPTS: Final = len(RETRY_DELAYS) + 1
BATCH: Final = 100


class Telling(msgspec.Struct, frozen=True):
    """That a webhook is told of something."""

    webhook_id: str
    organization_id: str
    test_mode: bool
    event_id: str
    url: str
    payload: dict[str, Any]


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
        neither a gap nor a second delivery. It is short however much happened, as all that is only read is
        read before: talks wait for their turn to write behind it.
        """
        made, marked = 0, BATCH
        while marked == BATCH:
            try:
                marked, new = await self._dispatch_some()
            except IntegrityError:  # a webhook that was to be told has been deleted since it was read
                marked, new = await self._dispatch_some()
            made += new
        return made

    async def _dispatch_some(self) -> tuple[int, int]:
        """How many happenings of a batch were dispatched here, and the deliveries that were made of them."""
        async with self._database.read() as connection:
            happened = (await connection.execute(_NEW)).all()
            told = await _told_of(connection, happened)
        if not happened:
            return 0, 0
        async with self._database.write() as connection:
            marking = _marking([each.id for each in happened], self._clock_ms())
            ours = set((await connection.execute(marking)).scalars())
            made = await self.make(connection, [each for each in told if each.event_id in ours])
        return len(ours), len(made)

    async def make(self, connection: AsyncConnection, told: Sequence[Telling]) -> list[str]:
        """Deliveries, to be made at once; returns their ids."""
        if not told:
            return []
        now = self._clock_ms()
        rows = [
            {
                "id": new_id("whd_"),
                "organization_id": each.organization_id,
                "test_mode": each.test_mode,
                "webhook_id": each.webhook_id,
                "event_id": each.event_id,
                "event_type": each.payload["type"],
                "request_body": msgspec.json.encode(each.payload).decode(),
                "created_at": now,
                **to_be_posted(each.url, MAX_ATTEMPTS, now),
            }
            for each in told
        ]
        await connection.execute(adding(WebhookDeliveryRow), rows)
        made = [str(row["id"]) for row in rows]
        await enqueue_new(connection, DELIVER, made, now)
        return made

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
        enabled, url = row.webhook["status"] == "enabled", row.webhook["url"]
        attempt = Attempt(None, "The webhook is disabled.")
        if enabled:
            attempt = await self._posts.attempt(row, row.event_id, row.secret, url=url)
        gone = attempt.sent is not None and attempt.sent.status == 410

        async def settle(connection: AsyncConnection) -> None:
            if (
                enabled and url != row.url
            ):  # it has moved since: its former address may be a stranger's by now
                this = WebhookDeliveryRow.id == row.id
                await connection.execute(update(WebhookDeliveryRow).where(this).values(url=url))
            if gone:
                await _disable(connection, row.webhook_id, self._clock_ms())

        await self._posts.note(row, attempt, last=gone or not enabled, along=settle)


_NEW: Final = (
    select(HappeningRow).where(HappeningRow.dispatched_at.is_(None)).order_by(HappeningRow.id).limit(BATCH)
)


def _marking(happening_ids: Sequence[str], now_ms: int) -> ReturningUpdate[str]:
    """Mark these as dispatched, those left out that somebody else has dispatched or is at; returns the
    others."""
    free = select(HappeningRow.id).where(
        HappeningRow.id.in_(happening_ids), HappeningRow.dispatched_at.is_(None)
    )
    held = free.order_by(HappeningRow.id).with_for_update(skip_locked=True)
    marked = update(HappeningRow).where(HappeningRow.id.in_(held)).values(dispatched_at=now_ms)
    return marked.returning(HappeningRow.id).execution_options(synchronize_session=False)


async def _told_of(connection: AsyncConnection, happened: Sequence[Any]) -> list[Telling]:
    """Whoever wants to be told of what happened, in the order in which it did."""
    if not happened:
        return []
    whose = {each.organization_id for each in happened}
    webhooks = select(WebhookRow).where(WebhookRow.organization_id.in_(whose)).order_by(WebhookRow.id)
    listening = [row for row in await connection.execute(webhooks) if row.body["status"] == "enabled"]
    return [
        Telling(
            webhook_id=row.id,
            organization_id=each.organization_id,
            test_mode=each.test_mode,
            event_id=each.id,
            url=row.body["url"],
            payload={"type": each.type, "timestamp": rfc3339(each.created_at), "data": each.data},
        )
        for each in happened
        for row in listening
        if (row.organization_id, row.test_mode) == (each.organization_id, each.test_mode)
        and each.type in row.body["events"]
    ]


async def _disable(connection: AsyncConnection, webhook_id: str, now: int) -> None:
    """410 Gone: the receiver wants to hear nothing any more."""
    row = (await connection.execute(select(WebhookRow).where(WebhookRow.id == webhook_id))).first()
    if row is not None:
        await connection.execute(
            update(WebhookRow)
            .where(WebhookRow.id == webhook_id)
            .values(body=row.body | {"status": "disabled"}, revision=row.revision + 1, updated_at=now)
        )
