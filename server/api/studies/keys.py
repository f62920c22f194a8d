"""API keys, as the API shows them and makes them. A key's secret is in the answer that makes it, and nowhere
else."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.conventions import (
    WRITES,
    Administrator,
    Body,
    ListOf,
    cursor,
    errors,
    id_of,
    listed,
    not_found,
    shown,
)
from server.store.organizations import LONGEST_KEY_NAME, ApiKey, Scope
from server.store.paging import Window

router = APIRouter(tags=["API keys"])

KeyId = Annotated[str, Path(pattern=id_of("key_"))]
Mode = Literal["live", "test"]


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("a name is one line of printable signs")
    return text.strip()


class KeyCreate(Body):
    """A new key."""

    name: Annotated[str, Field(max_length=LONGEST_KEY_NAME), AfterValidator(_one_line)] | None = None
    mode: Mode
    scopes: list[Scope] = Field(min_length=1, max_length=10, description="`admin` has them all.")


class KeyObject(BaseModel):
    """A key without its secret."""

    id: str
    organization_id: str
    test_mode: bool
    name: str | None
    mode: Mode
    scopes: list[Scope]
    prefix: str = Field(description="The first signs, by which people tell their keys apart.")
    revoked_at: str | None
    created_at: str
    updated_at: str
    object: Literal["api_key"]


class CreatedKey(KeyObject):
    """A new key."""

    secret: str = Field(description="The key itself. It is shown this once.", examples=["sk_test_…"])


class KeyList(ListOf[KeyObject]):
    """A page of keys, newest first."""


def key_object(key: ApiKey) -> dict[str, Any]:
    """A key as the API shows it."""
    return {
        "id": key.id,
        "organization_id": key.organization_id,
        "test_mode": key.test_mode,
        "name": key.name,
        "mode": "test" if key.test_mode else "live",
        "scopes": list(key.scopes),
        "prefix": key.shown,
        "revoked_at": None if key.revoked_at is None else rfc3339(key.revoked_at),
        "created_at": rfc3339(key.created_at),
        "updated_at": rfc3339(key.revoked_at or key.created_at),
        "object": "api_key",
    }


def _modes(key: ApiKey) -> tuple[bool, ...]:
    """Of which modes a key looks after keys: live keys see both, for whom else would make the test keys."""
    return (True,) if key.test_mode else (False, True)


@router.get("/api-keys", response_model=KeyList, responses=errors(), summary="List API keys")
async def list_keys(
    request: Request, key: Administrator, window: Annotated[Window, Depends(cursor("key_"))]
) -> Response:
    """All keys, the revoked ones too, newest first. A test key sees test keys only."""
    page = await house_of(request).organizations.key_page(key.organization_id, _modes(key), window)
    return listed(page, map(key_object, page.data))


@router.post(
    "/api-keys",
    status_code=201,
    response_model=CreatedKey,
    responses=errors(*WRITES),
    summary="Create an API key",
)
async def create_key(request: Request, key: Administrator, body: KeyCreate) -> Response:
    """Make a key. Its secret is in this answer alone: only a hash of it is kept. A test key makes test keys
    only."""
    test_mode = body.mode == "test"
    if test_mode not in _modes(key):
        raise Refusal(403, "forbidden", "A test key makes no live keys.", param="/mode")
    made, secret = await house_of(request).organizations.create_key(
        key.organization_id, test_mode=test_mode, scopes=body.scopes, name=body.name
    )
    return shown(key_object(made) | {"secret": secret}, status=201)


@router.delete("/api-keys/{key_id}", status_code=204, responses=errors(), summary="Revoke an API key")
async def delete_key(request: Request, key: Administrator, key_id: KeyId) -> Response:
    """Make a key worthless, at once and for good."""
    organizations = house_of(request).organizations
    if not await organizations.revoke_key(key.organization_id, key_id, modes=_modes(key)):
        raise not_found("key")
    return Response(status_code=204)
