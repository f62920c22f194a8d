"""The tables of the first release: organizations, keys, blueprints, runs, sessions and events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "organization",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_api_key_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
    )
    op.create_index(op.f("ix_api_key_organization_id"), "api_key", ["organization_id"])

    op.create_table(
        "blueprint",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status in ('draft', 'published', 'archived')", name=op.f("ck_blueprint_status")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_blueprint_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blueprint")),
    )
    op.create_index(op.f("ix_blueprint_organization_id"), "blueprint", ["organization_id"])

    op.create_table(
        "blueprint_version",
        sa.Column("blueprint_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blueprint_id"], ["blueprint.id"], name=op.f("fk_blueprint_version_blueprint_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_blueprint_version_organization_id")
        ),
        sa.PrimaryKeyConstraint("blueprint_id", "version", name=op.f("pk_blueprint_version")),
    )
    op.create_table(
        "interview_run",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
        sa.Column("blueprint_id", sa.String(length=40), nullable=False),
        sa.Column("blueprint_version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("consent_status", sa.String(length=16), nullable=False),
        sa.Column("consent", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("participant", sa.JSON(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("scheduled_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("session_count", sa.BigInteger(), nullable=False),
        sa.Column("current_session_id", sa.String(length=40), nullable=True),
        sa.Column("writer_epoch", sa.BigInteger(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "consent_status in ('pending', 'granted', 'declined', 'not_required')",
            name=op.f("ck_interview_run_consent_status"),
        ),
        sa.CheckConstraint(
            "status in ('created', 'scheduled', 'awaiting_participant', 'awaiting_consent', 'active', "
            "'processing', 'completed', 'expired', 'abandoned', 'failed', 'cancelled')",
            name=op.f("ck_interview_run_status"),
        ),
        sa.ForeignKeyConstraint(
            ["blueprint_id", "blueprint_version"],
            ["blueprint_version.blueprint_id", "blueprint_version.version"],
            name=op.f("fk_interview_run_blueprint_id_blueprint_version"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_interview_run_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_run")),
    )
    op.create_index(op.f("ix_interview_run_blueprint_id"), "interview_run", ["blueprint_id"])
    op.create_index(
        op.f("ix_interview_run_organization_id_test_mode_id"),
        "interview_run",
        ["organization_id", "test_mode", "id"],
    )
    op.create_index(op.f("ix_interview_run_status_expires_at"), "interview_run", ["status", "expires_at"])

    op.create_table(
        "event",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["interview_run.id"], name=op.f("fk_event_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "interview_session",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["interview_run.id"], name=op.f("fk_interview_session_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_session")),
    )
    op.create_index(
        op.f("ix_interview_session_run_id_number"), "interview_session", ["run_id", "number"], unique=True
    )


def downgrade() -> None:
    op.drop_table("interview_session")
    op.drop_table("event")
    op.drop_table("interview_run")
    op.drop_table("blueprint_version")
    op.drop_table("blueprint")
    op.drop_table("api_key")
    op.drop_table("organization")
