"""An index of the talks that are over, so that it can be seen again and again which run isn't yet."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_event_end",
        "event",
        ["run_id", "kind"],
        sqlite_where=sa.text("kind = 'InterviewFinished'"),
        postgresql_where=sa.text("kind = 'InterviewFinished'"),
    )


def downgrade() -> None:
    op.drop_index("ix_event_end", "event")
