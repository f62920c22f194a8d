"""Documents, happenings, deliveries, jobs and receipts: what is done beside and after the talks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_ID = sa.String(length=40)


def upgrade() -> None:
    # These two steps were one for a while: a database that took it then has all of this.
    if sa.inspect(op.get_bind()).has_table("document"):
        return
    _documents()
    _happenings()
    _deliveries()
    _jobs()
    _receipts()


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


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        *_now(),
        sa.CheckConstraint("kind in ('transcript', 'responses', 'analysis')", name=op.f("ck_document_kind")),
        sa.CheckConstraint(
            "status in ('pending', 'processing', 'completed', 'failed')", name=op.f("ck_document_status")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["interview_run.id"], name=op.f("fk_document_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_run_id_kind"), "document", ["run_id", "kind"], unique=True)


def _happenings() -> None:
    op.create_table(
        "happening",
        sa.Column("id", _ID, nullable=False),
        *_owned(),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", _ID, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("dispatched_at", sa.BigInteger(), nullable=True),
        _owner("happening"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_happening")),
    )
    op.create_index(op.f("ix_happening_subject_id"), "happening", ["subject_id"])
    op.create_index(op.f("ix_happening_dispatched_at"), "happening", ["dispatched_at"])


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", _ID, nullable=False),
        *_owned(),
        sa.Column("webhook_id", _ID, nullable=False),
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("event_type", sa.String(length=60), nullable=False),
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
        *_now(),
        sa.CheckConstraint(
            "status in ('pending', 'succeeded', 'failed')", name=op.f("ck_webhook_delivery_status")
        ),
        _owner("webhook_delivery"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(op.f("ix_webhook_delivery_webhook_id_id"), "webhook_delivery", ["webhook_id", "id"])
    op.create_index(
        op.f("ix_webhook_delivery_webhook_id_event_id"),
        "webhook_delivery",
        ["webhook_id", "event_id"],
        unique=True,
    )
    op.create_index(op.f("ix_webhook_delivery_event_id"), "webhook_delivery", ["event_id"])


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("lease", _ID, nullable=True),
        sa.Column("gave_up_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_kind_subject"), "job", ["kind", "subject"], unique=True)
    op.create_index(op.f("ix_job_gave_up_at_due_at"), "job", ["gave_up_at", "due_at"])


def _receipts() -> None:
    op.create_table(
        "idempotency",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"])
    op.create_table(
        "deletion",
        sa.Column("id", _ID, nullable=False),
        *_owned(),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _owner("deletion"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
    )
    op.create_index(op.f("ix_deletion_organization_id"), "deletion", ["organization_id"])
    op.create_index(op.f("ix_deletion_run_id"), "deletion", ["run_id"])


def downgrade() -> None:
    for table in ("deletion", "idempotency", "job", "webhook_delivery", "happening", "document"):
        op.drop_table(table)
