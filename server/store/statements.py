"""Statements that are made once. To make one takes SQLAlchemy longer than SQLite takes to run it, and whoever
writes keeps all other writers waiting meanwhile."""

import functools
from typing import Final, cast

from sqlalchemy import Insert, Select, Table, Update, bindparam, func, insert, select, update

from server.store.design_tables import BlueprintRow, BlueprintVersionRow
from server.store.tables import RunRow, Tables


def bare(table: type[Tables]) -> Table:
    """The table itself, without the mapping on it, which costs as much again."""
    return cast(Table, table.__table__)


@functools.cache
def adding(table: type[Tables]) -> Insert:
    """Add rows, given as the statement's parameters by the names of their columns."""
    return insert(bare(table))


_RUNS: Final = bare(RunRow)
_BLUEPRINTS: Final = bare(BlueprintRow)
_VERSIONS: Final = bare(BlueprintVersionRow)

ADDING_RUN: Final = insert(_RUNS).returning(_RUNS)
"""Add a run, and read it again as it is kept."""

ONE_RUN: Final[Select[tuple[object, ...]]] = select(_RUNS).where(_RUNS.c.id == bindparam("run_id"))
"""The row of `run_id`."""

ONE_RUN_HELD: Final = ONE_RUN.with_for_update()
"""The same, and nobody else changes it until the transaction ends."""

NOTING_PROGRESS: Final[Update] = (
    update(_RUNS).where(_RUNS.c.id == bindparam("run_id")).values(progress=bindparam("so_far"))
)
"""Note how far `run_id` is; the transaction that does so may have a talk wait for it."""

RUN_OF_PIN: Final = select(_RUNS.c.id).where(_RUNS.c.pin_hash == bindparam("pin_hash"))

LAST_VERSION: Final = (
    select(_VERSIONS.c.agent_id, _VERSIONS.c.version, _VERSIONS.c.body)
    .join(_BLUEPRINTS, _BLUEPRINTS.c.id == _VERSIONS.c.blueprint_id)
    .where(
        _BLUEPRINTS.c.id == bindparam("blueprint_id"),
        _BLUEPRINTS.c.organization_id == bindparam("organization_id"),
        _BLUEPRINTS.c.test_mode == bindparam("test_mode"),
        _BLUEPRINTS.c.status != "archived",
    )
    .order_by(_VERSIONS.c.version.desc())
    .limit(1)
)
"""(agent id, version, body) of the last snapshot of a blueprint that isn't archived."""

STANDING: Final = (
    select(_BLUEPRINTS.c.status, func.max(_VERSIONS.c.version).label("version"))
    .join(_VERSIONS, _VERSIONS.c.blueprint_id == _BLUEPRINTS.c.id)
    .where(_BLUEPRINTS.c.id == bindparam("blueprint_id"))
    .group_by(_BLUEPRINTS.c.id)
)
"""(status, number of the last snapshot) of a published blueprint."""
