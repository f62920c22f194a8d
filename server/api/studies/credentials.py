"""Credentials: what an outside provider asks for, as the API takes it. Its secrets go in and never come out
again; who uses them unseals them."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import exists
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.blueprint import Short
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.conventions import (
    WRITES,
    Body,
    ListOf,
    Reader,
    Seen,
    Writer,
    cursor,
    errors,
    id_of,
    listed,
    shown,
)
from server.api.studies.refusing import refusing
from server.api.studies.shelved import shelved
from server.store.design_tables import ChannelRow, ConnectorRow, CredentialsRow
from server.store.organizations import Tenant
from server.store.paging import Window
from server.store.shelf import Kept, NotFound, Shelf

router = APIRouter(tags=["Credentials"])

CredentialsId = Annotated[str, Path(pattern=id_of("crd_"))]
NamedCredentials = Annotated[
    str | None, Field(pattern=id_of("crd_"), description="Credentials that are there already.")
]
Provider = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$", examples=["twilio"])]
SecretName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
SecretText = Annotated[SecretStr, Field(min_length=1, max_length=8_192)]
Secrets = Annotated[
    dict[SecretName, SecretText],
    Field(
        min_length=1,
        max_length=20,
        description="What the provider asks for. Encrypted, and never given out again.",
        json_schema_extra={"writeOnly": True},
        examples=[{"account_sid": "AC…", "auth_token": "…"}],
    ),
]


class CredentialsCreate(Body):
    """New credentials."""

    name: Short = Field(min_length=1)
    provider: Provider
    secrets: Secrets


class CredentialsChange(Body):
    """What is given changes, all else stays; `secrets` are replaced as a whole."""

    name: Short = Field("", min_length=1)
    provider: Provider = ""
    secrets: Secrets = Field(default_factory=dict)


class CredentialsObject(BaseModel):
    """Credentials, without what is secret of them."""

    id: str
    organization_id: str
    test_mode: bool
    name: str
    provider: str
    created_at: str
    updated_at: str
    object: Literal["credentials"]


class CredentialsList(ListOf[CredentialsObject]):
    """A page of credentials, newest first."""


def credentials_object(kept: Kept) -> dict[str, Any]:
    """Credentials as the API shows them."""
    parts = {
        "name": kept.body["name"],
        "provider": kept.body["provider"],
    }
    return shelved(kept, "credentials", parts)


def credentials_of(request: Request) -> Shelf:
    """The shelf of credentials."""
    return Shelf(house_of(request).database, CredentialsRow, "crd_")


async def hold_credentials(
    request: Request, connection: AsyncConnection, tenant: Tenant, credentials_id: str | None, param: str
) -> None:
    """See to it that named credentials are there, and stay for as long as the transaction. Raises
    Refusal (400)."""
    if credentials_id is None:
        return
    try:
        await credentials_of(request).hold_in(connection, tenant, credentials_id)
    except NotFound:
        raise Refusal(400, "unknown_credentials", "There are no such credentials.", param=param) from None


def _sealed(request: Request, secrets: dict[str, SecretStr]) -> bytes:
    bare = {name: secret.get_secret_value() for name, secret in secrets.items()}
    return house_of(request).vault.seal(msgspec.json.encode(bare).decode())


@router.get("/credentials", response_model=CredentialsList, responses=errors(), summary="List credentials")
async def list_credentials(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("crd_"))]
) -> Response:
    """All credentials, newest first, without what is secret of them."""
    page = await credentials_of(request).page(key.tenant, window)
    return listed(page, map(credentials_object, page.data))


@router.post(
    "/credentials",
    status_code=201,
    response_model=CredentialsObject,
    responses=errors(*WRITES),
    summary="Create credentials",
)
async def create_credentials(request: Request, key: Writer, body: CredentialsCreate) -> Response:
    """Keep what a provider asks for. Channels and connectors name it by its id."""
    sent = body.model_dump(mode="json", exclude={"secrets"})
    sealed = _sealed(request, body.secrets)
    kept = await credentials_of(request).create(key.tenant, sent, secrets=sealed)
    return shown(credentials_object(kept), status=201, revision=kept.revision)


@router.get(
    "/credentials/{credentials_id}",
    response_model=CredentialsObject,
    responses=errors(),
    summary="Read credentials",
)
async def read_credentials(request: Request, key: Reader, credentials_id: CredentialsId) -> Response:
    """Credentials, without what is secret of them."""
    with refusing("credentials"):
        kept = await credentials_of(request).find(key.tenant, credentials_id)
    return shown(credentials_object(kept), revision=kept.revision)


@router.patch(
    "/credentials/{credentials_id}",
    response_model=CredentialsObject,
    responses=errors(*WRITES),
    summary="Change credentials",
)
async def change_credentials(
    request: Request, key: Writer, credentials_id: CredentialsId, body: CredentialsChange, seen: Seen
) -> Response:
    """Change credentials; what names them uses the new ones from now on."""
    sent = body.model_dump(mode="json", exclude={"secrets"}, exclude_unset=True)
    columns = {"secrets": _sealed(request, body.secrets)} if "secrets" in body.model_fields_set else {}
    with refusing("credentials"):
        kept = await credentials_of(request).change(
            key.tenant, credentials_id, lambda was: was | sent, seen=seen, **columns
        )
    return shown(credentials_object(kept), revision=kept.revision)


@router.delete(
    "/credentials/{credentials_id}", status_code=204, responses=errors("in_use"), summary="Delete credentials"
)
async def delete_credentials(
    request: Request, key: Writer, credentials_id: CredentialsId, seen: Seen
) -> Response:
    """Delete credentials that no channel and no connector names."""
    uses = (
        exists().where(
            ChannelRow.organization_id == key.organization_id,
            ChannelRow.body["provider"]["credentials_id"].as_string() == credentials_id,
        ),
        exists().where(
            ConnectorRow.organization_id == key.organization_id,
            ConnectorRow.body["auth"]["credentials_id"].as_string() == credentials_id,
        ),
    )
    with refusing("credentials", "A channel or a connector uses these credentials: change that first."):
        await credentials_of(request).delete(key.tenant, credentials_id, seen=seen, unless=uses)
    return Response(status_code=204)
