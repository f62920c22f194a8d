"""The answers to requests that named themselves, for a day: the same request sent again is answered the same,
and done once. Knows nothing of HTTP but a status, some headers and bytes."""

import contextlib
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import wall_clock_ms
from server.store.database import Database, along
from server.store.delivery_tables import IdempotencyRow
from server.store.tables import RunRow

LIFETIME_MS: Final = 86_400_000
ABANDONED_MS: Final = 60_000
"""An answer that is this long in the making isn't coming any more: its server was killed."""

_BEGUN: Final = 0
"""In the place of a status: something was done, and nothing answered yet."""
_BROKEN: Final = 1
"""Likewise, and nothing will be answered."""
_NONE: Final = ""
_FORGOTTEN: Final[dict[str, Any]] = {"body_hash": _NONE, "headers": {}, "body": None}
"""What is left of an answer that is forgotten, and of what was asked."""


class Answer(msgspec.Struct, frozen=True):
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Repeat(Enum):
    """Why a request can be neither answered from memory nor done."""

    OTHER_BODY = "other_body"
    UNDER_WAY = "under_way"
    UNANSWERED = "unanswered"
    """Its server was killed, or failed, before it had answered, and something of it may be done: it isn't
    done again."""
    DELETED = "deleted"
    """It was done, and what came of it is deleted since: it isn't done again."""


async def forget_answers(connection: AsyncConnection, subject_id: str) -> int:
    """Forget all answers that tell of something, as part of the transaction that deletes it; returns how
    many. That their requests were done is remembered, so that none is done a second time."""
    statement = update(IdempotencyRow).where(IdempotencyRow.subject_id == subject_id).values(**_FORGOTTEN)
    return (await connection.execute(statement)).rowcount


async def _is_there(connection: AsyncConnection, subject_id: str) -> bool:
    """Whether a run is; it stays until the transaction ends. Nothing else takes its answers along."""
    if not subject_id.startswith("run_"):
        return True
    held = select(RunRow.id).where(RunRow.id == subject_id).with_for_update(read=True, key_share=True)
    return (await connection.execute(held)).first() is not None


class Idempotency:
    """The memory of one database."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def begin(self, key_hash: str, body_hash: str) -> Answer | Repeat | None:
        """Claim a request. None: it is the caller's to do, and to `complete` or `forget`."""
        now = self._clock_ms()
        mine: dict[str, Any] = {
            "key_hash": key_hash,
            "body_hash": body_hash,
            "status": None,
            "headers": {},
            "body": None,
            "subject_id": None,
        }
        try:
            async with self._database.write() as connection:
                stale = (IdempotencyRow.created_at <= now - LIFETIME_MS) | (
                    IdempotencyRow.status.is_(None) & (IdempotencyRow.created_at <= now - ABANDONED_MS)
                )
                await connection.execute(
                    delete(IdempotencyRow).where(IdempotencyRow.key_hash == key_hash, stale)
                )
                await connection.execute(insert(IdempotencyRow).values(**mine, created_at=now))
        except IntegrityError:
            return await self._former(key_hash, body_hash)
        return None

    async def _former(self, key_hash: str, body_hash: str) -> Answer | Repeat:
        statement = select(IdempotencyRow).where(IdempotencyRow.key_hash == key_hash)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        if row is None or (row.status is None and row.body_hash == body_hash):
            return Repeat.UNDER_WAY
        if row.status in (_BEGUN, _BROKEN) and row.body_hash == body_hash:
            fresh = row.status == _BEGUN and row.created_at > self._clock_ms() - ABANDONED_MS
            return Repeat.UNDER_WAY if fresh else Repeat.UNANSWERED
        if row.body_hash == _NONE:
            return Repeat.DELETED
        if row.body_hash != body_hash:
            return Repeat.OTHER_BODY
        return Answer(row.status, row.headers, row.body or b"")

    @contextlib.contextmanager
    def doing(self, key_hash: str) -> Iterator[None]:
        """Do a claimed request inside: once anything of it is on the disk, so is that it was begun."""
        begun = (
            update(IdempotencyRow)
            .where(IdempotencyRow.key_hash == key_hash, IdempotencyRow.status.is_(None))
            .values(status=_BEGUN)
        )

        async def note(connection: AsyncConnection) -> None:
            await connection.execute(begun)

        outer = along.set(note)
        try:
            yield
        finally:
            along.reset(outer)

    async def complete(self, key_hash: str, answer: Answer, subject_id: str | None = None) -> None:
        """Keep the answer to a request that was claimed, for as long as what it tells of isn't deleted."""
        values = msgspec.structs.asdict(answer)
        async with self._database.write() as connection:
            # First the subject, then the answer, in the order in which a deletion takes hold of them.
            if subject_id is not None and not await _is_there(connection, subject_id):
                values = {"status": answer.status} | _FORGOTTEN
            statement = update(IdempotencyRow).where(IdempotencyRow.key_hash == key_hash)
            await connection.execute(statement.values(**values, subject_id=subject_id))

    async def forget(self, key_hash: str) -> None:
        """Give a claim up: nothing will be answered. Where nothing was done either, it may be done anew."""
        mine = IdempotencyRow.key_hash == key_hash
        async with self._database.write() as connection:
            await connection.execute(delete(IdempotencyRow).where(mine, IdempotencyRow.status.is_(None)))
            begun = update(IdempotencyRow).where(mine, IdempotencyRow.status == _BEGUN)
            await connection.execute(begun.values(status=_BROKEN))

    async def sweep(self) -> int:
        """Drop what is older than a day; returns how many."""
        old = IdempotencyRow.created_at <= self._clock_ms() - LIFETIME_MS
        async with self._database.write() as connection:
            return (await connection.execute(delete(IdempotencyRow).where(old))).rowcount
