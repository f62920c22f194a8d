"""Deletes runs for good, and keeps the receipt: that it was done, and how much it was; nothing of what was
said."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import (
    DeletionRow,
    DocumentRow,
    HappeningRow,
    JobRow,
    OperatorPageRow,
    WebhookDeliveryRow,
)
from server.store.idempotency import forget_answers
from server.store.organizations import Tenant
from server.store.paging import Page, Window, read_page
from server.store.recordings import Recordings
from server.store.run import run_row
from server.store.scrubbing import ask_for_scrubbing
from server.store.tables import EventRow, RunRow, SessionRow

_GO_WITH_IT: Final = {"sessions": SessionRow, "events": EventRow, "documents": DocumentRow}


class Receipt(msgspec.Struct, frozen=True):
    """That a run was deleted, when, and what went with it."""

    id: str
    organization_id: str
    test_mode: bool
    run_id: str
    reason: str
    counts: dict[str, int]
    created_at: int


class Deletions:
    """Deletes runs."""

    def __init__(
        self, database: Database, recordings: Recordings, clock_ms: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._clock_ms = clock_ms

    async def delete(self, tenant: Tenant, run_id: str, reason: str) -> Receipt:
        """Delete a run in which nobody talks, with all that came of it. Raises RunNotFound; OSError where
        its recording can't be removed, all is then as it was.

        What the database's files still hold of it is overwritten soon after, by a job.
        """
        async with self._database.write() as connection:
            await run_row(connection, run_id, tenant, lock=True)
            counts = {name: await _count(connection, table, run_id) for name, table in _GO_WITH_IT.items()}
            counts["happenings"], delivery_ids = await _forget_what_was_told(connection, run_id)
            await _forget_jobs(connection, run_id, delivery_ids)
            counts["answers"] = await forget_answers(connection, run_id)
            await connection.execute(delete(RunRow).where(RunRow.id == run_id))
            counts["recording_bytes"] = await asyncio.to_thread(self._recordings.size, run_id)
            receipt = Receipt(
                new_id("del_"),
                tenant.organization_id,
                tenant.test_mode,
                run_id,
                reason,
                counts,
                self._clock_ms(),
            )
            await connection.execute(insert(DeletionRow).values(**msgspec.structs.asdict(receipt)))
            await ask_for_scrubbing(connection, receipt.created_at)
            # Before the end of the transaction, as a sound without its run would never be found again; and
            # last of all in it, as what fails after it would leave a run without its sound.
            await asyncio.to_thread(self._recordings.remove, run_id)
        return receipt

    async def page(self, tenant: Tenant, window: Window) -> Page[Receipt]:
        """A page of the tenant's receipts, newest first."""
        statement = select(DeletionRow).where(
            DeletionRow.organization_id == tenant.organization_id, DeletionRow.test_mode == tenant.test_mode
        )
        async with self._database.read() as connection:
            return await read_page(connection, statement, DeletionRow.id, window, _receipt)


async def receipt_of(database: Database, run_id: str) -> Receipt | None:
    """The receipt of a run that was deleted, whoever's it was."""
    async with database.read() as connection:
        row = (await connection.execute(select(DeletionRow).where(DeletionRow.run_id == run_id))).first()
    return None if row is None else _receipt(row)


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(**row._mapping)


async def _count(connection: AsyncConnection, table: Any, run_id: str) -> int:
    statement = select(func.count()).select_from(table).where(table.run_id == run_id)
    return int((await connection.execute(statement)).scalar_one())


async def _forget_what_was_told(connection: AsyncConnection, run_id: str) -> tuple[int, Sequence[str]]:
    """What webhooks were told names the participant's own id. Returns of how much they were told, and the
    deliveries' ids."""
    # What happened first: whoever makes deliveries of it holds it meanwhile, and those are seen when they are
    # made. The other way round they would come to lie behind us.
    told = delete(HappeningRow).where(HappeningRow.subject_id == run_id).returning(HappeningRow.id)
    event_ids = (await connection.execute(told)).scalars().all()
    made = delete(WebhookDeliveryRow).where(WebhookDeliveryRow.event_id.in_(event_ids))
    return len(event_ids), (await connection.execute(made.returning(WebhookDeliveryRow.id))).scalars().all()


async def _forget_jobs(connection: AsyncConnection, run_id: str, delivery_ids: Sequence[str]) -> None:
    """Nothing is to be done any more about the run, nor for what was told of it; and what was given up would
    be kept for good, with the fault that it met."""
    pages = select(OperatorPageRow.id).where(OperatorPageRow.run_id == run_id)
    about = or_(JobRow.subject.in_([run_id, *delivery_ids]), JobRow.subject.in_(pages))
    await connection.execute(delete(JobRow).where(about))
