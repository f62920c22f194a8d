"""What a run is, as it is kept: whose, of which design, how far, and what was agreed to."""

from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.design_tables import ChannelRow, ConnectorRow
from server.store.organizations import Tenant
from server.store.run_status import ConsentStatus, RunStatus
from server.store.statements import ONE_RUN, ONE_RUN_HELD

DEFAULT_LIFETIME_MS: Final = 7 * 86_400_000


class RunNotFound(LookupError):
    """There is no such run for whoever asked."""


class PlaceNotFound(LookupError):
    """The channel or connector of a run isn't there, or no longer. `what` says which."""

    def __init__(self, what: str, thing_id: str) -> None:
        super().__init__(f"there is no {what} {thing_id}")
        self.what = what


class Participant(msgspec.Struct, frozen=True):
    """Whoever is interviewed, as far as the researcher told."""

    external_id: str | None = None
    name: str | None = None
    metadata: dict[str, Any] = {}


class ConsentRecord(msgspec.Struct, frozen=True):
    """What was agreed to, or declined: the words shown, and how the answer was given."""

    text: str
    text_hash: str
    method: Literal["page", "voice", "keypad", "typed", "api"]
    recording: bool
    """The sound may be kept. Without it the interview goes on, and no sound file comes into being."""
    answered_at: int
    words: str | None = None
    """What the participant said or typed, where it was neither button nor key."""


class Place(msgspec.Struct, frozen=True):
    """Where a run is to be held and by whom, as far as that isn't the blueprint's own affair."""

    agent_id: str | None = None
    agent: dict[str, Any] | None = None
    """The agent as it is now, where it isn't the snapshot's."""
    channel_id: str | None = None
    connector_id: str | None = None
    meeting_url: str | None = None


class RunSecrets(msgspec.Struct, frozen=True):
    """What opens a run's doors."""

    join_token: str
    pin: str | None


class Run(msgspec.Struct, frozen=True):
    """One participant's traversal of one snapshot. Instants are milliseconds since 1970, UTC."""

    id: str
    organization_id: str
    test_mode: bool
    blueprint_id: str
    blueprint_version: int
    agent_id: str
    agent: dict[str, Any] | None
    channel_id: str | None
    connector_id: str | None
    meeting_url: str | None
    status: RunStatus
    consent_status: ConsentStatus
    consent: ConsentRecord | None
    participant: Participant
    expires_at: int | None
    scheduled_at: int | None
    started_at: int | None
    completed_at: int | None
    session_count: int
    current_session_id: str | None
    progress: dict[str, Any]
    metadata: dict[str, Any]
    created_at: int
    updated_at: int

    @property
    def records(self) -> bool:
        """The participant agreed that the sound is kept."""
        return self.consent is not None and self.consent_status == "granted" and self.consent.recording


def no_progress(nodes_total: int) -> dict[str, Any]:
    """How far a run is that nobody has begun."""
    return {
        "nodes_total": nodes_total,
        "nodes_visited": 0,
        "current_node": None,
        "path_taken": [],
        "duration_s": 0.0,
        "estimated_remaining_s": None,
        "paused": False,
    }


async def run_row(
    connection: AsyncConnection, run_id: str, tenant: Tenant | None = None, *, lock: bool = False
) -> Row[Any]:
    """The run's row, held until the transaction ends if it is to be changed. Raises RunNotFound, also when
    the run isn't the tenant's."""
    row = (await connection.execute(ONE_RUN_HELD if lock else ONE_RUN, {"run_id": run_id})).first()
    if (
        row is not None
        and tenant is not None
        and (row.organization_id, row.test_mode)
        != (
            tenant.organization_id,
            tenant.test_mode,
        )
    ):
        row = None
    if row is None:
        raise RunNotFound(f"there is no run {run_id}")
    return row


async def hold_place(connection: AsyncConnection, tenant: Tenant, place: Place) -> None:
    """See to it that nobody deletes a run's channel or connector until the transaction ends: from then on
    the run itself keeps it. Raises PlaceNotFound."""
    for what, table, thing_id in (
        ("channel", ChannelRow, place.channel_id),
        ("connector", ConnectorRow, place.connector_id),
    ):
        if thing_id is None:
            continue
        statement = select(table.id).where(
            table.id == thing_id,
            table.organization_id == tenant.organization_id,
            table.test_mode == tenant.test_mode,
        )
        # As a foreign key would: it may be changed meanwhile, but not deleted.
        held = await connection.execute(statement.with_for_update(read=True, key_share=True))
        if held.first() is None:
            raise PlaceNotFound(what, thing_id)


def run_of(row: Row[Any]) -> Run:
    """Names only what a run shows; hashes, ciphers and the fence stay behind."""
    kept = row._mapping
    # The columns are of these types already; a page has thousands of them.
    values = {name: kept[name] for name in Run.__struct_fields__}
    values["participant"] = msgspec.convert(values["participant"], Participant)
    values["consent"] = msgspec.convert(values["consent"], ConsentRecord | None)
    return Run(**values)
