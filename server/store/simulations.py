"""Drafts that are tried on simulated participants: asked for, under way, and what came of them. How talks are
held, and whether what came of them is enough, is known elsewhere."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Delete, Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from server.clock import new_id, wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import JobRow
from server.store.design_tables import BlueprintRow, SimulationRow
from server.store.fingerprints import fingerprint
from server.store.jobs import enqueue
from server.store.organizations import Tenant
from server.store.paging import Page, Window, read_page
from server.store.snapshots import BlueprintNotFound

SimulationStatus = Literal["pending", "processing", "completed", "failed"]

SIMULATE: Final = "simulate"
"""The kind of job that tries a draft; its subject is the simulation's id."""
OPEN: Final[frozenset[SimulationStatus]] = frozenset({"pending", "processing"})
"""Not over yet."""
MOST_WAITING: Final = 20
"""Of an organization."""
MOST_KEPT: Final = 100
"""Of a blueprint, the newest. Larger: a draft that is gone back to has longer been tried already."""

_HAD = aliased(SimulationRow)
_WAITS = aliased(SimulationRow)
LEAST_LATELY: Final = (
    func.coalesce(
        select(func.max(_HAD.updated_at))
        .where(
            _WAITS.id == JobRow.subject,
            _HAD.organization_id == _WAITS.organization_id,
            _HAD.status != "pending",
        )
        .correlate(JobRow)
        .scalar_subquery(),
        0,
    ),
)
"""The order of jobs by which organizations take turns: first is the one whose last draft was tried the
longest ago. One that asks for many keeps the others waiting for no more than one of them."""


class SimulationNotFound(LookupError):
    """There is no such simulation for whoever asked."""


class UnderWay(Exception):
    """This very design is being tried."""


class TooManyWaiting(Exception):
    """So many of the organization's drafts are to be tried that no more are taken."""


class Simulation(msgspec.Struct, frozen=True):
    """One trial of a draft. Instants are milliseconds since 1970, UTC."""

    id: str
    organization_id: str
    test_mode: bool
    blueprint_id: str
    fingerprint: str
    """Of the design that is tried."""
    seeds: int
    """Talks with each participant."""
    status: SimulationStatus
    talks_held: int
    talks_planned: int | None
    """None until they are counted."""
    results: dict[str, Any] | None
    error: str | None
    created_at: int
    updated_at: int
    completed_at: int | None


_COLUMNS: Final = tuple(getattr(SimulationRow, name) for name in Simulation.__struct_fields__)


class Simulations:
    """The simulations of one database."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def ask(
        self, tenant: Tenant, blueprint_id: str, design: Mapping[str, Any], seeds: int
    ) -> Simulation:
        """Have a design of this blueprint tried, `seeds` talks with each participant. Raises
        BlueprintNotFound, UnderWay, TooManyWaiting."""
        now = self._clock_ms()
        asked = Simulation(
            id=new_id("sim_"),
            organization_id=tenant.organization_id,
            test_mode=tenant.test_mode,
            blueprint_id=blueprint_id,
            fingerprint=fingerprint(design),
            seeds=seeds,
            status="pending",
            talks_held=0,
            talks_planned=None,
            results=None,
            error=None,
            created_at=now,
            updated_at=now,
            completed_at=None,
        )
        async with self._database.write() as connection:
            await self._make_room(connection, asked)
            values = msgspec.structs.asdict(asked) | {"design": dict(design)}
            await connection.execute(insert(SimulationRow).values(**values))
            await enqueue(connection, SIMULATE, asked.id, now)
        return asked

    async def _make_room(self, connection: AsyncConnection, asked: Simulation) -> None:
        """See that it may be asked for. Raises BlueprintNotFound, UnderWay, TooManyWaiting."""
        # Who asks at the same time for the same blueprint waits here.
        there = select(BlueprintRow.id).where(BlueprintRow.id == asked.blueprint_id).with_for_update()
        if (await connection.execute(there)).first() is None:
            raise BlueprintNotFound(asked.blueprint_id)
        waiting = (
            SimulationRow.organization_id == asked.organization_id,
            SimulationRow.test_mode == asked.test_mode,
            SimulationRow.status.in_(OPEN),
        )
        the_same = select(SimulationRow.id).where(
            *waiting,
            SimulationRow.blueprint_id == asked.blueprint_id,
            SimulationRow.fingerprint == asked.fingerprint,
        )
        if (await connection.execute(the_same)).first() is not None:
            raise UnderWay(asked.blueprint_id)
        count = (await connection.execute(select(func.count()).where(*waiting))).scalar_one()
        if count >= MOST_WAITING:
            raise TooManyWaiting(asked.organization_id)

    async def find(self, tenant: Tenant, blueprint_id: str, simulation_id: str) -> Simulation:
        """Raises SimulationNotFound."""
        statement = select(*_COLUMNS).where(*_of(tenant, blueprint_id), SimulationRow.id == simulation_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            raise SimulationNotFound(simulation_id)
        return _simulation(row)

    async def page(self, tenant: Tenant, blueprint_id: str, window: Window) -> Page[Simulation]:
        """A page of the simulations of a blueprint, newest first."""
        statement = select(*_COLUMNS).where(*_of(tenant, blueprint_id))
        async with self._database.read() as connection:
            return await read_page(connection, statement, SimulationRow.id, window, _simulation)

    async def of_design(self, tenant: Tenant, blueprint_id: str, named: str) -> list[Simulation]:
        """The latest simulations of the design of this fingerprint, newest first."""
        statement = (
            select(*_COLUMNS)
            .where(*_of(tenant, blueprint_id), SimulationRow.fingerprint == named)
            .order_by(SimulationRow.id.desc())
            .limit(MOST_WAITING)
        )
        async with self._database.read() as connection:
            return [_simulation(row) for row in await connection.execute(statement)]

    # For whoever holds the talks

    async def begin(self, simulation_id: str) -> tuple[Simulation, dict[str, Any]] | None:
        """The simulation and its design, to be tried now; None where nobody waits for it any more."""
        started = {"status": "processing", "talks_held": 0, "updated_at": self._clock_ms()}
        async with self._database.write() as connection:
            if not await self._note(connection, simulation_id, started):
                return None
            found: Select[Any] = select(*_COLUMNS, SimulationRow.design)
            row = (await connection.execute(found.where(SimulationRow.id == simulation_id))).one()
        return _simulation(row), dict(row.design)

    async def advance(self, simulation_id: str, held: int, planned: int) -> bool:
        """Note how far it is. False where nobody waits for it any more."""
        so_far = {"talks_held": held, "talks_planned": planned, "updated_at": self._clock_ms()}
        async with self._database.write() as connection:
            return await self._note(connection, simulation_id, so_far)

    async def complete(self, simulation_id: str, held: int, results: Mapping[str, Any]) -> None:
        """It is over, and this came of it. Of one that is over nothing changes."""
        await self._end(
            simulation_id,
            {"status": "completed", "talks_held": held, "talks_planned": held, "results": dict(results)},
        )

    async def fail(self, simulation_id: str, error: str) -> None:
        """It is over, and this is why nothing came of it. Of one that is over nothing changes."""
        await self._end(simulation_id, {"status": "failed", "error": error})

    async def _end(self, simulation_id: str, values: Mapping[str, Any]) -> None:
        now = self._clock_ms()
        over = {**values, "design": None, "updated_at": now, "completed_at": now}
        async with self._database.write() as connection:
            if await self._note(connection, simulation_id, over):
                await connection.execute(_forgetting(simulation_id))

    async def _note(self, connection: AsyncConnection, simulation_id: str, values: Mapping[str, Any]) -> bool:
        noted = (
            update(SimulationRow)
            .where(SimulationRow.id == simulation_id, SimulationRow.status.in_(OPEN))
            .values(**values)
        )
        return (await connection.execute(noted)).rowcount == 1


def _forgetting(simulation_id: str) -> Delete:
    """Of this one's blueprint, drop those that are over and that as many newer ones have followed."""
    whose = select(SimulationRow.blueprint_id).where(SimulationRow.id == simulation_id).scalar_subquery()
    newest_first = select(_HAD.id).where(_HAD.blueprint_id == whose).order_by(_HAD.id.desc())
    first_too_old = newest_first.offset(MOST_KEPT).limit(1).scalar_subquery()
    return delete(SimulationRow).where(
        SimulationRow.blueprint_id == whose,
        SimulationRow.status.not_in(OPEN),
        SimulationRow.id <= first_too_old,
    )


def _of(tenant: Tenant, blueprint_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        SimulationRow.organization_id == tenant.organization_id,
        SimulationRow.test_mode == tenant.test_mode,
        SimulationRow.blueprint_id == blueprint_id,
    )


def _simulation(row: Row[Any]) -> Simulation:
    values = row._mapping
    return Simulation(**{name: values[name] for name in Simulation.__struct_fields__})
