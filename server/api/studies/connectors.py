"""Connectors: bots that join outside meetings, as the API shows them and takes them."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import exists

from dialog.blueprint import Sentence, Short
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
from server.store.design_tables import ConnectorRow
from server.store.paging import Window
from server.store.shelf import Kept, Shelf
from server.store.tables import RunRow

router = APIRouter(tags=["Connectors"])

ConnectorId = Annotated[str, Path(pattern=id_of("con_"))]
ConnectorType = Literal["google_meet", "zoom", "microsoft_teams"]
Status = Literal["active", "disabled"]


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        names_a_host = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        names_a_host = False
    if not names_a_host or not text.isprintable() or " " in text:
        raise ValueError("it must be an address such as https://example.org/robin.png")
    return text


class ConnectorAuth(Body):
    """By what the bot is let in."""

    credentials_id: NamedCredentials = None
    service_account: Short | None = None


class BotConfig(Body):
    """How the bot appears in the meeting."""

    display_name: Short = Field(min_length=1)
    avatar_url: Annotated[str, Field(max_length=2_000), AfterValidator(_web_address)] | None = None
    join_message: Sentence | None = None
    auto_record: bool = False


class ConnectorCreate(Body):
    """A new bot for meetings."""

    name: Short = Field(min_length=1)
    type: ConnectorType
    status: Status = "active"
    auth: ConnectorAuth = ConnectorAuth()
    bot_config: BotConfig
    metadata: Metadata = Field(default_factory=dict)


class ConnectorChange(Body):
    """What is given changes, all else stays; `auth` and `bot_config` are replaced as a whole."""

    name: Short = Field("", min_length=1)
    type: ConnectorType = "google_meet"
    status: Status = "active"
    auth: ConnectorAuth = ConnectorAuth()
    bot_config: BotConfig = BotConfig(display_name="-")
    metadata: Metadata = Field(default_factory=dict)


class ConnectorObject(BaseModel):
    """A bot that joins outside meetings."""

    id: str
    organization_id: str
    test_mode: bool
    name: str
    type: ConnectorType
    status: Status
    auth: ConnectorAuth
    bot_config: BotConfig
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    object: Literal["connector"]


class ConnectorList(ListOf[ConnectorObject]):
    """A page of connectors, newest first."""


def connector_object(kept: Kept) -> dict[str, Any]:
    """A connector as the API shows it."""
    body = kept.body
    parts = {
        "name": body["name"],
        "type": body["type"],
        "status": body["status"],
        "auth": body["auth"],
        "bot_config": body["bot_config"],
        "metadata": body["metadata"],
    }
    return shelved(kept, "connector", parts)


def connectors_of(request: Request) -> Shelf:
    """The shelf of connectors."""
    return Shelf(house_of(request).database, ConnectorRow, "con_")


@router.get("/connectors", response_model=ConnectorList, responses=errors(), summary="List connectors")
async def list_connectors(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("con_"))]
) -> Response:
    """All bots for meetings, newest first."""
    page = await connectors_of(request).page(key.tenant, window)
    return listed(page, map(connector_object, page.data))


@router.post(
    "/connectors",
    status_code=201,
    response_model=ConnectorObject,
    responses=errors(*WRITES, "unknown_credentials"),
    summary="Create a connector",
)
async def create_connector(request: Request, key: Writer, body: ConnectorCreate) -> Response:
    """Make a bot for meetings. Runs name it by its id."""
    async with house_of(request).database.write() as connection:
        named = body.auth.credentials_id
        await hold_credentials(request, connection, key.tenant, named, "/auth/credentials_id")
        kept = await connectors_of(request).create_in(connection, key.tenant, body.model_dump(mode="json"))
    return shown(connector_object(kept), status=201, revision=kept.revision)


@router.get(
    "/connectors/{connector_id}",
    response_model=ConnectorObject,
    responses=errors(),
    summary="Read a connector",
)
async def read_connector(request: Request, key: Reader, connector_id: ConnectorId) -> Response:
    """One bot for meetings."""
    with refusing("connector"):
        kept = await connectors_of(request).find(key.tenant, connector_id)
    return shown(connector_object(kept), revision=kept.revision)


@router.patch(
    "/connectors/{connector_id}",
    response_model=ConnectorObject,
    responses=errors(*WRITES, "unknown_credentials"),
    summary="Change a connector",
)
async def change_connector(
    request: Request, key: Writer, connector_id: ConnectorId, body: ConnectorChange, seen: Seen
) -> Response:
    """Change a bot for meetings."""
    sent = body.given()
    with refusing("connector"):
        async with house_of(request).database.write() as connection:
            named = body.auth.credentials_id
            await hold_credentials(request, connection, key.tenant, named, "/auth/credentials_id")
            kept = await connectors_of(request).change_in(
                connection, key.tenant, connector_id, lambda was: was | sent, seen=seen
            )
    return shown(connector_object(kept), revision=kept.revision)


@router.delete(
    "/connectors/{connector_id}", status_code=204, responses=errors("in_use"), summary="Delete a connector"
)
async def delete_connector(request: Request, key: Writer, connector_id: ConnectorId, seen: Seen) -> Response:
    """Delete a bot that no run names."""
    used = exists().where(RunRow.connector_id == connector_id)
    with refusing("connector", "There are runs with this connector: disable it instead."):
        await connectors_of(request).delete(key.tenant, connector_id, seen=seen, unless=(used,))
    return Response(status_code=204)
