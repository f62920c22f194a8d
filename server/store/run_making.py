"""How a run comes into being: what it rests on is read, then it is added, with its link's secret and its PIN.

Knows nothing of what becomes of it.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_id, new_secret
from server.store.lifecycle import tell_of_run
from server.store.organizations import Tenant
from server.store.pins import new_pin
from server.store.run import (
    DEFAULT_LIFETIME_MS,
    Participant,
    Place,
    Run,
    hold_place,
    no_progress,
    run_of,
)
from server.store.snapshots import BlueprintNotFound
from server.store.statements import ADDING_RUN, LAST_VERSION, RUN_OF_PIN, STANDING
from server.store.vault import Vault

LINK: Final = "join token"
PIN: Final = "dial-in pin"
"""What the vault is told that it keeps."""


class BasisGone(Exception):
    """The design was archived, or published anew, since it was read."""


class Wanted(msgspec.Struct, frozen=True):
    """What whoever asks for a run says of it; times in milliseconds since 1970."""

    consent_needed: bool | None = None
    """None = as the snapshot has it."""
    participant: Participant | None = None
    scheduled_at: int | None = None
    expires_at: int | None = None
    """None = seven days from now, or from `scheduled_at`."""
    metadata: Mapping[str, Any] | None = None
    place: Place = Place()


class Basis(msgspec.Struct, frozen=True):
    """What a run rests on."""

    blueprint_id: str
    agent_id: str
    version: int
    body: dict[str, Any]
    """The snapshot."""
    pin: dict[str, Any]
    """Columns of a PIN that was free."""


async def basis_of(connection: AsyncConnection, vault: Vault, tenant: Tenant, blueprint_id: str) -> Basis:
    """The last snapshot, and a PIN. Raises BlueprintNotFound."""
    agent_id, version, body = await _last_version(connection, tenant, blueprint_id)
    return Basis(blueprint_id, agent_id, version, body, await free_pin(connection, vault))


async def add_run(
    connection: AsyncConnection, vault: Vault, tenant: Tenant, basis: Basis, wanted: Wanted, now_ms: int
) -> tuple[Run, str]:
    """Add a run, and tell of it; returns it with the secret of its link. Raises PlaceNotFound; BasisGone or
    IntegrityError where the basis no longer holds."""
    token = f"jt_{new_secret()}"
    consent = basis.body["settings"]["consent"] if wanted.consent_needed is None else wanted.consent_needed
    values: dict[str, Any] = {
        "id": new_id("run_"),
        "organization_id": tenant.organization_id,
        "test_mode": tenant.test_mode,
        "blueprint_id": basis.blueprint_id,
        "blueprint_version": basis.version,
        "agent_id": wanted.place.agent_id or basis.agent_id,
        "agent": wanted.place.agent,
        "channel_id": wanted.place.channel_id,
        "connector_id": wanted.place.connector_id,
        "meeting_url": wanted.place.meeting_url,
        "status": "awaiting_participant" if wanted.scheduled_at is None else "scheduled",
        "consent_status": "pending" if consent else "not_required",
        "participant": msgspec.to_builtins(wanted.participant or Participant()),
        **link_columns(vault, token),
        **basis.pin,
        "expires_at": wanted.expires_at or (wanted.scheduled_at or now_ms) + DEFAULT_LIFETIME_MS,
        "scheduled_at": wanted.scheduled_at,
        "session_count": 0,
        "writer_epoch": 0,
        "progress": no_progress(len(basis.body["graph"]["nodes"])),
        "metadata": dict(wanted.metadata or {}),
        "created_at": now_ms,
        "updated_at": now_ms,
    }
    standing = (await connection.execute(STANDING, {"blueprint_id": basis.blueprint_id})).first()
    if standing is None or standing.status == "archived" or standing.version != basis.version:
        raise BasisGone(basis.blueprint_id)
    await hold_place(connection, tenant, wanted.place)
    row = (await connection.execute(ADDING_RUN, values)).one()
    await tell_of_run(connection, row, "interview_run.created", now_ms)
    if wanted.scheduled_at is not None:
        await tell_of_run(connection, row, "interview_run.scheduled", now_ms)
    return run_of(row), token


def link_columns(vault: Vault, token: str) -> dict[str, Any]:
    """What is kept of a link's secret."""
    return {"token_hash": vault.fingerprint(LINK, token), "token_encrypted": vault.seal(token)}


async def free_pin(connection: AsyncConnection, vault: Vault) -> dict[str, Any]:
    """What is kept of a PIN that no run has which can still be joined."""
    while True:
        pin = new_pin()
        hashed = vault.fingerprint(PIN, pin)
        if (await connection.execute(RUN_OF_PIN, {"pin_hash": hashed})).first() is None:
            return {"pin_hash": hashed, "pin_encrypted": vault.seal(pin)}


async def _last_version(
    connection: AsyncConnection, tenant: Tenant, blueprint_id: str
) -> Row[str, int, dict[str, Any]]:
    """(agent id, version, body) of the last snapshot. Raises BlueprintNotFound."""
    owner = {"organization_id": tenant.organization_id, "test_mode": tenant.test_mode}
    row = (await connection.execute(LAST_VERSION, {"blueprint_id": blueprint_id, **owner})).first()
    if row is None:
        raise BlueprintNotFound(f"there is no published blueprint {blueprint_id}")
    return row
