"""By which open link a run came about, and of which visitor it is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLE = "open_link_visit"
_ID = sa.String(length=40)


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("open_link_id", _ID, nullable=False),
        sa.Column("visitor_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["interview_run.id"], name=op.f(f"fk_{_TABLE}_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["open_link_id"], ["open_link.id"], name=op.f(f"fk_{_TABLE}_open_link_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f(f"pk_{_TABLE}")),
    )
    op.create_index(
        op.f(f"ix_{_TABLE}_open_link_id_visitor_hash"), _TABLE, ["open_link_id", "visitor_hash"], unique=True
    )


def downgrade() -> None:
    op.drop_table(_TABLE)
