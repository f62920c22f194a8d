"""The tables of what researchers make: agents, blueprints and their simulations, channels, connectors,
credentials and open links.

`revision` counts the changes of a row: what a client saw is told from what is there by it.
"""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.store.tables import Id, Tables


class AgentRow(Tables):
    __tablename__ = "agent"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    body: Mapped[dict[str, Any]]
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (Index(None, "organization_id", "test_mode", "id"),)


class BlueprintRow(Tables):
    """A design under work. `version` is that of its last snapshot, 0 before the first."""

    __tablename__ = "blueprint"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    agent_id: Mapped[str] = mapped_column(Id, ForeignKey("agent.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    graph: Mapped[dict[str, Any]]
    settings: Mapped[dict[str, Any]]
    pipeline: Mapped[dict[str, Any]]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata")
    published_at: Mapped[int | None]
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (
        Index(None, "organization_id", "test_mode", "id"),
        CheckConstraint("status in ('draft', 'published', 'archived')", name="status"),
    )


class BlueprintVersionRow(Tables):
    """A snapshot, its agent inline; never changed. Runs are pinned to one."""

    __tablename__ = "blueprint_version"

    blueprint_id: Mapped[str] = mapped_column(
        Id, ForeignKey("blueprint.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    agent_id: Mapped[str] = mapped_column(Id)
    body: Mapped[dict[str, Any]]
    published_at: Mapped[int]


class SimulationRow(Tables):
    """A draft that was tried on simulated participants, or is to be."""

    __tablename__ = "simulation"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    blueprint_id: Mapped[str] = mapped_column(Id, ForeignKey("blueprint.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Of the design that was tried."""
    design: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """That design, its agent inline; None once it was tried."""
    seeds: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    talks_held: Mapped[int]
    talks_planned: Mapped[int | None]
    results: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int]
    updated_at: Mapped[int]
    completed_at: Mapped[int | None]

    __table_args__ = (
        Index(None, "blueprint_id", "id"),
        Index(None, "organization_id", "test_mode", "status"),
        CheckConstraint("status in ('pending', 'processing', 'completed', 'failed')", name="status"),
    )


class ChannelRow(Tables):
    """A way by which participants come. An organization's default one is made with its first run."""

    __tablename__ = "channel"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    is_default: Mapped[bool]
    body: Mapped[dict[str, Any]]
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (Index(None, "organization_id", "test_mode", "id"),)


class ConnectorRow(Tables):
    __tablename__ = "connector"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    body: Mapped[dict[str, Any]]
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (Index(None, "organization_id", "test_mode", "id"),)


class CredentialsRow(Tables):
    """What a provider asks for. `secrets` is sealed, and is never given out again."""

    __tablename__ = "credentials"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    body: Mapped[dict[str, Any]]
    secrets: Mapped[bytes] = mapped_column(LargeBinary)
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (Index(None, "organization_id", "test_mode", "id"),)


class OpenLinkRow(Tables):
    """One address for a study: whoever opens it gets a run of their own."""

    __tablename__ = "open_link"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organization_id: Mapped[str] = mapped_column(Id, ForeignKey("organization.id"))
    test_mode: Mapped[bool]
    blueprint_id: Mapped[str] = mapped_column(Id, ForeignKey("blueprint.id"), index=True)
    body: Mapped[dict[str, Any]]
    token_hash: Mapped[str] = mapped_column(String(64))
    token_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    visits: Mapped[int]
    revision: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]

    __table_args__ = (Index(None, "organization_id", "test_mode", "id"),)


class OpenLinkVisitRow(Tables):
    """By which link a run came about, and of which visitor it is. It goes with its run."""

    __tablename__ = "open_link_visit"

    run_id: Mapped[str] = mapped_column(
        Id, ForeignKey("interview_run.id", ondelete="CASCADE"), primary_key=True
    )
    open_link_id: Mapped[str] = mapped_column(Id, ForeignKey("open_link.id", ondelete="CASCADE"))
    visitor_hash: Mapped[str] = mapped_column(String(64))
    """Keyed: of a word that the visitor's browser drew."""
    created_at: Mapped[int]
    """When they came in, or came back and took a place anew."""

    __table_args__ = (Index(None, "open_link_id", "visitor_hash", unique=True),)
