"""Runs that are older than their progress and their documents get both: how far they are as their events tell
it, and for talks that are over the documents that are to be made of them."""

import json
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_DOCUMENTS: Final = {"transcript": "trn_", "responses": "rsp_", "analysis": "anl_"}
_OVER: Final = ("processing", "completed", "expired", "abandoned", "failed", "cancelled")
_TOLD: Final = ("NodeEntered", "InterviewPaused", "InterviewResumed", "InterviewFinished")

_RUN: Final = sa.table(
    "interview_run",
    *(sa.column(name) for name in ("id", "blueprint_id", "blueprint_version", "status", "session_count")),
    sa.column("progress", sa.JSON()),
    sa.column("updated_at"),
)
_VERSION: Final = sa.table(
    "blueprint_version", sa.column("blueprint_id"), sa.column("version"), sa.column("body", sa.JSON())
)
_EVENT: Final = sa.table(
    "event", *(sa.column(name) for name in ("run_id", "seq", "session_id", "kind", "body"))
)
_AT: Final[sa.ColumnClause[float]] = sa.column("at", sa.Double())
_DOCUMENT: Final = sa.table(
    "document",
    *(sa.column(name) for name in ("id", "run_id", "kind", "status", "created_at", "updated_at")),
)


def upgrade() -> None:
    connection = op.get_bind()
    designs = _Designs(connection)
    nothing = sa.select(_RUN).where(sa.cast(_RUN.c.progress, sa.Text()) == "{}")
    for run in connection.execute(nothing).all():
        progress = _progress(connection, run.id, len(designs.of(run)["graph"]["nodes"]))
        connection.execute(sa.update(_RUN).where(_RUN.c.id == run.id).values(progress=progress))
    none = ~sa.exists().where(_DOCUMENT.c.run_id == _RUN.c.id)
    talked = sa.select(_RUN).where(_RUN.c.session_count > 0, _RUN.c.status.in_(_OVER), none)
    for run in connection.execute(talked).all():
        wanted = designs.of(run).get("pipeline", {})
        for kind, prefix in _DOCUMENTS.items():
            if wanted.get(kind, True):
                document = {
                    "id": run.id.replace("run_", prefix, 1),
                    "run_id": run.id,
                    "kind": kind,
                    "status": "pending",
                    "created_at": run.updated_at,
                    "updated_at": run.updated_at,
                }
                connection.execute(sa.insert(_DOCUMENT).values(document))


class _Designs:
    """What runs are held by, each read once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, int], dict[str, Any]] = {}

    def of(self, run: sa.Row[Any]) -> dict[str, Any]:
        named = (run.blueprint_id, run.blueprint_version)
        if named not in self._known:
            statement = sa.select(_VERSION.c.body).where(
                _VERSION.c.blueprint_id == named[0], _VERSION.c.version == named[1]
            )
            self._known[named] = self._connection.execute(statement).scalar_one()
        return self._known[named]


def _progress(connection: sa.Connection, run_id: str, nodes: int) -> dict[str, Any]:
    """How far a run is. How much is left isn't known any more: it is said again when the talk goes on."""
    told = (
        sa.select(_EVENT.c.kind, _EVENT.c.body)
        .where(_EVENT.c.run_id == run_id, _EVENT.c.kind.in_(_TOLD))
        .order_by(_EVENT.c.seq)
    )
    path, paused = [], False
    for kind, body in connection.execute(told):
        if kind == "NodeEntered":
            path.append(json.loads(body)["node_key"])
        else:
            paused = kind == "InterviewPaused"
    sittings = (
        sa.select(sa.func.max(_AT))
        .select_from(_EVENT)
        .where(_EVENT.c.run_id == run_id)
        .group_by(_EVENT.c.session_id)
    )
    return {
        "nodes_total": nodes,
        "nodes_visited": len(set(path)),
        "current_node": path[-1] if path else None,
        "path_taken": path,
        "duration_s": round(float(sum(connection.execute(sittings).scalars())), 3),
        "estimated_remaining_s": None,
        "paused": paused,
    }


def downgrade() -> None:
    """Nothing: what was filled in is as it would have been from the start."""
