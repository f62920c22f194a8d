"""Webhooks through the running server: made, told, tried, told again."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import standardwebhooks

from server.store.organizations import Tenant
from server.store.run import Run
from tests.support.receiver import Receiver, receiver
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

DELIVERY_KEYS = {
    "id",
    "organization_id",
    "test_mode",
    "object",
    "created_at",
    "updated_at",
    "webhook_id",
    "event_id",
    "event_type",
    "url",
    "status",
    "http_status",
    "attempts",
    "max_attempts",
    "request_body",
    "response_body",
    "error_message",
    "next_retry_at",
    "completed_at",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    """A server that has its customers on the same network."""
    async with running_server(tmp_path_factory.mktemp("house"), webhook_private_targets=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    """A program of an organization of its own."""
    async with program(server) as client:
        yield client


async def webhook_to(http: httpx.AsyncClient, url: str, *events: str) -> dict[str, Any]:
    answer = await http.post("/webhooks", json={"url": url, "events": events or ["interview_run.created"]})
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


async def new_run(server: RunningServer, organization_id: str) -> Run:
    tenant = Tenant(organization_id, test_mode=True)
    made = await server.house.blueprints.create(tenant, small_blueprint())
    await server.house.blueprints.publish(tenant, made.id)
    run, _ = await server.house.runs.create(tenant, made.id)
    return run


async def told(hook: Receiver, count: int = 1) -> None:
    async with asyncio.timeout(20):
        while True:
            if len(hook.received) >= count:
                return
            await asyncio.sleep(0.02)


async def settled(http: httpx.AsyncClient, webhook_id: str) -> list[dict[str, Any]]:
    """The webhook's deliveries once each was tried."""
    async with asyncio.timeout(20):
        while True:
            data: list[dict[str, Any]] = (await http.get(f"/webhooks/{webhook_id}/deliveries")).json()["data"]
            if all(each["attempts"] for each in data):
                return data
            await asyncio.sleep(0.02)


async def test_a_new_run_is_told_of_and_the_reference_library_verifies_it(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    async with receiver() as hook:
        webhook = await webhook_to(http, hook.url)
        run = await new_run(server, webhook["organization_id"])
        await told(hook)
        sent = hook.received[0]
        (delivery,) = await settled(http, webhook["id"])

    body = standardwebhooks.Webhook(webhook["secret"]).verify(sent.body, sent.headers)
    assert 24 == len(base64.b64decode(webhook["secret"].removeprefix("whsec_")))
    assert {"type", "timestamp", "data"} == set(body)
    assert ("interview_run.created", run.id) == (body["type"], body["data"]["id"])
    assert DELIVERY_KEYS == set(delivery)
    assert ("webhook_delivery", "succeeded", 200, 1, "ok") == (
        delivery["object"],
        delivery["status"],
        delivery["http_status"],
        delivery["attempts"],
        delivery["response_body"],
    )
    assert sent.headers["webhook-id"] == delivery["event_id"]
    assert sent.body.decode() == delivery["request_body"]


async def test_a_test_is_delivered_at_once_whatever_the_webhook_is_told_of(http: httpx.AsyncClient) -> None:
    async with receiver() as hook:
        webhook = await webhook_to(http, hook.url, "analysis.failed")
        answer = await http.post(f"/webhooks/{webhook['id']}/test")
        await told(hook)
        body = standardwebhooks.Webhook(webhook["secret"]).verify(
            hook.received[0].body, hook.received[0].headers
        )

    assert 202 == answer.status_code
    assert ("webhook.test", "pending", 0) == (
        answer.json()["event_type"],
        answer.json()["status"],
        answer.json()["attempts"],
    )
    assert {"object": "webhook", "id": webhook["id"]} == body["data"]


async def test_what_failed_is_delivered_again_to_where_the_webhook_is_by_now(
    http: httpx.AsyncClient,
) -> None:
    async with receiver(lambda _: b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops") as broken:
        webhook = await webhook_to(http, broken.url)
        path = f"/webhooks/{webhook['id']}"
        await http.post(f"{path}/test")
        (failed,) = await settled(http, webhook["id"])
    async with receiver() as hook:
        await http.patch(path, json={"url": hook.url})
        answer = await http.post(f"{path}/deliveries/{failed['id']}/retry")
        await told(hook)
        (delivery,) = await settled(http, webhook["id"])

    assert ("pending", 500, "oops") == (failed["status"], failed["http_status"], failed["response_body"])
    assert failed["next_retry_at"] is not None
    assert (202, 0, "pending") == (answer.status_code, answer.json()["attempts"], answer.json()["status"])
    assert ("succeeded", 1, None, hook.url) == (
        delivery["status"],
        delivery["attempts"],
        delivery["error_message"],
        delivery["url"],
    )


async def test_a_disabled_webhook_is_told_nothing(server: RunningServer, http: httpx.AsyncClient) -> None:
    async with receiver() as hook:
        quiet = await webhook_to(http, hook.url)
        await http.patch(f"/webhooks/{quiet['id']}", json={"status": "disabled"})
        refused = await http.post(f"/webhooks/{quiet['id']}/test")
        other = await webhook_to(http, hook.url)
        await new_run(server, quiet["organization_id"])
        await settled(http, other["id"])
        await told(hook)
        untold = (await http.get(f"/webhooks/{quiet['id']}/deliveries")).json()["data"]

    assert 409 == refused.status_code
    assert "webhook_disabled" == refused.json()["error"]["code"]
    assert [] == untold


async def test_deliveries_are_read_page_by_page_and_go_with_their_webhook(http: httpx.AsyncClient) -> None:
    async with receiver() as hook:
        webhook = await webhook_to(http, hook.url)
        path = f"/webhooks/{webhook['id']}"
        ids = [(await http.post(f"{path}/test")).json()["id"] for _ in range(3)][::-1]
        await told(hook, 3)
    first = (await http.get(f"{path}/deliveries", params={"limit": 2})).json()
    rest = (await http.get(f"{path}/deliveries", params={"starting_after": first["next_cursor"]})).json()
    gone = await http.delete(path)
    after = await http.get(f"{path}/deliveries")

    assert ids == [each["id"] for each in first["data"] + rest["data"]]
    assert (True, False) == (first["has_more"], rest["has_more"])
    assert (204, 404) == (gone.status_code, after.status_code)


async def test_deliveries_of_others_are_not_found(server: RunningServer, http: httpx.AsyncClient) -> None:
    async with receiver() as hook:
        webhook = await webhook_to(http, hook.url)
        delivery = (await http.post(f"/webhooks/{webhook['id']}/test")).json()
        async with program(server) as stranger:
            own = await webhook_to(stranger, hook.url)
            answers = [
                await stranger.get(f"/webhooks/{webhook['id']}/deliveries"),
                await stranger.post(f"/webhooks/{webhook['id']}/test"),
                await stranger.post(f"/webhooks/{own['id']}/deliveries/{delivery['id']}/retry"),
            ]

    assert [404] * 3 == [each.status_code for each in answers]


async def test_the_same_event_named_twice_is_told_once(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    async with receiver() as hook:
        webhook = await webhook_to(http, hook.url, "interview_run.created", "interview_run.created")
        await new_run(server, webhook["organization_id"])
        await told(hook)
        deliveries = await settled(http, webhook["id"])

    assert ["interview_run.created"] == webhook["events"]
    assert ["interview_run.created"] == [json.loads(each["request_body"])["type"] for each in deliveries]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "https://user:pass@example.org/",
        "https://example.org/#here",
        "https:///nowhere",
        "not an address",
        "https://example.org:99999/",
    ],
)
async def test_an_address_that_cannot_be_called_is_refused(http: httpx.AsyncClient, url: str) -> None:
    answer = await http.post("/webhooks", json={"url": url, "events": ["blueprint.published"]})

    assert (400, "invalid_url", "/url") == (
        answer.status_code,
        answer.json()["error"]["code"],
        answer.json()["error"]["param"],
    )


@pytest.mark.parametrize(
    "url", ["http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://10.1/"]
)
async def test_private_and_plain_targets_need_a_setting(url: str, plain: httpx.AsyncClient) -> None:
    made = await plain.post("/webhooks", json={"url": url, "events": ["blueprint.published"]})
    webhook = await webhook_to(plain, "https://hooks.example.org/")
    moved = await plain.patch(f"/webhooks/{webhook['id']}", json={"url": url})

    assert [400, 400] == [made.status_code, moved.status_code]
    assert "/url" == made.json()["error"]["param"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A program of a server without the setting."""
    async with running_server(tmp_path_factory.mktemp("plain")) as running, program(running) as client:
        yield client
