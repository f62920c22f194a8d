"""Kept answers name what they tell of, so that they are forgotten when it is deleted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("idempotency", recreate="always" if on_sqlite else "auto") as table:
        table.add_column(
            sa.Column("subject_id", sa.String(length=40), nullable=True),
            insert_after="body" if on_sqlite else None,
        )
    op.create_index(op.f("ix_idempotency_subject_id"), "idempotency", ["subject_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_idempotency_subject_id"), "idempotency")
    with op.batch_alter_table("idempotency") as table:
        table.drop_column("subject_id")
