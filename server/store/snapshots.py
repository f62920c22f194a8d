"""What was published of blueprints: designs that runs are pinned to, and that nobody changes any more."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import select, tuple_

from dialog.blueprint import Blueprint
from server.store.database import Database
from server.store.design_tables import BlueprintVersionRow


class BlueprintNotFound(LookupError):
    """There is no such blueprint for whoever asked, or no such version of it."""


class Snapshot(msgspec.Struct, frozen=True):
    """One published version. `body` is the whole design, its agent inline."""

    blueprint_id: str
    version: int
    organization_id: str
    agent_id: str
    body: dict[str, Any]
    published_at: int


class Snapshots:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def design(self, blueprint_id: str, version: int) -> Blueprint:
        """The design that a run is pinned to. Raises BlueprintNotFound."""
        return Blueprint.model_validate((await self.find(blueprint_id, version)).body)

    async def find(self, blueprint_id: str, version: int) -> Snapshot:
        """Raises BlueprintNotFound."""
        statement = select(BlueprintVersionRow).where(
            BlueprintVersionRow.blueprint_id == blueprint_id, BlueprintVersionRow.version == version
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            raise BlueprintNotFound(f"{blueprint_id} has no version {version}")
        return Snapshot(**row._mapping)

    async def find_many(self, pins: Collection[tuple[str, int]]) -> dict[tuple[str, int], Snapshot]:
        """Snapshots by (blueprint id, version), in one query; those that there aren't are left out."""
        if not pins:
            return {}
        pin = tuple_(BlueprintVersionRow.blueprint_id, BlueprintVersionRow.version)
        statement = select(BlueprintVersionRow).where(pin.in_(sorted(set(pins))))
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return {(row.blueprint_id, row.version): Snapshot(**row._mapping) for row in rows}

    async def page(self, blueprint_id: str, *, before: int | None, limit: int) -> list[Snapshot]:
        """Snapshots, newest first, those before version `before` alone if it is given."""
        statement = (
            select(BlueprintVersionRow)
            .where(BlueprintVersionRow.blueprint_id == blueprint_id)
            .order_by(BlueprintVersionRow.version.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(BlueprintVersionRow.version < before)
        async with self._database.read() as connection:
            return [Snapshot(**row._mapping) for row in await connection.execute(statement)]
