"""The tables of what is done beside and after the talks: documents, happenings told to webhooks, jobs,
answers kept for a request that is sent twice."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.store.tables import Id, Tables

STAGES = "status in ('pending', 'processing', 'completed', 'failed')"


class Posted(Tables):
    """What all tables have of which each row is posted to an address that a customer named."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    http_status: Mapped[int | None]
    attempts: Mapped[int]
    max_attempts: Mapped[int]
    request_body: Mapped[str] = mapped_column(Text)
    """Byte for byte what was signed."""
    response_body: Mapped[str | None] = mapped_column(Text)
    error_message: Mapped[str | None] = mapped_column(Text)
    next_retry_at: Mapped[int | None]
    completed_at: Mapped[int | None]
    created_at: Mapped[int]
    updated_at: Mapped[int]


class DocumentRow(Tables):
    """What comes of a run: its transcript, responses or analysis."""

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    run_id: Mapped[str] = mapped_column(Id, ForeignKey("interview_run.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What an analysis has found; of the others None, for all that is in them follows from the log."""
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (
        Index(None, "run_id", "kind", unique=True),
        CheckConstraint("kind in ('transcript', 'responses', 'analysis')", name="kind"),
        CheckConstraint(STAGES, name="status"),
    )


class HappeningRow(Tables):
    """Something that webhooks are told of, written in the transaction that brought it about: the outbox."""

    __tablename__ = "happening"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    """The run, or the blueprint, that it happened to."""
    data: Mapped[dict[str, Any]]
    created_at: Mapped[int]
    dispatched_at: Mapped[int | None] = mapped_column(index=True)
    """When a delivery was made of it for every webhook that wants it; None = still to do."""


class WebhookRow(Tables):
    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    body: Mapped[dict[str, Any]]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed: it signs, so it can't be kept as a hash."""
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (Index(None, "organization_id", "test_mode", "id"),)


class WebhookDeliveryRow(Posted):
    __tablename__ = "webhook_delivery"

    webhook_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(Id, index=True)
    event_type: Mapped[str] = mapped_column(String(60))

    __table_args__ = (
        Index(None, "webhook_id", "id"),
        Index(None, "webhook_id", "event_id", unique=True),
        CheckConstraint("status in ('pending', 'succeeded', 'failed')", name="status"),
    )


class JobRow(Tables):
    """Work that must be done once, sooner or later, whatever is killed meanwhile. A row that is done
    is gone."""

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))
    """What it is about; there is one job of a kind for it."""
    due_at: Mapped[int]
    attempts: Mapped[int]
    leased_until: Mapped[int | None]
    """Somebody is at it until then; after that they are taken for dead."""
    lease: Mapped[str | None] = mapped_column(Id)
    """Whose it is: a worker that comes back late finds another's here, and lets go."""
    gave_up_at: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int]

    __table_args__ = (
        Index(None, "kind", "subject", unique=True),
        Index(None, "gave_up_at", "due_at"),
    )


class IdempotencyRow(Tables):
    """The answer to a request that named itself, for the same request sent again."""

    __tablename__ = "idempotency"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of API key, method, path and the name that the client gave."""
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    """None while it is being answered."""
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject_id: Mapped[str | None] = mapped_column(Id, index=True)
    """What the answer tells of: when it is deleted, so is the answer."""
    created_at: Mapped[int] = mapped_column(index=True)


class DeletionRow(Tables):
    """The receipt of a run's deletion: that it was, and how much; nothing of what it held."""

    __tablename__ = "deletion"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"), index=True)
    test_mode: Mapped[bool]
    run_id: Mapped[str] = mapped_column(Id, index=True)
    reason: Mapped[str] = mapped_column(String(40))
    counts: Mapped[dict[str, Any]]
    created_at: Mapped[int]


class OperatorPageRow(Posted):
    """A call for an operator: that somebody must look at a run. It goes with its run."""

    __tablename__ = "operator_page"

    run_id: Mapped[str] = mapped_column(Id, ForeignKey("interview_run.id", ondelete="CASCADE"))
    seq: Mapped[int]
    level: Mapped[str] = mapped_column(String(16))

    __table_args__ = (
        Index(None, "organization_id", "test_mode", "id"),
        Index(None, "run_id", "seq", unique=True),
        CheckConstraint("status in ('pending', 'succeeded', 'failed')", name="status"),
    )
