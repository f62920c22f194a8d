"""API keys have names, so that people know what each is for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("api_key", recreate="always") as table:
        table.add_column(sa.Column("name", sa.String(length=60), nullable=True), insert_after="test_mode")


def downgrade() -> None:
    with op.batch_alter_table("api_key") as table:
        table.drop_column("name")
