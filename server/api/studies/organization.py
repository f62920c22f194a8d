"""The organization that a key belongs to, as the API shows it and changes it."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from dialog.blueprint import Short
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
from server.pipeline.outward import LONGEST_URL, Refused
from server.store.organizations import Organization, OrganizationChanged

router = APIRouter(tags=["Organization"])

LONGEST_RETENTION_DAYS = 36_500


class OrganizationSettings(Body):
    """What holds for all studies of an organization. What is unset is null."""

    retention_days: int | None = Field(
        default=None,
        ge=1,
        le=LONGEST_RETENTION_DAYS,
        description="How long interviews are kept; unset: for good.",
    )
    help_lines: list[Short] | None = Field(
        default=None,
        max_length=20,
        description="Named to participants in distress where the blueprint names none.",
    )
    paging_webhook: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_URL,
        description="Called when somebody must look at once.",
    )
    publish_gate: bool | None = Field(
        default=None, description="Whether a blueprint needs a rehearsal before it can be published."
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
    response_model=OrganizationObject,
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
    if sent.get("paging_webhook") is not None:
        try:
            house_of(request).office.outward.check_url(sent["paging_webhook"])
        except Refused as refused:
            raise Refusal(400, "invalid_url", str(refused), param="/settings/paging_webhook") from None
    try:
        changed = await house_of(request).organizations.change(
            key.organization_id, name=body.name or None, settings=sent, seen=seen
        )
    except OrganizationChanged:
        raise stale() from None
    return shown(organization_object(changed, test_mode=key.test_mode), revision=changed.revision)
