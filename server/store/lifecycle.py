"""A run's changes of status, as parts of transactions: compared as they are set, told to the outbox in the
same breath, and followed by the work that they bring about. Which changes there are is one table, in
`run_status`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.documents import OPEN, STAGES, begin_documents, documents_in, wanted_of
from server.store.jobs import enqueue
from server.store.organizations import Tenant
from server.store.outbox import HappeningType, announce
from server.store.run import run_row
from server.store.run_status import TERMINAL, RunStatus, TransitionRefused, sources_of
from server.store.tables import RunRow

_TOLD: Final[Mapping[RunStatus, HappeningType]] = {
    "awaiting_consent": "interview_run.participant_joined",
    "active": "interview_run.started",
    "completed": "interview_run.completed",
    "abandoned": "interview_run.abandoned",
    "failed": "interview_run.failed",
    "expired": "interview_run.expired",
    "cancelled": "interview_run.cancelled",
}


async def move(
    connection: AsyncConnection,
    was: Row[Any],
    wanted: RunStatus,
    now: int,
    values: Mapping[str, Any] | None = None,
) -> Row[Any]:
    """Change one run's status, if the table allows it; returns the row after it. Raises TransitionRefused.

    The first time a run becomes active it has started; when it becomes completed it is.
    """
    if was.status not in sources_of(wanted):
        raise TransitionRefused(was.id, was.status, wanted)
    changed: dict[str, Any] = {**(values or {}), **_left_behind(wanted)}
    if wanted == "active" and was.started_at is None:
        changed["started_at"] = now
    if wanted == "completed":
        changed["completed_at"] = now
    # Compared once more as it is set: on a database with many writers the row may have changed since.
    moved = await connection.execute(
        update(RunRow)
        .where(RunRow.id == was.id, RunRow.status == was.status)
        .values(status=wanted, updated_at=now, **changed)
    )
    after = await run_row(connection, was.id)
    if moved.rowcount != 1:
        raise TransitionRefused(was.id, after.status, wanted)
    if wanted == "active" and was.status == "awaiting_participant":
        await tell_of_run(connection, after, "interview_run.participant_joined", now)
    if (happening := _TOLD.get(wanted)) is not None:
        await tell_of_run(connection, after, happening, now)
    if was.status == "active" and was.session_count:
        await begin_documents(connection, was.id, await wanted_of(connection, was), "pending", now)
        return await go_on(connection, after, now)
    return after


async def go_on(connection: AsyncConnection, run: Row[Any], now: int) -> Row[Any]:
    """Have the next document of a run made whose talk is over; when there is none left to make, a run that
    was waiting for them is completed. Returns the row after it. Its row must be held."""
    there = await documents_in(connection, run.id)
    for kind in STAGES:
        if kind in there and there[kind].status in OPEN:
            await enqueue(connection, kind, run.id, now)
            return run
    return await move(connection, run, "completed", now) if run.status == "processing" else run


async def move_all(
    connection: AsyncConnection, due: Sequence[ColumnElement[bool]], wanted: RunStatus, now: int
) -> list[str]:
    """Change every run that is `due`, which the table must allow for all of them; returns their ids."""
    statement = select(RunRow).where(*due).order_by(RunRow.id).with_for_update(skip_locked=True)
    rows = (await connection.execute(statement)).all()
    for row in rows:
        await move(connection, row, wanted, now)
    return [row.id for row in rows]


async def tell_of_run(connection: AsyncConnection, row: Row[Any], happening: HappeningType, now: int) -> None:
    """Put what happened to a run into the outbox: which run, and how it stands; nothing that was said."""
    told = {
        "object": "interview_run",
        "id": row.id,
        "status": row.status,
        "consent_status": row.consent_status,
        "blueprint_id": row.blueprint_id,
        "blueprint_version": row.blueprint_version,
        "external_id": row.participant.get("external_id"),
    }
    tenant = Tenant(row.organization_id, row.test_mode)
    await announce(connection, tenant, happening, row.id, told, now)


def _left_behind(status: RunStatus) -> dict[str, Any]:
    """A run that is over gives its PIN back: no two that can be joined have the same, and there are few."""
    return {"pin_hash": None, "pin_encrypted": None} if status in TERMINAL else {}
