"""Interview runs: their links, consent, status and sittings. Status changes only along the table in
`run_status`.

What is said in a run is in its events; nothing here reads or writes them.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_id, new_secret, wall_clock_ms
from server.store.blueprints import BlueprintNotFound
from server.store.database import Database
from server.store.event_log import OpenedSession
from server.store.event_rows import last_seqs
from server.store.organizations import Tenant
from server.store.run_status import ConsentStatus, RunStatus, TransitionRefused, sources_of
from server.store.tables import BlueprintRow, BlueprintVersionRow, RunRow, SessionRow
from server.store.vault import Vault

_LINK: Final = "join token"
DEFAULT_LIFETIME_MS: Final = 7 * 86_400_000
LONGEST_TOKEN: Final = 100


class RunNotFound(LookupError):
    """There is no such run for whoever asked."""


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


class Run(msgspec.Struct, frozen=True):
    """One participant's traversal of one snapshot. Instants are milliseconds since 1970, UTC."""

    id: str
    organization_id: str
    test_mode: bool
    blueprint_id: str
    blueprint_version: int
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
    metadata: dict[str, Any]
    created_at: int
    updated_at: int

    @property
    def records(self) -> bool:
        """The participant agreed that the sound is kept."""
        return self.consent is not None and self.consent_status == "granted" and self.consent.recording


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
        consent_needed: bool,
        participant: Participant | None = None,
        scheduled_at: int | None = None,
        expires_at: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> tuple[Run, str]:
        """A new run of the last snapshot, and the secret of its link. Raises BlueprintNotFound where none is
        published.

        `expires_at` defaults to seven days from now, or from `scheduled_at`.
        """
        now = self._clock_ms()
        token = f"jt_{new_secret()}"
        values: dict[str, Any] = {
            "id": new_id("run_"),
            "organization_id": tenant.organization_id,
            "test_mode": tenant.test_mode,
            "blueprint_id": blueprint_id,
            "status": "awaiting_participant" if scheduled_at is None else "scheduled",
            "consent_status": "pending" if consent_needed else "not_required",
            "participant": msgspec.to_builtins(participant or Participant()),
            **self._kept(token),
            "expires_at": expires_at or (scheduled_at or now) + DEFAULT_LIFETIME_MS,
            "scheduled_at": scheduled_at,
            "session_count": 0,
            "writer_epoch": 0,
            "metadata_": dict(metadata or {}),
            "created_at": now,
            "updated_at": now,
        }
        async with self._database.write() as connection:
            values["blueprint_version"] = await _last_version(connection, tenant, blueprint_id)
            await connection.execute(insert(RunRow).values(**values))
            return _run(await _row(connection, str(values["id"]))), token

    async def find(self, run_id: str, tenant: Tenant | None = None) -> Run:
        """Raises RunNotFound, also when the run isn't the tenant's. None is for the server's own purposes."""
        async with self._database.read() as connection:
            return _run(await _row(connection, run_id, tenant))

    async def list_newest(
        self, tenant: Tenant, *, status: RunStatus | None = None, limit: int = 20, before: str | None = None
    ) -> list[Run]:
        """Newest first, those made before the run `before` alone if it is given."""
        statement = (
            select(RunRow)
            .where(RunRow.organization_id == tenant.organization_id, RunRow.test_mode == tenant.test_mode)
            .order_by(RunRow.id.desc())
            .limit(limit)
        )
        if status is not None:
            statement = statement.where(RunRow.status == status)
        if before is not None:
            statement = statement.where(RunRow.id < before)
        async with self._database.read() as connection:
            return [_run(row) for row in await connection.execute(statement)]

    # The link's secret

    async def check_token(self, run_id: str, token: str) -> Run | None:
        """The run, if this is the secret of its link. Tells nobody by its timing what is wrong."""
        presented = self._vault.fingerprint(_LINK, token if len(token) <= LONGEST_TOKEN else "")
        async with self._database.read() as connection:
            row = (await connection.execute(select(RunRow).where(RunRow.id == run_id))).first()
        kept = row.token_hash if row is not None else "0" * 64
        matches = hmac.compare_digest(kept, presented)
        return _run(row) if matches and row is not None else None

    async def join_token(self, run_id: str) -> str:
        """The secret of the link, for those who may see it. Raises RunNotFound, VaultError."""
        async with self._database.read() as connection:
            return self._vault.unseal((await _row(connection, run_id)).token_encrypted)

    # Status

    async def transition(self, run_id: str, wanted: RunStatus) -> Run:
        """Change the status, if the table allows it from the present one. Raises TransitionRefused,
        RunNotFound.

        The first time a run becomes active it has started; when it becomes completed it is.
        """
        async with self._database.write() as connection:
            return await self._move(connection, run_id, wanted, {})

    async def record_consent(self, run_id: str, *, granted: bool, record: ConsentRecord) -> Run:
        """Put the answer on record, and with it begin the talk or end the run. Raises as `transition`."""
        values = {
            "consent_status": "granted" if granted else "declined",
            "consent": msgspec.to_builtins(record),
        }
        async with self._database.write() as connection:
            wanted: RunStatus = "active" if granted else "abandoned"
            was = (await _row(connection, run_id)).status
            if was != "awaiting_consent":
                raise TransitionRefused(run_id, was, wanted)
            return await self._move(connection, run_id, wanted, values)

    async def expire_due(self) -> list[str]:
        """Expire the runs that nobody began in time; returns their ids."""
        now = self._clock_ms()
        statement = (
            update(RunRow)
            .where(RunRow.status.in_(sources_of("expired")), RunRow.expires_at <= now)
            .values(status="expired", updated_at=now)
            .returning(RunRow.id)
        )
        async with self._database.write() as connection:
            return sorted((await connection.execute(statement)).scalars())

    async def abandon(self, run_id: str, seen_at: int) -> bool:
        """Abandon an active run, unless it has changed since `seen_at`, its `updated_at` of then."""
        statement = (
            update(RunRow)
            .where(RunRow.id == run_id, RunRow.status == "active", RunRow.updated_at == seen_at)
            .values(status="abandoned", updated_at=self._clock_ms())
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

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
                raise TransitionRefused(run_id, (await _row(connection, run_id)).status, "joined")
            number, epoch = opened
            await connection.execute(
                insert(SessionRow).values(id=session_id, run_id=run_id, number=number, opened_at=now)
            )
            last_seq = (await connection.run_sync(last_seqs, [run_id])).get(run_id, 0)
        return OpenedSession(run_id, session_id, number, epoch, last_seq, now)

    def _kept(self, token: str) -> dict[str, Any]:
        return {
            "token_hash": self._vault.fingerprint(_LINK, token),
            "token_encrypted": self._vault.seal(token),
        }

    async def _move(
        self, connection: AsyncConnection, run_id: str, wanted: RunStatus, values: dict[str, Any]
    ) -> Run:
        now = self._clock_ms()
        was = await _row(connection, run_id)
        if was.status not in sources_of(wanted):
            raise TransitionRefused(run_id, was.status, wanted)
        if wanted == "active" and was.started_at is None:
            values = values | {"started_at": now}
        if wanted == "completed":
            values = values | {"completed_at": now}
        # Compared once more as it is set: on a database with many writers the row may have changed since.
        moved = await connection.execute(
            update(RunRow)
            .where(RunRow.id == run_id, RunRow.status == was.status)
            .values(status=wanted, updated_at=now, **values)
        )
        after = await _row(connection, run_id)
        if moved.rowcount != 1:
            raise TransitionRefused(run_id, after.status, wanted)
        return _run(after)


async def _last_version(connection: AsyncConnection, tenant: Tenant, blueprint_id: str) -> int:
    statement = (
        select(BlueprintVersionRow.version)
        .join(BlueprintRow, BlueprintRow.id == BlueprintVersionRow.blueprint_id)
        .where(
            BlueprintRow.id == blueprint_id,
            BlueprintRow.organization_id == tenant.organization_id,
            BlueprintRow.test_mode == tenant.test_mode,
            BlueprintRow.status != "archived",
        )
        .order_by(BlueprintVersionRow.version.desc())
        .limit(1)
    )
    version = (await connection.execute(statement)).scalar_one_or_none()
    if version is None:
        raise BlueprintNotFound(f"there is no published blueprint {blueprint_id}")
    return version


async def _row(connection: AsyncConnection, run_id: str, tenant: Tenant | None = None) -> Row[Any]:
    statement = select(RunRow).where(RunRow.id == run_id)
    if tenant is not None:
        statement = statement.where(
            RunRow.organization_id == tenant.organization_id, RunRow.test_mode == tenant.test_mode
        )
    row = (await connection.execute(statement)).first()
    if row is None:
        raise RunNotFound(f"there is no run {run_id}")
    return row


def _run(row: Row[Any]) -> Run:
    """Names only what a run shows; the link's hash and the fence stay behind."""
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, Run)
