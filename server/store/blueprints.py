"""Blueprints: the draft that is worked on, and the snapshots that runs are pinned to. Judges no design."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.blueprint import Blueprint
from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.organizations import Tenant
from server.store.tables import BlueprintRow, BlueprintVersionRow

BlueprintStatus = Literal["draft", "published", "archived"]


class BlueprintNotFound(LookupError):
    """There is no such blueprint for whoever asked, or no such version of it."""


class BlueprintArchived(Exception):
    """An archived blueprint is not published again."""


class StoredBlueprint(msgspec.Struct, frozen=True):
    """A blueprint as it stands. `version` is that of its last snapshot, 0 = never published."""

    id: str
    organization_id: str
    test_mode: bool
    name: str
    status: BlueprintStatus
    version: int
    draft: Blueprint
    published_at: int | None
    created_at: int
    updated_at: int


class Blueprints:
    """Keeps designs. What is published is never changed again."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def create(self, tenant: Tenant, design: Blueprint) -> StoredBlueprint:
        now = self._clock_ms()
        values = {
            "id": new_id("bp_"),
            "organization_id": tenant.organization_id,
            "test_mode": tenant.test_mode,
            "name": design.name,
            "status": "draft",
            "version": 0,
            "body": _body(design),
            "published_at": None,
            "created_at": now,
            "updated_at": now,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(BlueprintRow), [values])
            return await _find(connection, tenant, str(values["id"]))

    async def find(self, tenant: Tenant, blueprint_id: str) -> StoredBlueprint:
        """Raises BlueprintNotFound."""
        async with self._database.read() as connection:
            return await _find(connection, tenant, blueprint_id)

    async def list_newest(self, tenant: Tenant, limit: int = 20) -> list[StoredBlueprint]:
        statement = (
            select(BlueprintRow)
            .where(
                BlueprintRow.organization_id == tenant.organization_id,
                BlueprintRow.test_mode == tenant.test_mode,
            )
            .order_by(BlueprintRow.id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_stored(row) for row in await connection.execute(statement)]

    async def publish(self, tenant: Tenant, blueprint_id: str) -> StoredBlueprint:
        """Take a snapshot of the draft as the next version. Raises BlueprintNotFound, BlueprintArchived."""
        now = self._clock_ms()
        async with self._database.write() as connection:
            before = await _find(connection, tenant, blueprint_id)
            changed = {"status": "published", "version": before.version + 1, "published_at": now}
            after = await self._change(connection, tenant, blueprint_id, changed)
            snapshot = {
                "blueprint_id": after.id,
                "version": after.version,
                "organization_id": after.organization_id,
                "body": _body(after.draft),
                "published_at": now,
            }
            await connection.execute(insert(BlueprintVersionRow), [snapshot])
        return after

    async def snapshot(self, blueprint_id: str, version: int) -> Blueprint:
        """The design that a run is pinned to. Raises BlueprintNotFound."""
        statement = select(BlueprintVersionRow.body).where(
            BlueprintVersionRow.blueprint_id == blueprint_id, BlueprintVersionRow.version == version
        )
        async with self._database.read() as connection:
            body = (await connection.execute(statement)).scalar_one_or_none()
        if body is None:
            raise BlueprintNotFound(f"{blueprint_id} has no version {version}")
        return Blueprint.model_validate(body)

    async def _change(
        self, connection: AsyncConnection, tenant: Tenant, blueprint_id: str, values: dict[str, object]
    ) -> StoredBlueprint:
        if (await _find(connection, tenant, blueprint_id)).status == "archived":
            raise BlueprintArchived(f"{blueprint_id} is archived")
        await connection.execute(
            update(BlueprintRow)
            .where(BlueprintRow.id == blueprint_id)
            .values(updated_at=self._clock_ms(), **values)
        )
        return await _find(connection, tenant, blueprint_id)


async def _find(connection: AsyncConnection, tenant: Tenant, blueprint_id: str) -> StoredBlueprint:
    statement = select(BlueprintRow).where(
        BlueprintRow.id == blueprint_id,
        BlueprintRow.organization_id == tenant.organization_id,
        BlueprintRow.test_mode == tenant.test_mode,
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        raise BlueprintNotFound(f"there is no blueprint {blueprint_id}")
    return _stored(row)


def _body(design: Blueprint) -> dict[str, Any]:
    return design.model_dump(mode="json", by_alias=True)


def _stored(row: Row[Any]) -> StoredBlueprint:
    values = dict(row._mapping)
    return StoredBlueprint(draft=Blueprint.model_validate(values.pop("body")), **values)
