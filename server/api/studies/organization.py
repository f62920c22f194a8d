"""The organization that a key belongs to, as the API shows it and changes it."""

import base64
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from dialog.blueprint import Short
from dialog.judgement import Distress
from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.conventions import (
    WRITES,
    Administrator,
    Body,
    Reader,
    Seen,
    errors,
    shown,
    stale,
)
from server.api.studies.simulations import SimulationGate
from server.api.studies.webhooks import SECRET_BYTES
from server.clock import new_key_bytes
from server.pipeline.outward import LONGEST_URL, Refused
from server.pipeline.publish_gate import GATE
from server.pipeline.signed_posts import SECRET_PREFIX
from server.store.operator_pages import HOOK, SECRET
from server.store.organizations import ApiKey, Organization, OrganizationChanged

router = APIRouter(tags=["Organization"])

LONGEST_RETENTION_DAYS = 36_500


class OrganizationSettings(Body):
    """What holds for all studies of an organization. What is unset is null."""

    retention_days: int | None = Field(
        default=None,
        ge=1,
        le=LONGEST_RETENTION_DAYS,
        description="How long interviews are kept after their end, with all that came of them; unset: for"
        " good. Each is deleted with a receipt.",
    )
    help_lines: list[Short] | None = Field(
        default=None,
        max_length=20,
        description="Shown to participants, and the first of them said in distress, where the blueprint names"
        " none.",
    )
    paging_webhook: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_URL,
        description="Called when somebody must look at once, signed as webhooks are. What became of the calls"
        " is in `/operator-pages`.",
    )
    paging_threshold: Distress | None = Field(
        default=None, description="From which distress on it is called; unset: `severe`."
    )
    publish_gate: bool | None = Field(
        default=None, description="Whether warnings, too, keep a blueprint from being published."
    )
    simulation_gate: SimulationGate | None = Field(
        default=None,
        description="What simulated participants must have shown of a draft, as it stands, before it is"
        " published; unset: nothing.",
    )


class OrganizationChange(Body):
    """What is given changes, all else stays, within `settings` too; null unsets."""

    name: Short = Field("", min_length=1)
    settings: OrganizationSettings = OrganizationSettings()


class OrganizationObject(BaseModel):
    """An organization."""

    id: str
    organization_id: str
    test_mode: bool = Field(description="That of the key that asks.")
    name: str
    settings: OrganizationSettings
    created_at: str
    updated_at: str
    object: Literal["organization"]


class ChangedOrganization(OrganizationObject):
    """An organization that was changed."""

    paging_secret: str | None = Field(
        None,
        description="Signs the calls of `paging_webhook`. It is shown this once, when that is set anew.",
        examples=["whsec_…"],
    )


def organization_object(organization: Organization, *, test_mode: bool) -> dict[str, Any]:
    """An organization as the API shows it."""
    settings = organization.settings
    return {
        "id": organization.id,
        "organization_id": organization.id,
        "test_mode": test_mode,
        "name": organization.name,
        "settings": {name: settings.get(name) for name in OrganizationSettings.model_fields},
        "created_at": rfc3339(organization.created_at),
        "updated_at": rfc3339(organization.updated_at),
        "object": "organization",
    }


@router.get(
    "/organization", response_model=OrganizationObject, responses=errors(), summary="Read the organization"
)
async def read_organization(request: Request, key: Reader) -> Response:
    """The organization that the key belongs to."""
    found = await house_of(request).organizations.find(key.organization_id)
    return shown(organization_object(found, test_mode=key.test_mode), revision=found.revision)


@router.patch(
    "/organization",
    response_model=ChangedOrganization,
    responses=errors(*WRITES, "invalid_url"),
    summary="Change the organization",
)
async def change_organization(
    request: Request, key: Administrator, body: OrganizationChange, seen: Seen
) -> Response:
    """Change the organization. A test key can't: live interviews go by it."""
    if key.test_mode:
        raise Refusal(403, "forbidden", "A test key can't change what live interviews go by.")
    sent = body.settings.model_dump(mode="json", exclude_unset=True)
    if body.settings.simulation_gate is not None:
        sent[GATE] = body.settings.simulation_gate.model_dump(mode="json")  # whole, as it is shown
    secret = await _new_secret(request, key, sent)
    try:
        changed = await house_of(request).organizations.change(
            key.organization_id, name=body.name or None, settings=sent, seen=seen
        )
    except OrganizationChanged:
        raise stale() from None
    told = {} if secret is None else {"paging_secret": secret}
    return shown(organization_object(changed, test_mode=False) | told, revision=changed.revision)


async def _new_secret(request: Request, key: ApiKey, sent: dict[str, Any]) -> str | None:
    """The secret of a paging hook that is set anew, put into what is `sent`, sealed; None for any other
    change. Raises Refusal (400)."""
    if HOOK not in sent:
        return None
    house, url = house_of(request), sent[HOOK]
    if url is None:
        sent[SECRET] = None
        return None
    try:
        house.office.outward.check_url(url)
    except Refused as refused:
        raise Refusal(400, "invalid_url", str(refused), param=f"/settings/{HOOK}") from None
    if (await house.organizations.find(key.organization_id)).settings.get(HOOK) == url:
        return None
    secret = SECRET_PREFIX + base64.b64encode(new_key_bytes(SECRET_BYTES)).decode()
    sent[SECRET] = house.vault.seal(secret).decode()
    return secret
