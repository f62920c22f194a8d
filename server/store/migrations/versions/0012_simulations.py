"""Simulations of drafts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLE = "simulation"
_ID = sa.String(length=40)


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
        sa.Column("blueprint_id", _ID, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("design", sa.JSON(), nullable=True),
        sa.Column("seeds", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("talks_held", sa.BigInteger(), nullable=False),
        sa.Column("talks_planned", sa.BigInteger(), nullable=True),
        sa.Column("results", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f(f"fk_{_TABLE}_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["blueprint_id"], ["blueprint.id"], name=op.f(f"fk_{_TABLE}_blueprint_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "status in ('pending', 'processing', 'completed', 'failed')", name=op.f(f"ck_{_TABLE}_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )
    op.create_index(op.f(f"ix_{_TABLE}_blueprint_id_id"), _TABLE, ["blueprint_id", "id"])
    op.create_index(
        op.f(f"ix_{_TABLE}_organization_id_test_mode_status"),
        _TABLE,
        ["organization_id", "test_mode", "status"],
    )


def downgrade() -> None:
    op.drop_table(_TABLE)
