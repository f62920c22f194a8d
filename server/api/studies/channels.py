"""Channels: the ways by which participants come, as the API shows them and takes them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import exists

from dialog.blueprint import Short
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
from server.api.studies.credentials import NamedCredentials, hold_credentials
from server.api.studies.refusing import refusing
from server.api.studies.shelved import shelved
from server.store.design_tables import ChannelRow, OpenLinkRow
from server.store.paging import Window
from server.store.shelf import Kept, Shelf
from server.store.tables import RunRow

router = APIRouter(tags=["Channels"])

ChannelId = Annotated[str, Path(pattern=id_of("chn_"))]
ChannelType = Literal["webrtc_voice", "telephony", "chat", "custom"]
Status = Literal["active", "disabled"]

CARRIERS: Final = ("twilio", "telnyx", "asterisk", "sip")
"""Who can bring phone calls."""

LONGEST_TALK_S: Final = 36_000
LONGEST_IDLE_S: Final = 31_536_000


class ChannelProvider(Body):
    """Who carries the talk: ourselves, unless somebody else is named."""

    name: str = Field(
        default="vivavoce",
        min_length=1,
        max_length=60,
        description=f"For `telephony` one of {', '.join(CARRIERS)}.",
    )
    credentials_id: NamedCredentials = None
    config: Metadata = Field(default_factory=dict)


class ChannelSettings(Body):
    """How talks go on this channel."""

    recording: bool = True
    max_duration_s: int = Field(
        default=7_200, ge=1, le=LONGEST_TALK_S, description="Of this and the blueprint's the smaller counts."
    )
    idle_timeout_s: int = Field(
        default=86_400, ge=1, le=LONGEST_IDLE_S, description="How long a run waits for somebody who has left."
    )


class ChannelCreate(Body):
    """A new way to come."""

    name: Short = Field(min_length=1)
    type: ChannelType
    status: Status = "active"
    provider: ChannelProvider = ChannelProvider()
    settings: ChannelSettings = ChannelSettings()
    metadata: Metadata = Field(default_factory=dict)


class ChannelChange(Body):
    """What is given changes, all else stays, within `settings` too; `provider` is replaced as a whole."""

    name: Short = Field("", min_length=1)
    type: ChannelType = "custom"
    status: Status = "active"
    provider: ChannelProvider = ChannelProvider()
    settings: ChannelSettings = ChannelSettings()
    metadata: Metadata = Field(default_factory=dict)


class ChannelObject(BaseModel):
    """A way by which participants come."""

    id: str
    organization_id: str
    test_mode: bool
    name: str
    type: ChannelType
    status: Status
    provider: ChannelProvider
    settings: ChannelSettings
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    object: Literal["channel"]


class ChannelList(ListOf[ChannelObject]):
    """A page of channels, newest first."""


DEFAULT_CHANNEL: Final[Mapping[str, Any]] = ChannelCreate(name="Browser", type="webrtc_voice").model_dump(
    mode="json"
)
"""The body of the channel that an organization has without making one."""


def channel_object(kept: Kept) -> dict[str, Any]:
    """A channel as the API shows it."""
    body = kept.body
    parts = {
        "name": body["name"],
        "type": body["type"],
        "status": body["status"],
        "provider": body["provider"],
        "settings": body["settings"],
        "metadata": body["metadata"],
    }
    return shelved(kept, "channel", parts)


def channels_of(request: Request) -> Shelf:
    """The shelf of channels."""
    return Shelf(house_of(request).database, ChannelRow, "chn_")


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """The body, if its parts go together. Raises Refusal (400)."""
    if body["type"] == "telephony" and body["provider"]["name"] not in CARRIERS:
        sentence = f"Phone calls are carried by one of {', '.join(CARRIERS)}."
        raise Refusal(400, "unknown_carrier", sentence, param="/provider/name")
    return body


@router.get("/channels", response_model=ChannelList, responses=errors(), summary="List channels")
async def list_channels(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("chn_"))]
) -> Response:
    """All ways to come, newest first."""
    page = await channels_of(request).page(key.tenant, window)
    return listed(page, map(channel_object, page.data))


@router.post(
    "/channels",
    status_code=201,
    response_model=ChannelObject,
    responses=errors(*WRITES, "unknown_carrier", "unknown_credentials"),
    summary="Create a channel",
)
async def create_channel(request: Request, key: Writer, body: ChannelCreate) -> Response:
    """Make a way to come. Runs name it by its id."""
    sent = _checked(body.model_dump(mode="json"))
    async with house_of(request).database.write() as connection:
        named = body.provider.credentials_id
        await hold_credentials(request, connection, key.tenant, named, "/provider/credentials_id")
        kept = await channels_of(request).create_in(connection, key.tenant, sent, is_default=False)
    return shown(channel_object(kept), status=201, revision=kept.revision)


@router.get(
    "/channels/{channel_id}", response_model=ChannelObject, responses=errors(), summary="Read a channel"
)
async def read_channel(request: Request, key: Reader, channel_id: ChannelId) -> Response:
    """One way to come."""
    with refusing("channel"):
        kept = await channels_of(request).find(key.tenant, channel_id)
    return shown(channel_object(kept), revision=kept.revision)


@router.patch(
    "/channels/{channel_id}",
    response_model=ChannelObject,
    responses=errors(*WRITES, "unknown_carrier", "unknown_credentials"),
    summary="Change a channel",
)
async def change_channel(
    request: Request, key: Writer, channel_id: ChannelId, body: ChannelChange, seen: Seen
) -> Response:
    """Change a way to come. Talks under way go on as they began."""
    sent = body.given()
    settings = body.settings.model_dump(mode="json", exclude_unset=True)

    def change(was: dict[str, Any]) -> dict[str, Any]:
        return _checked(was | sent | {"settings": was["settings"] | settings})

    with refusing("channel"):
        async with house_of(request).database.write() as connection:
            named = body.provider.credentials_id
            await hold_credentials(request, connection, key.tenant, named, "/provider/credentials_id")
            kept = await channels_of(request).change_in(connection, key.tenant, channel_id, change, seen=seen)
    return shown(channel_object(kept), revision=kept.revision)


@router.delete(
    "/channels/{channel_id}", status_code=204, responses=errors("in_use"), summary="Delete a channel"
)
async def delete_channel(request: Request, key: Writer, channel_id: ChannelId, seen: Seen) -> Response:
    """Delete a way to come that no run and no open link names."""
    used = exists().where(RunRow.channel_id == channel_id)
    named = exists().where(OpenLinkRow.body["channel_id"].as_string() == channel_id)
    with refusing("channel", "There are runs on this channel, or open links to it: disable it instead."):
        await channels_of(request).delete(key.tenant, channel_id, seen=seen, unless=(used, named))
    return Response(status_code=204)
