"""Agents of their own, channels, connectors, credentials, webhooks, open links: what researchers make."""

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_ID = sa.String(length=40)


def upgrade() -> None:
    _organizations()
    _agents()
    _blueprints()
    _runs()
    _shelf("channel", sa.Column("is_default", sa.Boolean(), nullable=False))
    _shelf("connector")
    _shelf("credentials", secret=sa.Column("secrets", sa.LargeBinary(), nullable=False))
    _shelf("webhook", secret=sa.Column("secret", sa.LargeBinary(), nullable=False))
    _open_links()


def _recreate() -> Literal["always", "auto"]:
    """SQLite changes a column by copying its table; where a new column stands can't be said otherwise."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "auto"


def _add(table: BatchOperations, column: sa.Column[Any], *, after: str) -> None:
    """A new column, in SQLite where it belongs."""
    if _recreate() == "always":
        table.add_column(column, insert_after=after)
    else:
        table.add_column(column)


def _now() -> list[sa.Column[int]]:
    return [
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    ]


def _owned() -> list[sa.Column[str] | sa.Column[bool]]:
    return [
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
    ]


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id"], ["organization.id"], name=op.f(f"fk_{table}_organization_id")
    )


def _shelf(
    table: str, more: sa.Column[bool] | None = None, *, secret: sa.Column[bytes] | None = None
) -> None:
    """A table of things with a body that an organization makes and changes."""
    op.create_table(
        table,
        sa.Column("id", _ID, nullable=False),
        *_owned(),
        *([more] if more is not None else []),
        sa.Column("body", sa.JSON(), nullable=False),
        *([secret] if secret is not None else []),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *_now(),
        _owner(table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        op.f(f"ix_{table}_organization_id_test_mode_id"), table, ["organization_id", "test_mode", "id"]
    )


def _organizations() -> None:
    with op.batch_alter_table("organization", recreate=_recreate()) as table:
        _add(table, sa.Column("settings", sa.JSON(), nullable=False, server_default="{}"), after="name")
        _add(
            table,
            sa.Column("revision", sa.BigInteger(), nullable=False, server_default="1"),
            after="settings",
        )
    with op.batch_alter_table("organization") as table:
        table.alter_column("settings", server_default=None)
        table.alter_column("revision", server_default=None)


def _agents() -> None:
    """Every blueprint had its agent within: it becomes one of its own."""
    _shelf("agent")
    connection = op.get_bind()
    blueprint = sa.table(
        "blueprint",
        *(sa.column(name) for name in ("id", "organization_id", "test_mode", "created_at", "updated_at")),
        sa.column("body", sa.JSON()),
    )
    agent = sa.table(
        "agent",
        *(sa.column(name) for name in ("id", "organization_id", "created_at", "updated_at", "revision")),
        sa.column("test_mode", sa.Boolean()),
        sa.column("body", sa.JSON()),
    )
    for row in connection.execute(sa.select(blueprint)).all():
        connection.execute(
            sa.insert(agent).values(
                id=row.id.replace("bp_", "agt_", 1),
                organization_id=row.organization_id,
                test_mode=bool(row.test_mode),
                body=row.body["agent"],
                revision=1,
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
        )


def _blueprints() -> None:
    op.drop_index(op.f("ix_blueprint_organization_id"), "blueprint")
    with op.batch_alter_table("blueprint", recreate=_recreate()) as table:
        _add(table, sa.Column("agent_id", _ID, nullable=True), after="test_mode")
        _add(table, sa.Column("description", sa.Text(), nullable=True), after="name")
        _add(table, sa.Column("graph", sa.JSON(), nullable=True), after="version")
        _add(table, sa.Column("settings", sa.JSON(), nullable=True), after="graph")
        _add(table, sa.Column("pipeline", sa.JSON(), nullable=True), after="settings")
        _add(table, sa.Column("metadata", sa.JSON(), nullable=True), after="pipeline")
        _add(
            table,
            sa.Column("revision", sa.BigInteger(), nullable=False, server_default="1"),
            after="published_at",
        )
    blueprint = sa.table(
        "blueprint",
        *(sa.column(name) for name in ("id", "agent_id", "description")),
        *(sa.column(name, sa.JSON()) for name in ("body", "graph", "settings", "pipeline", "metadata")),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(blueprint.c.id, blueprint.c.body)).all():
        connection.execute(
            sa.update(blueprint)
            .where(blueprint.c.id == row.id)
            .values(
                agent_id=row.id.replace("bp_", "agt_", 1),
                description=row.body.get("description"),
                graph=row.body["graph"],
                settings=row.body["settings"],
                pipeline=row.body["pipeline"],
                metadata=row.body["metadata"],
            )
        )
    with op.batch_alter_table("blueprint", recreate=_recreate()) as table:
        table.drop_column("body")
        table.alter_column("agent_id", nullable=False)
        for name in ("graph", "settings", "pipeline", "metadata"):
            table.alter_column(name, nullable=False)
        table.alter_column("revision", server_default=None)
        table.create_foreign_key(op.f("fk_blueprint_agent_id"), "agent", ["agent_id"], ["id"])
    op.create_index(op.f("ix_blueprint_agent_id"), "blueprint", ["agent_id"])
    op.create_index(
        op.f("ix_blueprint_organization_id_test_mode_id"),
        "blueprint",
        ["organization_id", "test_mode", "id"],
    )
    with op.batch_alter_table("blueprint_version", recreate=_recreate()) as table:
        _add(table, sa.Column("agent_id", _ID, nullable=True), after="organization_id")
        table.drop_constraint(op.f("fk_blueprint_version_blueprint_id"), type_="foreignkey")
        table.create_foreign_key(
            op.f("fk_blueprint_version_blueprint_id"),
            "blueprint",
            ["blueprint_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.execute("UPDATE blueprint_version SET agent_id = 'agt_' || substr(blueprint_id, 4)")
    with op.batch_alter_table("blueprint_version") as table:
        table.alter_column("agent_id", existing_type=_ID, nullable=False)


def _runs() -> None:
    with op.batch_alter_table("interview_run", recreate=_recreate()) as table:
        _add(table, sa.Column("agent_id", _ID, nullable=True), after="blueprint_version")
        _add(table, sa.Column("agent", sa.JSON(), nullable=True), after="agent_id")
        _add(table, sa.Column("channel_id", _ID, nullable=True), after="agent")
        _add(table, sa.Column("connector_id", _ID, nullable=True), after="channel_id")
        _add(table, sa.Column("meeting_url", sa.Text(), nullable=True), after="connector_id")
        _add(table, sa.Column("pin_hash", sa.String(length=64), nullable=True), after="token_encrypted")
        _add(table, sa.Column("pin_encrypted", sa.LargeBinary(), nullable=True), after="pin_hash")
        _add(
            table,
            sa.Column("progress", sa.JSON(), nullable=False, server_default="{}"),
            after="pin_encrypted",
        )
    op.execute("UPDATE interview_run SET agent_id = 'agt_' || substr(blueprint_id, 4)")
    with op.batch_alter_table("interview_run") as table:
        table.alter_column("agent_id", existing_type=_ID, nullable=False)
        table.alter_column("progress", existing_type=sa.JSON(), server_default=None)
    for columns, unique in (
        (["channel_id"], False),
        (["connector_id"], False),
        (["status", "scheduled_at"], False),
        (["pin_hash"], True),
    ):
        name = op.f(f"ix_interview_run_{'_'.join(columns)}")
        op.create_index(name, "interview_run", columns, unique=unique)


def _open_links() -> None:
    op.create_table(
        "open_link",
        sa.Column("id", _ID, nullable=False),
        *_owned(),
        sa.Column("blueprint_id", _ID, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *_now(),
        _owner("open_link"),
        sa.ForeignKeyConstraint(["blueprint_id"], ["blueprint.id"], name=op.f("fk_open_link_blueprint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_link")),
    )
    op.create_index(
        op.f("ix_open_link_organization_id_test_mode_id"), "open_link", ["organization_id", "test_mode", "id"]
    )
    op.create_index(op.f("ix_open_link_blueprint_id"), "open_link", ["blueprint_id"])


def downgrade() -> None:
    raise NotImplementedError("agents that were made since have no place in the tables of before")
