"""What is in transcripts and responses is read off the log: what was kept of them beside it is forgotten."""

from collections.abc import Sequence

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("UPDATE document SET body = NULL WHERE kind IN ('transcript', 'responses')")


def downgrade() -> None:
    """Nothing: a document without a body is read off the log by older servers too."""
