"""What webhooks are to be told, written in the transaction that brought it about: a change that is on the
disk is told of, one that isn't never is. Who is told, and how, is known elsewhere."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_id
from server.store.delivery_tables import HappeningRow
from server.store.organizations import Tenant
from server.store.statements import adding

HappeningType = Literal[
    "interview_run.created",
    "interview_run.scheduled",
    "interview_run.participant_joined",
    "interview_run.consent_granted",
    "interview_run.consent_declined",
    "interview_run.started",
    "interview_run.completed",
    "interview_run.abandoned",
    "interview_run.failed",
    "interview_run.expired",
    "interview_run.cancelled",
    "transcript.completed",
    "responses.completed",
    "analysis.completed",
    "analysis.failed",
    "blueprint.published",
]
HAPPENINGS: tuple[HappeningType, ...] = get_args(HappeningType)


async def announce(
    connection: AsyncConnection,
    tenant: Tenant,
    happening: HappeningType,
    subject_id: str,
    data: Mapping[str, Any],
    now_ms: int,
) -> str:
    """Put it into the outbox, as part of a transaction; returns its id. `data` is small: ids and statuses,
    for whoever is told asks for the rest."""
    event_id = new_id("evt_")
    happened = {
        "id": event_id,
        "organization_id": tenant.organization_id,
        "test_mode": tenant.test_mode,
        "type": happening,
        "subject_id": subject_id,
        "data": dict(data),
        "created_at": now_ms,
        "dispatched_at": None,
    }
    await connection.execute(adding(HappeningRow), happened)
    return event_id
