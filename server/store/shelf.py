"""Things that an organization makes, changes and deletes, each with a body that the API gives shape to:
agents, channels, connectors and their like. One shelf for each table; what a body means is
known elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped

from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.organizations import Tenant
from server.store.paging import Page, Window, read_page


class NotFound(LookupError):
    """There is no such thing for whoever asked."""


class Stale(Exception):
    """It has been changed since whoever asks has seen it."""


class InUse(Exception):
    """Something else rests on it, so it can't be deleted."""


class Kept(msgspec.Struct, frozen=True):
    """A thing as it lies on its shelf. Instants are milliseconds since 1970, UTC."""

    id: str
    organization_id: str
    test_mode: bool
    body: dict[str, Any]
    revision: int
    created_at: int
    updated_at: int


class ShelfRow(Protocol):
    """The columns that each table of a shelf has."""

    id: Mapped[str]
    organization_id: Mapped[str]
    test_mode: Mapped[bool]
    body: Mapped[dict[str, Any]]
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]


Change = Callable[[dict[str, Any]], dict[str, Any]]
"""The body as it is → the body as it shall be."""

Uses = Sequence[ColumnElement[bool]]


class Shelf:
    """One table of things."""

    def __init__(
        self,
        database: Database,
        table: type[Any],
        prefix: str,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        """`table` is one with the columns of ShelfRow, and maybe more."""
        self._database = database
        self._table = table
        self._prefix = prefix
        self._clock_ms = clock_ms

    async def create(self, tenant: Tenant, body: Mapping[str, Any], **columns: object) -> Kept:
        """A new thing. `columns` are those that this table has beside a shelf's."""
        async with self._database.write() as connection:
            return await self.create_in(connection, tenant, body, **columns)

    async def create_in(
        self, connection: AsyncConnection, tenant: Tenant, body: Mapping[str, Any], **columns: object
    ) -> Kept:
        """The same, as part of a transaction."""
        now = self._clock_ms()
        kept = Kept(new_id(self._prefix), tenant.organization_id, tenant.test_mode, dict(body), 1, now, now)
        await connection.execute(insert(self._table).values(**msgspec.structs.asdict(kept), **columns))
        return kept

    async def find(self, tenant: Tenant, thing_id: str) -> Kept:
        """Raises NotFound."""
        async with self._database.read() as connection:
            return await self.find_in(connection, tenant, thing_id)

    async def find_in(self, connection: AsyncConnection, tenant: Tenant, thing_id: str) -> Kept:
        """The same, as part of a transaction."""
        return await self._found(connection, self._of(tenant), thing_id)

    async def hold_in(self, connection: AsyncConnection, tenant: Tenant, thing_id: str) -> Kept:
        """The same, and nobody changes or deletes it until the transaction ends. Raises NotFound."""
        return await self._found(connection, self._of(tenant).with_for_update(), thing_id)

    async def find_many(self, thing_ids: Sequence[str]) -> dict[str, Kept]:
        """Those that there are, by id, in one query. Whose they are was seen to by whoever names them."""
        if not thing_ids:
            return {}
        statement = select(self._table).where(self._table.id.in_(set(thing_ids)))
        async with self._database.read() as connection:
            return {row.id: kept_of(row) for row in await connection.execute(statement)}

    async def page(
        self, tenant: Tenant, window: Window, conditions: Sequence[ColumnElement[bool]] = ()
    ) -> Page[Kept]:
        """A page of the tenant's things, newest first."""
        async with self._database.read() as connection:
            statement = self._of(tenant).where(*conditions)
            return await read_page(connection, statement, self._table.id, window, kept_of)

    async def change(
        self,
        tenant: Tenant,
        thing_id: str,
        change: Change,
        *,
        seen: int | None = None,
        **columns: object,
    ) -> Kept:
        """Put a changed body in its place. Raises NotFound; Stale if `seen` isn't its revision any more, or
        it changed under our hands."""
        async with self._database.write() as connection:
            return await self.change_in(connection, tenant, thing_id, change, seen=seen, **columns)

    async def change_in(
        self,
        connection: AsyncConnection,
        tenant: Tenant,
        thing_id: str,
        change: Change,
        *,
        seen: int | None = None,
        **columns: object,
    ) -> Kept:
        """The same, as part of a transaction."""
        before = await self.find_in(connection, tenant, thing_id)
        if seen is not None and seen != before.revision:
            raise Stale(thing_id)
        after = msgspec.structs.replace(
            before,
            body=change(before.body),
            revision=before.revision + 1,
            updated_at=max(self._clock_ms(), before.updated_at),
        )
        changed = await connection.execute(
            update(self._table)
            .where(self._table.id == thing_id, self._table.revision == before.revision)
            .values(body=after.body, revision=after.revision, updated_at=after.updated_at, **columns)
        )
        if changed.rowcount != 1:
            raise Stale(thing_id)
        return after

    async def delete(
        self, tenant: Tenant, thing_id: str, *, seen: int | None = None, unless: Uses = ()
    ) -> None:
        """Take it away. Raises NotFound, Stale; InUse where one of `unless` holds, or another table points to
        it."""
        async with self._database.write() as connection:
            before = await self.hold_in(connection, tenant, thing_id)
            if seen is not None and seen != before.revision:
                raise Stale(thing_id)
            for use in unless:
                if (await connection.execute(select(use))).scalar():
                    raise InUse(thing_id)
            try:
                await connection.execute(delete(self._table).where(self._table.id == thing_id))
            except IntegrityError:
                raise InUse(thing_id) from None

    async def _found(self, connection: AsyncConnection, statement: Any, thing_id: str) -> Kept:
        row = (await connection.execute(statement.where(self._table.id == thing_id))).first()
        if row is None:
            raise NotFound(thing_id)
        return kept_of(row)

    def _of(self, tenant: Tenant) -> Any:
        table = self._table
        columns = (
            table.id,
            table.organization_id,
            table.test_mode,
            table.body,
            table.revision,
            table.created_at,
            table.updated_at,
        )
        return select(*columns).where(
            table.organization_id == tenant.organization_id, table.test_mode == tenant.test_mode
        )


def kept_of(row: Row[Any]) -> Kept:
    """A shelf's own columns of a row that may have more."""
    values = row._mapping
    return Kept(**{name: values[name] for name in Kept.__struct_fields__})
