"""Work that must be done sooner or later, whatever is killed meanwhile: a table of jobs, each leased to one
worker for a while. What a kind of job does is known elsewhere.

A job may be done twice, when a worker dies after the work and before it could say so: doing it again must do
no harm.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Executable, Update, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import JobRow
from server.store.statements import adding

LEASE_MS: Final = 60_000
"""How long a worker has for a job before it is taken for dead. It must say so if it needs longer."""

LONGEST_ERROR: Final = 1_000


class Job(msgspec.Struct, frozen=True):
    """One piece of work, in the hands of whoever claimed it."""

    id: str
    kind: str
    subject: str
    attempts: int
    """How often it was tried before, those times left out when it was put off."""
    lease: str
    last_error: str | None = None
    """What went wrong the last time, as far as anybody lived to say it."""


async def enqueue(connection: AsyncConnection, kind: str, subject: str, due_at: int) -> None:
    """Have it done from `due_at` on, as part of a transaction. A job that is there already is due by then at
    the latest, and begins anew if it was given up."""
    await connection.execute(_asked_for(connection.dialect.name, kind, subject, due_at))


async def enqueue_new(connection: AsyncConnection, kind: str, subjects: Sequence[str], due_at: int) -> None:
    """Have it done for each of these, of which there is no job yet, as part of a transaction."""
    free = {"attempts": 0, "lease": None, "leased_until": None, "gave_up_at": None, "last_error": None}
    rows = [
        {
            "id": new_id("job_"),
            "kind": kind,
            "subject": subject,
            "due_at": due_at,
            "created_at": due_at,
            **free,
        }
        for subject in subjects
    ]
    await connection.execute(adding(JobRow), rows)


def enqueue_with_log(connection: Connection, kind: str, subject: str, due_at: int) -> None:
    """Have it done, as `enqueue` does, as part of a transaction of the event log."""
    connection.execute(_asked_for(connection.dialect.name, kind, subject, due_at))


def _asked_for(dialect: str, kind: str, subject: str, due_at: int) -> Executable:
    # Taken out of the hands that have it: what they do was asked for before this was.
    anew = {"due_at": due_at, "gave_up_at": None, "attempts": 0, "lease": None, "leased_until": None}
    there = [JobRow.kind, JobRow.subject]
    # In one statement: beside a transaction that asks for the same, looking first would find nothing.
    insert = (postgresql if dialect == "postgresql" else sqlite).insert
    asked = insert(JobRow).values(
        id=new_id("job_"), kind=kind, subject=subject, last_error=None, created_at=due_at, **anew
    )
    statement: Executable = asked.on_conflict_do_update(index_elements=there, set_=anew)
    return statement


class Jobs:
    """The jobs of one database, as workers see them. `first` says which of those that are due comes first,
    where it isn't simply the one that has been due the longest."""

    def __init__(
        self,
        database: Database,
        clock_ms: Callable[[], int] = wall_clock_ms,
        *,
        first: Sequence[ColumnElement[Any]] = (),
    ) -> None:
        self._database = database
        self._clock_ms = clock_ms
        self._order = (*first, JobRow.due_at, JobRow.id)

    async def add(self, kind: str, subject: str, *, delay_ms: int = 0) -> None:
        """Have it done, from now on or after a while."""
        async with self._database.write() as connection:
            await enqueue(connection, kind, subject, self._clock_ms() + delay_ms)

    async def claim(self, kinds: Sequence[str]) -> Job | None:
        """The next job of these kinds, or None. It is the caller's for a while."""
        now = self._clock_ms()
        free = (
            select(JobRow.id, JobRow.kind, JobRow.subject, JobRow.attempts, JobRow.last_error)
            .where(
                JobRow.kind.in_(kinds),
                JobRow.gave_up_at.is_(None),
                JobRow.due_at <= now,
                or_(JobRow.leased_until.is_(None), JobRow.leased_until <= now),
            )
            .order_by(*self._order)
            .limit(1)
        )
        async with self._database.read() as connection:  # holds up nobody, and there is mostly nothing to do
            if (await connection.execute(free)).first() is None:
                return None
        lease = new_id("wrk_")
        async with self._database.write() as connection:
            row = (await connection.execute(free.with_for_update(skip_locked=True))).first()
            if row is None:
                return None
            await connection.execute(
                update(JobRow)
                .where(JobRow.id == row.id)
                .values(lease=lease, leased_until=now + LEASE_MS, attempts=row.attempts + 1)
            )
        return Job(row.id, row.kind, row.subject, row.attempts, lease, row.last_error)

    async def keep(self, job: Job) -> bool:
        """Say that it needs longer. False when it is no longer ours."""
        later = update(JobRow).values(leased_until=self._clock_ms() + LEASE_MS)
        return await self._if_ours(job, later)

    async def complete(self, job: Job) -> bool:
        """It is done. False when it is no longer ours: somebody else does it again."""
        done = delete(JobRow).where(JobRow.id == job.id, JobRow.lease == job.lease)
        async with self._database.write() as connection:
            return (await connection.execute(done)).rowcount == 1

    async def retry(self, job: Job, error: str, *, delay_ms: int) -> bool:
        """It didn't work: let somebody try again after a while."""
        later = update(JobRow).values(
            lease=None,
            leased_until=None,
            due_at=self._clock_ms() + delay_ms,
            last_error=error[:LONGEST_ERROR],
        )
        return await self._if_ours(job, later)

    async def put_off(self, job: Job, reason: str, *, delay_ms: int) -> bool:
        """It can't be done yet, which is nobody's failure: let somebody try after a while, as often as it
        takes."""
        later = update(JobRow).values(
            lease=None,
            leased_until=None,
            due_at=self._clock_ms() + delay_ms,
            attempts=job.attempts,
            last_error=reason[:LONGEST_ERROR],
        )
        return await self._if_ours(job, later)

    async def give_up(self, job: Job, error: str) -> bool:
        """It will never work: keep it for whoever asks why."""
        over = update(JobRow).values(
            lease=None,
            leased_until=None,
            gave_up_at=self._clock_ms(),
            last_error=error[:LONGEST_ERROR],
        )
        return await self._if_ours(job, over)

    async def waiting(self) -> int:
        """How many are due and not done, for metrics."""
        async with self._database.read() as connection:
            due = select(JobRow.id).where(JobRow.gave_up_at.is_(None), JobRow.due_at <= self._clock_ms())
            return len((await connection.execute(due)).all())

    async def _if_ours(self, job: Job, statement: Update) -> bool:
        ours = statement.where(JobRow.id == job.id, JobRow.lease == job.lease)
        async with self._database.write() as connection:
            return (await connection.execute(ours)).rowcount == 1
