"""Interview runs: their links, consent, status and sittings. Status changes only along the table in
`run_status`.

What is said in a run is in its events; nothing here reads or writes them.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_id, new_secret, wall_clock_ms
from server.store.database import Database
from server.store.event_log import OpenedSession
from server.store.event_rows import last_seqs
from server.store.lifecycle import move, move_all, tell_of_run
from server.store.organizations import Tenant
from server.store.outbox import HappeningType
from server.store.paging import Page, Window, read_page
from server.store.run import (
    ConsentRecord,
    Participant,
    Place,
    Run,
    RunNotFound,
    RunSecrets,
    run_of,
    run_row,
)
from server.store.run_making import LINK, PIN, BasisGone, Wanted, add_run, basis_of, free_pin, link_columns
from server.store.run_status import TERMINAL, RunStatus, TransitionRefused, sources_of
from server.store.statements import NOTING_PROGRESS, adding
from server.store.tables import RunRow, SessionRow
from server.store.vault import Vault

LONGEST_TOKEN: Final = 100


class Runs:
    """Keeps runs. Each change is one transaction, and compares before it sets."""

    def __init__(self, database: Database, vault: Vault, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._vault = vault
        self._clock_ms = clock_ms

    # Making and finding

    async def create(
        self,
        tenant: Tenant,
        blueprint_id: str,
        *,
        consent_needed: bool | None = None,
        participant: Participant | None = None,
        scheduled_at: int | None = None,
        expires_at: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        place: Place | None = None,
    ) -> tuple[Run, str]:
        """A new run of the last snapshot, and the secret of its link. Raises BlueprintNotFound where none is
        published, PlaceNotFound where its channel or connector is gone.

        `consent_needed` is the snapshot's own setting unless said otherwise. `expires_at` defaults to seven
        days from now, or from `scheduled_at`.
        """
        wanted = Wanted(consent_needed, participant, scheduled_at, expires_at, metadata, place or Place())
        try:
            # What is only read is read before the writer's turn: talks wait for theirs behind it.
            async with self._database.read() as connection:
                basis = await basis_of(connection, self._vault, tenant, blueprint_id)
            async with self._database.write() as connection:
                return await add_run(connection, self._vault, tenant, basis, wanted, self._clock_ms())
        except (BasisGone, IntegrityError):  # the design went on, or the PIN was taken, in between
            async with self._database.write() as connection:
                return await self.create_in(connection, tenant, blueprint_id, wanted)

    async def create_in(
        self, connection: AsyncConnection, tenant: Tenant, blueprint_id: str, wanted: Wanted
    ) -> tuple[Run, str]:
        """The same, as part of a transaction."""
        basis = await basis_of(connection, self._vault, tenant, blueprint_id)
        return await add_run(connection, self._vault, tenant, basis, wanted, self._clock_ms())

    async def find(self, run_id: str, tenant: Tenant | None = None) -> Run:
        """Raises RunNotFound, also when the run isn't the tenant's. None is for the server's own purposes."""
        async with self._database.read() as connection:
            return run_of(await run_row(connection, run_id, tenant))

    async def page(
        self,
        tenant: Tenant,
        window: Window,
        *,
        status: RunStatus | None = None,
        blueprint_id: str | None = None,
    ) -> Page[Run]:
        """A page of the tenant's runs, newest first."""
        statement = select(RunRow).where(
            RunRow.organization_id == tenant.organization_id, RunRow.test_mode == tenant.test_mode
        )
        if status is not None:
            statement = statement.where(RunRow.status == status)
        if blueprint_id is not None:
            statement = statement.where(RunRow.blueprint_id == blueprint_id)
        async with self._database.read() as connection:
            return await read_page(connection, statement, RunRow.id, window, run_of)

    # The link's secret

    async def check_token(self, run_id: str, token: str) -> Run | None:
        """The run, if this is the secret of its link. Tells nobody by its timing what is wrong."""
        presented = self._vault.fingerprint(LINK, token if len(token) <= LONGEST_TOKEN else "")
        async with self._database.read() as connection:
            row = (await connection.execute(select(RunRow).where(RunRow.id == run_id))).first()
        kept = row.token_hash if row is not None else "0" * 64
        matches = hmac.compare_digest(kept, presented)
        return run_of(row) if matches and row is not None else None

    async def join_token(self, run_id: str) -> str:
        """The secret of the link, for those who may see it. Raises RunNotFound, VaultError."""
        found = await self.secrets([run_id])
        if run_id not in found:
            raise RunNotFound(f"there is no run {run_id}")
        return found[run_id].join_token

    async def secrets(self, run_ids: Sequence[str]) -> dict[str, RunSecrets]:
        """The secrets of several runs, in one query, for those who may see them; a run that is gone has none
        and is left out. Raises VaultError."""
        statement = select(RunRow.id, RunRow.token_encrypted, RunRow.pin_encrypted).where(
            RunRow.id.in_(set(run_ids))
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return {
            run_id: RunSecrets(self._vault.unseal(token), None if pin is None else self._vault.unseal(pin))
            for run_id, token, pin in rows
        }

    async def replace_secrets(self, tenant: Tenant, run_id: str) -> Run:
        """Make the link and the PIN worthless and draw new ones. Raises RunNotFound; TransitionRefused when
        the run is over."""
        now = self._clock_ms()
        async with self._database.write() as connection:
            was = await run_row(connection, run_id, tenant, lock=True)
            if was.status in TERMINAL:
                raise TransitionRefused(run_id, was.status, "joined")
            values = link_columns(self._vault, f"jt_{new_secret()}") | await free_pin(connection, self._vault)
            await connection.execute(
                update(RunRow).where(RunRow.id == run_id).values(updated_at=now, **values)
            )
            return run_of(await run_row(connection, run_id))

    async def of_pin(self, pin: str) -> Run | None:
        """The run that this PIN opens, or None."""
        statement = select(RunRow).where(RunRow.pin_hash == self._vault.fingerprint(PIN, pin))
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        return None if row is None else run_of(row)

    # Status

    async def transition(self, run_id: str, wanted: RunStatus) -> Run:
        """Change the status, if the table allows it from the present one. Raises TransitionRefused,
        RunNotFound.

        The first time a run becomes active it has started; when it becomes completed it is.
        """
        async with self._database.write() as connection:
            was = await run_row(connection, run_id, lock=True)
            return run_of(await move(connection, was, wanted, self._clock_ms()))

    async def record_consent(self, run_id: str, *, granted: bool, record: ConsentRecord) -> Run:
        """Put the answer on record, and with it begin the talk or end the run. Raises as `transition`."""
        values = {
            "consent_status": "granted" if granted else "declined",
            "consent": msgspec.to_builtins(record),
        }
        now = self._clock_ms()
        async with self._database.write() as connection:
            wanted: RunStatus = "active" if granted else "abandoned"
            was = await run_row(connection, run_id, lock=True)
            if was.status != "awaiting_consent":
                raise TransitionRefused(run_id, was.status, wanted)
            answered: HappeningType = (
                "interview_run.consent_granted" if granted else "interview_run.consent_declined"
            )
            await tell_of_run(connection, was, answered, now)
            return run_of(await move(connection, was, wanted, now, values))

    async def expire_due(self) -> list[str]:
        """Expire the runs that nobody began in time; returns their ids."""
        now = self._clock_ms()
        due = RunRow.status.in_(sources_of("expired")), RunRow.expires_at <= now
        async with self._database.write() as connection:
            return await move_all(connection, due, "expired", now)

    async def open_due(self) -> list[str]:
        """Open the scheduled runs whose time has come; returns their ids."""
        now = self._clock_ms()
        due = RunRow.status == "scheduled", RunRow.scheduled_at <= now
        async with self._database.write() as connection:
            return await move_all(connection, due, "awaiting_participant", now)

    async def abandon(self, run_id: str, seen_at: int) -> bool:
        """Abandon an active run, unless it has changed since `seen_at`, its `updated_at` of then."""
        unchanged = RunRow.id == run_id, RunRow.status == "active", RunRow.updated_at == seen_at
        async with self._database.write() as connection:
            return bool(await move_all(connection, unchanged, "abandoned", self._clock_ms()))

    # Sittings

    async def open_session(self, run_id: str) -> OpenedSession:
        """Begin a sitting of an active run; whoever wrote its events before may not any more. Raises
        TransitionRefused, RunNotFound."""
        session_id, now = new_id("ses_"), self._clock_ms()
        statement = (
            update(RunRow)
            .where(RunRow.id == run_id, RunRow.status == "active")
            .values(
                session_count=RunRow.session_count + 1,
                writer_epoch=RunRow.writer_epoch + 1,
                current_session_id=session_id,
                updated_at=now,
            )
            .returning(RunRow.session_count, RunRow.writer_epoch)
        )
        async with self._database.write() as connection:
            opened = (await connection.execute(statement)).first()
            if opened is None:
                raise TransitionRefused(run_id, (await run_row(connection, run_id)).status, "joined")
            number, epoch = opened
            opening = {"id": session_id, "run_id": run_id, "number": number, "opened_at": now}
            await connection.execute(adding(SessionRow), opening)
            last_seq = (await connection.run_sync(last_seqs, [run_id])).get(run_id, 0)
        return OpenedSession(run_id, session_id, number, epoch, last_seq, now)


def progress_note(run_id: str, progress: Mapping[str, Any]) -> Callable[[Connection], None]:
    """How far a run is, to be noted in a transaction. It changes no status, and a run that is gone needs
    none."""
    values = {"run_id": run_id, "so_far": dict(progress)}

    def note(connection: Connection) -> None:
        connection.execute(NOTING_PROGRESS, values)

    return note
