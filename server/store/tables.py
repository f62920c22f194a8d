"""The tables, and nothing about how they are used. Instants are whole milliseconds since 1970, UTC, and end
in `_at`.

Every row of what an organization owns names that organization, and whether it was made with a test key.
"""

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from server.store.run_status import RUN_STATUSES

Id = String(40)
"""A prefix of three or four signs and 32 hex digits."""


ABOUT_END: Final = "kind = 'InterviewFinished'"
ABOUT_ERASURE: Final = "kind IN ('AnswerStruck', 'AnswerErased')"


class Tables(DeclarativeBase):
    """Collects the tables; names every constraint, so that a migration can name it too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it, nobody changes it
        int: BigInteger,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class OrganizationRow(Tables):
    __tablename__ = "organization"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    settings: Mapped[dict[str, Any]]
    revision: Mapped[int]
    """Counts its changes: what a client saw is told from what is there by it."""
    created_at: Mapped[int]
    updated_at: Mapped[int]


class ApiKeyRow(Tables):
    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"), index=True)
    test_mode: Mapped[bool]
    name: Mapped[str | None] = mapped_column(String(60))
    """What it is for, in its maker's words."""
    shown: Mapped[str] = mapped_column(String(20))
    """The first signs of the key, by which people tell their keys apart."""
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[int]
    revoked_at: Mapped[int | None]


class RunRow(Tables):
    __tablename__ = "interview_run"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    blueprint_id: Mapped[str] = mapped_column(Id, index=True)
    blueprint_version: Mapped[int]
    agent_id: Mapped[str] = mapped_column(Id)
    agent: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The agent as it was when the run was made, where it isn't the snapshot's own."""
    channel_id: Mapped[str | None] = mapped_column(Id, index=True)
    connector_id: Mapped[str | None] = mapped_column(Id, index=True)
    meeting_url: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(24))
    consent_status: Mapped[str] = mapped_column(String(16))
    consent: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    participant: Mapped[dict[str, Any]]
    token_hash: Mapped[str] = mapped_column(String(64))
    """Keyed, so that a copy of the database opens no door."""
    token_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    pin_hash: Mapped[str | None] = mapped_column(String(64))
    """Keyed too; no two runs that can still be joined have the same."""
    pin_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    progress: Mapped[dict[str, Any]]
    """How far it is, as its events have told so far: read with every list, so not made anew each time."""
    expires_at: Mapped[int | None]
    scheduled_at: Mapped[int | None]
    started_at: Mapped[int | None]
    completed_at: Mapped[int | None]
    session_count: Mapped[int]
    current_session_id: Mapped[str | None] = mapped_column(Id)
    writer_epoch: Mapped[int]
    """Fence: only whoever opened the latest session may write events."""
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata")
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(
            ["blueprint_id", "blueprint_version"],
            ["blueprint_version.blueprint_id", "blueprint_version.version"],
        ),
        Index(None, "organization_id", "test_mode", "id"),
        Index(None, "status", "expires_at"),
        Index(None, "status", "scheduled_at"),
        Index(None, "pin_hash", unique=True),
        CheckConstraint(f"status in ({', '.join(map(repr, RUN_STATUSES))})", name="status"),
        CheckConstraint(
            "consent_status in ('pending', 'granted', 'declined', 'not_required')", name="consent_status"
        ),
    )


class SessionRow(Tables):
    """One sitting of a run. What was said in it is in its events."""

    __tablename__ = "interview_session"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    run_id: Mapped[str] = mapped_column(Id, ForeignKey("interview_run.id", ondelete="CASCADE"))
    number: Mapped[int]
    opened_at: Mapped[int]

    __table_args__ = (Index(None, "run_id", "number", unique=True),)


class EventRow(Tables):
    """One line of a run's log. The key is the order: rows of a run lie together on disk."""

    __tablename__ = "event"

    run_id: Mapped[str] = mapped_column(
        Id, ForeignKey("interview_run.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[str] = mapped_column(Id)
    at: Mapped[float]
    """Seconds in the session."""
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    """JSON, kept as text so that it comes back byte for byte."""

    __table_args__ = (
        # So that a start needn't read every event to find what is still to be erased.
        Index(
            "ix_event_erasure",
            "run_id",
            "seq",
            sqlite_where=text(ABOUT_ERASURE),
            postgresql_where=text(ABOUT_ERASURE),
        ),
        # And so that a look for talks that are over reads none that isn't. `kind` is the same in all of it:
        # named all the same, as SQLite else takes the key of the table instead.
        Index(
            "ix_event_end",
            "run_id",
            "kind",
            sqlite_where=text(ABOUT_END),
            postgresql_where=text(ABOUT_END),
        ),
        {"sqlite_with_rowid": False},
    )
