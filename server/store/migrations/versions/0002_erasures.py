"""An index of what was struck and erased, so that a start finds at once what is still to be done."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_event_erasure",
        "event",
        ["run_id", "seq"],
        sqlite_where=sa.text("kind IN ('AnswerStruck', 'AnswerErased')"),
        postgresql_where=sa.text("kind IN ('AnswerStruck', 'AnswerErased')"),
    )


def downgrade() -> None:
    op.drop_index("ix_event_erasure", "event")
