"""Calls for operators, and what became of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLE = "operator_page"
_ID = sa.String(length=40)


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("http_status", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("request_body", sa.Text(), nullable=False),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("next_retry_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f(f"fk_{_TABLE}_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["interview_run.id"], name=op.f(f"fk_{_TABLE}_run_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("status in ('pending', 'succeeded', 'failed')", name=op.f(f"ck_{_TABLE}_status")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )
    op.create_index(
        op.f(f"ix_{_TABLE}_organization_id_test_mode_id"), _TABLE, ["organization_id", "test_mode", "id"]
    )
    op.create_index(op.f(f"ix_{_TABLE}_run_id_seq"), _TABLE, ["run_id", "seq"], unique=True)


def downgrade() -> None:
    op.drop_table(_TABLE)
