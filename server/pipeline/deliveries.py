"""The deliveries of a webhook as its owner sees them: a page of them, and one made again. How one is made is
known in `webhooks`."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import wall_clock_ms
from server.pipeline.webhooks import DELIVER, MAX_ATTEMPTS
from server.store.database import Database
from server.store.delivery_tables import WebhookDeliveryRow
from server.store.jobs import enqueue
from server.store.paging import Page, Window, read_page
from server.store.posts import Post, to_be_posted


class DeliveryNotFound(LookupError):
    """The webhook has no such delivery."""


class Delivery(Post, frozen=True, kw_only=True):
    """What a webhook was told, or is to be."""

    webhook_id: str
    event_id: str
    event_type: str


class Deliveries:
    """The deliveries of one database. Whose a webhook is was seen to by whoever names it."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def page(self, webhook_id: str, window: Window) -> Page[Delivery]:
        """A page of a webhook's deliveries, newest first."""
        statement = select(WebhookDeliveryRow).where(WebhookDeliveryRow.webhook_id == webhook_id)
        async with self._database.read() as connection:
            return await read_page(connection, statement, WebhookDeliveryRow.id, window, _delivery)

    async def find_in(self, connection: AsyncConnection, webhook_id: str, delivery_id: str) -> Delivery:
        """One delivery, as part of a transaction. Raises DeliveryNotFound."""
        statement = select(WebhookDeliveryRow).where(
            WebhookDeliveryRow.id == delivery_id, WebhookDeliveryRow.webhook_id == webhook_id
        )
        row = (await connection.execute(statement)).first()
        if row is None:
            raise DeliveryNotFound(delivery_id)
        return _delivery(row)

    async def again(self, webhook_id: str, delivery_id: str, url: str) -> Delivery:
        """Have it made again at once, with all attempts before it, whatever became of it; `url` is where the
        webhook is by now. Raises DeliveryNotFound."""
        now = self._clock_ms()
        anew = (
            update(WebhookDeliveryRow)
            .where(WebhookDeliveryRow.id == delivery_id, WebhookDeliveryRow.webhook_id == webhook_id)
            .values(**to_be_posted(url, MAX_ATTEMPTS, now))
        )
        async with self._database.write() as connection:
            await connection.execute(anew)
            delivery = await self.find_in(connection, webhook_id, delivery_id)
            await enqueue(connection, DELIVER, delivery_id, now)
        return delivery


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._mapping)
