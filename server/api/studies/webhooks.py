"""Webhooks: who is told what happens, as the API shows them and takes them, and what they were told."""

import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from dialog.blueprint import Sentence
from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.conventions import (
    WRITES,
    Body,
    ListOf,
    Metadata,
    Reader,
    Seen,
    Writer,
    cursor,
    errors,
    id_of,
    listed,
    shown,
)
from server.api.studies.posts import PostObject, post_object
from server.api.studies.refusing import refusing
from server.api.studies.shelved import shelved
from server.clock import new_id, new_key_bytes, wall_clock_ms
from server.pipeline.deliveries import Deliveries, Delivery
from server.pipeline.outward import LONGEST_URL, Refused
from server.pipeline.signed_posts import SECRET_PREFIX
from server.pipeline.webhooks import Telling
from server.store.delivery_tables import WebhookRow
from server.store.organizations import ApiKey
from server.store.outbox import HappeningType
from server.store.paging import Window
from server.store.shelf import Kept, Shelf

router = APIRouter(tags=["Webhooks"])

WebhookId = Annotated[str, Path(pattern=id_of("whk_"))]
DeliveryId = Annotated[str, Path(pattern=id_of("whd_"))]
Status = Literal["enabled", "disabled"]
Url = Annotated[
    str, Field(min_length=1, max_length=LONGEST_URL, examples=["https://example.org/hooks/vivavoce"])
]
Events = Annotated[
    list[HappeningType],
    Field(min_length=1, max_length=100, description="What it is told of."),
    AfterValidator(lambda given: list(dict.fromkeys(given))),
]

TEST: str = "webhook.test"
SECRET_BYTES = 24


class WebhookCreate(Body):
    """A new webhook."""

    url: Url
    events: Events
    status: Status = "enabled"
    description: Sentence | None = None
    metadata: Metadata = Field(default_factory=dict)


class WebhookChange(Body):
    """What is given changes, all else stays."""

    url: Url = ""
    events: Events = Field(default=[])
    status: Status = "enabled"
    description: Sentence | None = None
    metadata: Metadata = Field(default_factory=dict)


class WebhookObject(BaseModel):
    """Somebody who is told."""

    id: str
    organization_id: str
    test_mode: bool
    url: str
    events: list[HappeningType]
    status: Status
    description: str | None
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    object: Literal["webhook"]


class CreatedWebhook(WebhookObject):
    """A new webhook, with the secret of its signatures."""

    secret: str = Field(description="Signs every delivery. It is shown this once.", examples=["whsec_…"])


class WebhookList(ListOf[WebhookObject]):
    """A page of webhooks, newest first."""


class DeliveryObject(PostObject):
    """What a webhook was told, or is to be told."""

    webhook_id: str
    event_id: str
    event_type: str
    object: Literal["webhook_delivery"]


class DeliveryList(ListOf[DeliveryObject]):
    """A page of deliveries, newest first."""


def webhook_object(kept: Kept) -> dict[str, Any]:
    """A webhook as the API shows it."""
    body = kept.body
    parts = {
        "url": body["url"],
        "events": body["events"],
        "status": body["status"],
        "description": body["description"],
        "metadata": body["metadata"],
    }
    return shelved(kept, "webhook", parts)


def delivery_object(delivery: Delivery) -> dict[str, Any]:
    """A delivery as the API shows it."""
    return post_object(delivery, "webhook_delivery")


def _webhooks(request: Request) -> Shelf:
    return Shelf(house_of(request).database, WebhookRow, "whk_")


def _check_url(request: Request, url: str) -> None:
    """Return if things may be sent there. Raises Refusal (400)."""
    try:
        house_of(request).office.outward.check_url(url)
    except Refused as refused:
        raise Refusal(400, "invalid_url", str(refused), param="/url") from None


async def _enabled(request: Request, key: ApiKey, webhook_id: str) -> Kept:
    """The webhook, if it is told anything. Raises Refusal (404, 409)."""
    with refusing("webhook"):
        kept = await _webhooks(request).find(key.tenant, webhook_id)
    if kept.body["status"] != "enabled":
        raise Refusal(409, "webhook_disabled", "This webhook is disabled: enable it first.")
    return kept


@router.get("/webhooks", response_model=WebhookList, responses=errors(), summary="List webhooks")
async def list_webhooks(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("whk_"))]
) -> Response:
    """All who are told, newest first."""
    page = await _webhooks(request).page(key.tenant, window)
    return listed(page, map(webhook_object, page.data))


@router.post(
    "/webhooks",
    status_code=201,
    response_model=CreatedWebhook,
    responses=errors(*WRITES, "invalid_url"),
    summary="Create a webhook",
)
async def create_webhook(request: Request, key: Writer, body: WebhookCreate) -> Response:
    """Have an address told of what happens from now on, by Standard Webhooks. The answer holds the secret by
    which deliveries are verified, this once."""
    _check_url(request, body.url)
    secret = SECRET_PREFIX + base64.b64encode(new_key_bytes(SECRET_BYTES)).decode()
    sealed = house_of(request).vault.seal(secret)
    kept = await _webhooks(request).create(key.tenant, body.model_dump(mode="json"), secret=sealed)
    return shown(webhook_object(kept) | {"secret": secret}, status=201, revision=kept.revision)


@router.get(
    "/webhooks/{webhook_id}", response_model=WebhookObject, responses=errors(), summary="Read a webhook"
)
async def read_webhook(request: Request, key: Reader, webhook_id: WebhookId) -> Response:
    """One who is told."""
    with refusing("webhook"):
        kept = await _webhooks(request).find(key.tenant, webhook_id)
    return shown(webhook_object(kept), revision=kept.revision)


@router.patch(
    "/webhooks/{webhook_id}",
    response_model=WebhookObject,
    responses=errors(*WRITES, "invalid_url"),
    summary="Change a webhook",
)
async def change_webhook(
    request: Request, key: Writer, webhook_id: WebhookId, body: WebhookChange, seen: Seen
) -> Response:
    """Change what an address is told, or the address. Deliveries that wait keep theirs."""
    sent = body.model_dump(mode="json", exclude_unset=True)
    if "url" in sent:
        _check_url(request, sent["url"])
    with refusing("webhook"):
        kept = await _webhooks(request).change(key.tenant, webhook_id, lambda was: was | sent, seen=seen)
    return shown(webhook_object(kept), revision=kept.revision)


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=errors(), summary="Delete a webhook")
async def delete_webhook(request: Request, key: Writer, webhook_id: WebhookId, seen: Seen) -> Response:
    """Tell nothing any more. The list of its deliveries is deleted too."""
    with refusing("webhook"):
        await _webhooks(request).delete(key.tenant, webhook_id, seen=seen)
    return Response(status_code=204)


@router.post(
    "/webhooks/{webhook_id}/test",
    status_code=202,
    response_model=DeliveryObject,
    responses=errors(*WRITES, "webhook_disabled"),
    summary="Test a webhook",
)
async def test_webhook(request: Request, key: Writer, webhook_id: WebhookId) -> Response:
    """Tell it something of the type `webhook.test`, now. What became of that is in its deliveries."""
    house = house_of(request)
    webhook = await _enabled(request, key, webhook_id)
    payload = {
        "type": TEST,
        "timestamp": rfc3339(wall_clock_ms()),
        "data": {"object": "webhook", "id": webhook.id},
    }
    async with house.database.write() as connection:
        test = Telling(
            webhook_id=webhook.id,
            organization_id=webhook.organization_id,
            test_mode=webhook.test_mode,
            event_id=new_id("evt_"),
            url=webhook.body["url"],
            payload=payload,
        )
        (delivery_id,) = await house.office.webhooks.make(connection, [test])
        delivery = await Deliveries(house.database).find_in(connection, webhook.id, delivery_id)
    house.office.worker.wake()
    return shown(delivery_object(delivery), status=202)


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    response_model=DeliveryList,
    responses=errors(),
    summary="List deliveries",
)
async def list_deliveries(
    request: Request,
    key: Reader,
    webhook_id: WebhookId,
    window: Annotated[Window, Depends(cursor("whd_"))],
) -> Response:
    """What a webhook was told and is to be told, newest first."""
    with refusing("webhook"):
        kept = await _webhooks(request).find(key.tenant, webhook_id)
    page = await Deliveries(house_of(request).database).page(kept.id, window)
    return listed(page, map(delivery_object, page.data))


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
    status_code=202,
    response_model=DeliveryObject,
    responses=errors(*WRITES, "webhook_disabled"),
    summary="Deliver again",
)
async def retry_delivery(
    request: Request, key: Writer, webhook_id: WebhookId, delivery_id: DeliveryId
) -> Response:
    """Deliver again, at once and with all attempts anew, to where the webhook is by now."""
    house = house_of(request)
    webhook = await _enabled(request, key, webhook_id)
    with refusing("delivery"):
        delivery = await Deliveries(house.database).again(webhook.id, delivery_id, webhook.body["url"])
    house.office.worker.wake()
    return shown(delivery_object(delivery), status=202)
