import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import standardwebhooks
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import wall_clock_ms
from server.pipeline import webhooks as webhooks_module
from server.pipeline.outward import Outward
from server.pipeline.signed_posts import Attempt
from server.pipeline.webhooks import DELIVER, MAX_ATTEMPTS, RETRY_DELAYS, Telling, Webhooks
from server.pipeline.worker import PutOff
from server.store.database import Database
from server.store.deletions import Deletions
from server.store.delivery_tables import JobRow, WebhookDeliveryRow, WebhookRow
from server.store.jobs import Job, Jobs
from server.store.organizations import Tenant
from server.store.recordings import Recordings
from server.store.shelf import Shelf
from server.store.vault import Vault
from tests.support.receiver import Answer, Receiver, ok, receiver
from tests.support.store import SECRET, Store, open_store

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENTS = ["interview_run.created", "interview_run.cancelled"]


class Post(msgspec.Struct, frozen=True):
    """A store with a webhook, and what serves it."""

    store: Store
    webhooks: Webhooks
    jobs: Jobs
    receiver: Receiver
    webhook_id: str

    async def deliver_due(self) -> int:
        """Make every attempt that is due; returns how many."""
        made = 0
        while (job := await self.jobs.claim([DELIVER])) is not None:
            made += 1
            await self.attempt(job)
        return made

    async def attempt(self, job: Job) -> None:
        try:
            await self.webhooks.deliver(job)
        except PutOff as later:
            await self.jobs.put_off(job, str(later), delay_ms=round(1000 * later.delay))
        else:
            await self.jobs.complete(job)

    async def deliveries(self) -> list[Any]:
        async with self.store.database.read() as connection:
            rows = await connection.execute(select(WebhookDeliveryRow).order_by(WebhookDeliveryRow.id))
            return list(rows.all())


@contextlib.asynccontextmanager
async def open_post(
    storage: str, answer: Answer = ok, *, status: str = "enabled", tenant: Tenant | None = None
) -> AsyncIterator[Post]:
    vault = Vault(SECRET)
    async with open_store(storage) as store, Outward(private=True) as outward, receiver(answer) as kept:
        body: dict[str, Any] = {
            "url": kept.url,
            "events": EVENTS,
            "status": status,
            "description": None,
            "metadata": {},
        }
        shelf = Shelf(store.database, WebhookRow, "whk_", store.clock)
        webhook = await shelf.create(tenant or store.tenant, body, secret=vault.seal(SIGNING))
        webhooks = Webhooks(store.database, vault, outward, store.clock)
        await webhooks.dispatch()  # what was before it is no concern of the tests'
        yield Post(store, webhooks, Jobs(store.database, store.clock), kept, webhook.id)


async def test_what_happens_is_told_once_and_the_reference_library_verifies_it(storage: str) -> None:
    async with open_post(storage) as post:
        post.store.clock.now = wall_clock_ms()  # by which the library judges what it is sent
        run = await post.store.new_run()
        await post.store.runs.transition(run.id, "cancelled")
        made = await post.webhooks.dispatch()
        again = await post.webhooks.dispatch()
        attempts = await post.deliver_due()
        first, second = post.receiver.received
        verifier = standardwebhooks.Webhook(SIGNING)
        told = verifier.verify(first.body, first.headers)
        deliveries = await post.deliveries()

    assert (2, 0, 2) == (made, again, attempts)
    assert ["interview_run.created", "interview_run.cancelled"] == [
        json.loads(each.body)["type"] for each in (first, second)
    ]
    assert run.id == told["data"]["id"]
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert ["succeeded"] * 2 == [each.status for each in deliveries]
    assert [(200, 1, "ok")] * 2 == [
        (each.http_status, each.attempts, each.response_body) for each in deliveries
    ]


async def test_what_was_tampered_with_is_not_verified(storage: str) -> None:
    async with open_post(storage) as post:
        await post.store.new_run()
        await post.webhooks.dispatch()
        await post.deliver_due()
        sent = post.receiver.received[0]

    verifier = standardwebhooks.Webhook(SIGNING)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verifier.verify(sent.body.replace(b"created", b"cancell"), sent.headers)


async def test_a_receiver_that_fails_is_tried_again_at_growing_distances_and_then_given_up(
    storage: str,
) -> None:
    def fail(_: int) -> bytes:
        return b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"

    async with open_post(storage, fail) as post:
        await post.store.new_run()
        await post.webhooks.dispatch()
        waits = []
        while True:
            await post.deliver_due()
            delivery = (await post.deliveries())[0]
            if delivery.next_retry_at is None:
                break
            waits.append((delivery.next_retry_at - post.store.clock.now) / 1000)
            post.store.clock.now = delivery.next_retry_at
        received = len(post.receiver.received)

    assert list(RETRY_DELAYS) == waits
    assert MAX_ATTEMPTS == received == delivery.attempts
    assert ("failed", 500) == (delivery.status, delivery.http_status)
    assert "500" in delivery.error_message
    assert delivery.completed_at is not None


async def test_after_a_failure_the_same_message_comes_again_with_the_same_id(storage: str) -> None:
    def fail_once(before: int) -> bytes:
        return ok(before) if before else b"HTTP/1.1 503 Oh\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"

    async with open_post(storage, fail_once) as post:
        await post.store.new_run()
        await post.webhooks.dispatch()
        await post.deliver_due()
        asked = (await post.deliveries())[0].next_retry_at - post.store.clock.now
        post.store.clock.now += asked
        await post.deliver_due()
        first, second = post.receiver.received
        delivery = (await post.deliveries())[0]

    assert 60_000 == asked
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert ("succeeded", 2) == (delivery.status, delivery.attempts)


async def test_a_receiver_that_is_gone_hears_nothing_any_more(storage: str) -> None:
    def gone(_: int) -> bytes:
        return b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"

    async with open_post(storage, gone) as post:
        await post.store.new_run()
        await post.webhooks.dispatch()
        await post.deliver_due()
        await post.store.new_run()
        made_later = await post.webhooks.dispatch()
        delivery = (await post.deliveries())[0]

    assert ("failed", 410) == (delivery.status, delivery.http_status)
    assert 0 == made_later


async def test_a_webhook_that_has_moved_is_told_at_its_new_address_of_what_waits_too(storage: str) -> None:
    def fail(_: int) -> bytes:
        return b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"

    async with open_post(storage, fail) as post, receiver(ok) as moved:
        await post.store.new_run()
        await post.webhooks.dispatch()
        await post.deliver_due()
        shelf = Shelf(post.store.database, WebhookRow, "whk_", post.store.clock)
        await shelf.change(post.store.tenant, post.webhook_id, lambda body: body | {"url": moved.url})
        post.store.clock.now = (await post.deliveries())[0].next_retry_at
        await post.deliver_due()
        delivery = (await post.deliveries())[0]

    assert (1, 1) == (len(post.receiver.received), len(moved.received))
    assert (moved.url, "succeeded", 2) == (delivery.url, delivery.status, delivery.attempts)


async def test_a_webhook_that_is_disabled_meanwhile_is_told_nothing_of_what_waits(storage: str) -> None:
    async with open_post(storage) as post:
        await post.store.new_run()
        await post.webhooks.dispatch()
        shelf = Shelf(post.store.database, WebhookRow, "whk_", post.store.clock)
        await shelf.change(post.store.tenant, post.webhook_id, lambda body: body | {"status": "disabled"})
        await post.deliver_due()
        delivery = (await post.deliveries())[0]

    assert [] == post.receiver.received
    assert ("failed", "The webhook is disabled.") == (delivery.status, delivery.error_message)


async def test_another_organization_or_mode_is_told_nothing(storage: str) -> None:
    async with open_post(storage) as post:
        other = Tenant(post.store.tenant.organization_id, True)
        async with post.store.database.write() as connection:
            await connection.execute(update(WebhookRow).values(test_mode=other.test_mode))
        await post.store.new_run()
        made = await post.webhooks.dispatch()

    assert 0 == made


async def test_a_worker_that_dies_after_the_work_makes_another_do_it_again_and_nothing_is_told_twice_as_new(
    storage: str,
) -> None:
    async with open_post(storage) as post:
        await post.store.new_run()
        await post.webhooks.dispatch()
        job = await post.jobs.claim([DELIVER])
        assert job is not None
        await post.webhooks.deliver(job)  # and the worker is killed before it could say that it is done
        nothing_yet = await post.jobs.claim([DELIVER])
        post.store.clock.now += 61_000
        attempts = await post.deliver_due()
        async with post.store.database.read() as connection:
            left = (await connection.execute(select(JobRow))).all()

    assert nothing_yet is None
    assert 1 == attempts
    assert 1 == len(post.receiver.received)
    assert [] == left


async def test_a_worker_that_was_overtaken_notes_nothing_over_what_the_other_has_noted(storage: str) -> None:
    async with open_post(storage) as post:
        await post.store.new_run()
        await post.webhooks.dispatch()
        overtaken = (await post.deliveries())[0]
        await post.deliver_due()
        await post.webhooks._posts.note(overtaken, Attempt(None, "no answer in time"))
        delivery = (await post.deliveries())[0]

    assert ("succeeded", 1) == (delivery.status, delivery.attempts)


async def test_a_run_that_could_not_be_made_is_told_to_nobody(storage: str) -> None:
    async with open_post(storage) as post:
        with pytest.raises(LookupError):
            await post.store.runs.create(post.store.tenant, "bp_" + "0" * 32)
        made = await post.webhooks.dispatch()

    assert 0 == made


async def until_somebody_waits(connection: AsyncConnection) -> None:
    """Hold this transaction until another one waits for what it has; on SQLite it stands in line by then."""
    if connection.dialect.name == "postgresql":
        while not (await connection.execute(_WAITING)).scalar_one():
            await connection.execute(text("SELECT pg_sleep(0.02)"))


_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def test_a_run_that_is_deleted_while_it_is_told_of_leaves_nothing_to_be_told(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_post(storage) as post, Recordings(tmp_path) as recordings, asyncio.TaskGroup() as tasks:
        deletions = Deletions(post.store.database, recordings, post.store.clock)
        run = await post.store.new_run()
        make = post.webhooks.make

        async def make_beside_a_deletion(connection: AsyncConnection, told: Sequence[Telling]) -> list[str]:
            delivery_ids = await make(connection, told)
            tasks.create_task(deletions.delete(post.store.tenant, run.id, "api"))
            await until_somebody_waits(connection)
            return delivery_ids

        monkeypatch.setattr(post.webhooks, "make", make_beside_a_deletion)
        told = await post.webhooks.dispatch()
    async with Database(storage) as database, database.read() as connection:
        left = (await connection.execute(select(WebhookDeliveryRow.id))).all()
        to_do = (await connection.execute(select(JobRow.id).where(JobRow.kind == DELIVER))).all()

    assert 1 == told
    assert [] == left == to_do


async def test_a_webhook_that_is_deleted_while_others_are_told_keeps_nothing_from_them(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_post(storage) as post:
        shelf = Shelf(post.store.database, WebhookRow, "whk_", post.store.clock)
        body = {"url": post.receiver.url, "events": EVENTS, "status": "enabled", "description": None}
        going = await shelf.create(post.store.tenant, body, secret=Vault(SECRET).seal(SIGNING))
        read = webhooks_module._told_of

        async def read_before_it_goes(connection: AsyncConnection, happened: Sequence[Any]) -> list[Telling]:
            told = await read(connection, happened)
            if happened and any(each.webhook_id == going.id for each in told):
                await shelf.delete(post.store.tenant, going.id)
            return told

        monkeypatch.setattr(webhooks_module, "_told_of", read_before_it_goes)
        await post.store.new_run()
        made = await post.webhooks.dispatch()
        deliveries = await post.deliveries()

    assert 1 == made
    assert [post.webhook_id] == [each.webhook_id for each in deliveries]
