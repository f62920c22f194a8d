"""Blueprints: the draft that is worked on, and its publishing. Judges no design."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Row, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.blueprint import Blueprint
from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.design_tables import AgentRow, BlueprintRow, BlueprintVersionRow
from server.store.fingerprints import DesignChanged, fingerprint
from server.store.organizations import Tenant
from server.store.outbox import announce
from server.store.paging import Page, Window, read_page
from server.store.shelf import InUse, Stale
from server.store.snapshots import BlueprintNotFound, Snapshots

BlueprintStatus = Literal["draft", "published", "archived"]

PARTS = ("graph", "settings", "pipeline", "metadata")
"""What a blueprint has beside its names and its agent, each kept as JSON."""


class BlueprintArchived(Exception):
    """An archived blueprint is neither changed nor published again."""


class StoredBlueprint(msgspec.Struct, frozen=True):
    """A blueprint as it stands. `version` is that of its last snapshot, 0 = never published."""

    id: str
    organization_id: str
    test_mode: bool
    agent_id: str
    name: str
    description: str | None
    status: BlueprintStatus
    version: int
    graph: dict[str, Any]
    settings: dict[str, Any]
    pipeline: dict[str, Any]
    metadata: dict[str, Any]
    published_at: int | None
    revision: int
    created_at: int
    updated_at: int

    def with_agent(self, agent: Mapping[str, Any]) -> dict[str, Any]:
        """The whole design, its agent inline, as a blueprint's file has it."""
        return {
            "name": self.name,
            "description": self.description,
            "agent": dict(agent),
            **{part: getattr(self, part) for part in PARTS},
        }


Edit = Callable[[StoredBlueprint], Mapping[str, Any]]
"""The blueprint as it is → the fields that change."""


class Blueprints:
    """Keeps designs. What is published is never changed again."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self.snapshots = Snapshots(database)
        self._database = database
        self._clock_ms = clock_ms

    async def create(self, tenant: Tenant, design: Blueprint) -> StoredBlueprint:
        """A draft of a whole design: its agent becomes one of the organization's."""
        body = design.model_dump(mode="json", by_alias=True)
        return await self.with_agent(tenant, body.pop("agent"), body)

    async def with_agent(
        self, tenant: Tenant, agent: Mapping[str, Any], body: Mapping[str, Any]
    ) -> StoredBlueprint:
        """A draft for an agent that comes along with it, and becomes one of the organization's."""
        now = self._clock_ms()
        agent_id = new_id("agt_")
        async with self._database.write() as connection:
            await connection.execute(
                insert(AgentRow).values(
                    id=agent_id,
                    organization_id=tenant.organization_id,
                    test_mode=tenant.test_mode,
                    body=dict(agent),
                    revision=1,
                    created_at=now,
                    updated_at=now,
                )
            )
            return await self._insert(connection, tenant, agent_id, body)

    async def draft(self, tenant: Tenant, agent_id: str, body: Mapping[str, Any]) -> StoredBlueprint:
        """A draft for an agent that there is. Raises LookupError when it isn't the tenant's."""
        async with self._database.write() as connection:
            await _agent(connection, tenant, agent_id)
            return await self._insert(connection, tenant, agent_id, body)

    async def find(self, tenant: Tenant, blueprint_id: str) -> StoredBlueprint:
        """Raises BlueprintNotFound."""
        async with self._database.read() as connection:
            return await _find(connection, tenant, blueprint_id)

    async def design(self, tenant: Tenant, blueprint_id: str) -> dict[str, Any]:
        """The whole draft, its agent inline. Raises BlueprintNotFound."""
        async with self._database.read() as connection:
            stored = await _find(connection, tenant, blueprint_id)
            return stored.with_agent(await _agent(connection, tenant, stored.agent_id))

    async def find_many(self, blueprint_ids: Sequence[str]) -> dict[str, StoredBlueprint]:
        """Those that there are, by id, in one query. Whose they are was seen to by whoever names them."""
        if not blueprint_ids:
            return {}
        statement = select(BlueprintRow).where(BlueprintRow.id.in_(set(blueprint_ids)))
        async with self._database.read() as connection:
            return {row.id: _stored(row) for row in await connection.execute(statement)}

    async def page(
        self,
        tenant: Tenant,
        window: Window,
        *,
        status: BlueprintStatus | None = None,
        agent_id: str | None = None,
    ) -> Page[StoredBlueprint]:
        """A page of the tenant's blueprints, newest first."""
        statement = _of(tenant)
        if status is not None:
            statement = statement.where(BlueprintRow.status == status)
        if agent_id is not None:
            statement = statement.where(BlueprintRow.agent_id == agent_id)
        async with self._database.read() as connection:
            return await read_page(connection, statement, BlueprintRow.id, window, _stored)

    async def edit(
        self, tenant: Tenant, blueprint_id: str, edit: Edit, *, seen: int | None = None
    ) -> StoredBlueprint:
        """Change the draft; what was published stays as it is, and a new draft of it is open from now on.

        Raises BlueprintNotFound, BlueprintArchived; Stale if `seen` isn't its revision any more; LookupError
        for an agent that isn't the tenant's.
        """
        async with self._database.write() as connection:
            before = await _find(connection, tenant, blueprint_id)
            _refuse_archived(before)
            values = dict(edit(before))
            if "agent_id" in values:
                await _agent(connection, tenant, values["agent_id"])
            if "metadata" in values:
                values["metadata_"] = values.pop("metadata")
            return await self._change(connection, before, {"status": "draft", **values}, seen)

    async def archive(self, tenant: Tenant, blueprint_id: str, *, seen: int | None = None) -> StoredBlueprint:
        """Let no new run begin. Raises BlueprintNotFound, Stale. Safe to call again."""
        async with self._database.write() as connection:
            before = await _find(connection, tenant, blueprint_id)
            if before.status == "archived":
                return before
            return await self._change(connection, before, {"status": "archived"}, seen)

    async def publish(
        self, tenant: Tenant, blueprint_id: str, *, seen: int | None = None, judged: str | None = None
    ) -> StoredBlueprint:
        """Take a snapshot of the draft and its agent as the next version; `judged` is the fingerprint of the
        design that was found fit for that.

        Raises BlueprintNotFound, BlueprintArchived; Stale if `seen` isn't its revision any more;
        DesignChanged.
        """
        now = self._clock_ms()
        async with self._database.write() as connection:
            before = await _find(connection, tenant, blueprint_id)
            _refuse_archived(before)
            changed = {"status": "published", "version": before.version + 1, "published_at": now}
            after = await self._change(connection, before, changed, seen)
            design = after.with_agent(await _agent(connection, tenant, after.agent_id))
            if judged is not None and judged != fingerprint(design):
                raise DesignChanged(blueprint_id)
            snapshot = {
                "blueprint_id": after.id,
                "version": after.version,
                "organization_id": after.organization_id,
                "agent_id": after.agent_id,
                "body": design,
                "published_at": now,
            }
            await connection.execute(insert(BlueprintVersionRow), [snapshot])
            told = {"blueprint_id": after.id, "version": after.version}
            await announce(connection, tenant, "blueprint.published", after.id, told, now)
        return after

    async def delete(self, tenant: Tenant, blueprint_id: str, *, seen: int | None = None) -> None:
        """Take it away with its snapshots. Raises BlueprintNotFound, Stale; InUse when there is a run
        of it."""
        async with self._database.write() as connection:
            before = await _find(connection, tenant, blueprint_id)
            if seen is not None and seen != before.revision:
                raise Stale(blueprint_id)
            try:
                await connection.execute(delete(BlueprintRow).where(BlueprintRow.id == blueprint_id))
            except IntegrityError:
                raise InUse(blueprint_id) from None

    async def _insert(
        self, connection: AsyncConnection, tenant: Tenant, agent_id: str, body: Mapping[str, Any]
    ) -> StoredBlueprint:
        now = self._clock_ms()
        stored = StoredBlueprint(
            id=new_id("bp_"),
            organization_id=tenant.organization_id,
            test_mode=tenant.test_mode,
            agent_id=agent_id,
            name=body["name"],
            description=body.get("description"),
            status="draft",
            version=0,
            graph=body["graph"],
            settings=body["settings"],
            pipeline=body["pipeline"],
            metadata=body["metadata"],
            published_at=None,
            revision=1,
            created_at=now,
            updated_at=now,
        )
        values = msgspec.structs.asdict(stored)
        values["metadata_"] = values.pop("metadata")
        await connection.execute(insert(BlueprintRow).values(**values))
        return stored

    async def _change(
        self,
        connection: AsyncConnection,
        before: StoredBlueprint,
        values: Mapping[str, Any],
        seen: int | None,
    ) -> StoredBlueprint:
        if seen is not None and seen != before.revision:
            raise Stale(before.id)
        changed = await connection.execute(
            update(BlueprintRow)
            .where(BlueprintRow.id == before.id, BlueprintRow.revision == before.revision)
            .values(
                updated_at=max(self._clock_ms(), before.updated_at),
                revision=before.revision + 1,
                **values,
            )
        )
        if changed.rowcount != 1:
            raise Stale(before.id)
        return await _find(connection, Tenant(before.organization_id, before.test_mode), before.id)


def _refuse_archived(blueprint: StoredBlueprint) -> None:
    if blueprint.status == "archived":
        raise BlueprintArchived(f"{blueprint.id} is archived")


def _of(tenant: Tenant) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [
        BlueprintRow.organization_id == tenant.organization_id,
        BlueprintRow.test_mode == tenant.test_mode,
    ]
    return select(BlueprintRow).where(*conditions)


async def _find(connection: AsyncConnection, tenant: Tenant, blueprint_id: str) -> StoredBlueprint:
    row = (await connection.execute(_of(tenant).where(BlueprintRow.id == blueprint_id))).first()
    if row is None:
        raise BlueprintNotFound(f"there is no blueprint {blueprint_id}")
    return _stored(row)


async def _agent(connection: AsyncConnection, tenant: Tenant, agent_id: str) -> dict[str, Any]:
    statement = select(AgentRow.body).where(
        AgentRow.id == agent_id,
        AgentRow.organization_id == tenant.organization_id,
        AgentRow.test_mode == tenant.test_mode,
    )
    body = (await connection.execute(statement)).scalar_one_or_none()
    if body is None:
        raise LookupError(f"there is no agent {agent_id}")
    return dict(body)


def _stored(row: Row[Any]) -> StoredBlueprint:
    return StoredBlueprint(**row._mapping)
