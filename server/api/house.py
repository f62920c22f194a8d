"""All rooms of a running server, for those who answer requests. Opened and closed in server/app.py."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.requests import HTTPConnection

from dialog.blueprint import Blueprint
from server.api.allowances import Allowances
from server.api.errors import Refusal, storage_unavailable
from server.api.tokens import AccessTokens
from server.clock import wall_clock_ms
from server.gateway.metronome import Metronome
from server.gateway.webrtc import WebRtcGateway, WebRtcLeg
from server.live.keeping import Case
from server.live.registry import RETRY_AFTER, AtCapacity, Registry
from server.live.visit import Visit
from server.metrics import Metrics
from server.pipeline.office import Office
from server.providers.health import Health
from server.settings import Settings
from server.store.blueprints import Blueprints
from server.store.database import Database
from server.store.design_tables import ChannelRow
from server.store.holding import held_by
from server.store.keeper import RunKeeper
from server.store.log_writer import LogWriter
from server.store.open_links import OpenLinks
from server.store.organizations import Organizations
from server.store.recordings import Recordings
from server.store.run import Run
from server.store.run_status import JOINABLE
from server.store.runs import Runs
from server.store.shelf import Shelf
from server.store.vault import Vault

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Steps of exports and reports at the same time, for the whole server. Larger: they are sooner there, talks
have less of the processor."""


class CarriedLeg(msgspec.Struct, frozen=True):
    """A WebRTC leg that can be trickled to and hung up."""

    run_id: str
    leg: WebRtcLeg


@dataclass(frozen=True, slots=True)
class House:
    """One running server."""

    settings: Settings
    database: Database
    vault: Vault
    organizations: Organizations
    blueprints: Blueprints
    runs: Runs
    keeper: RunKeeper
    writer: LogWriter
    recordings: Recordings
    tokens: AccessTokens
    registry: Registry
    metronome: Metronome
    metrics: Metrics
    webrtc: WebRtcGateway
    office: Office
    supports: Callable[[str], bool]
    """Whether a language can be heard and spoken."""
    health: Health
    """Of the vendors that listen, speak and judge."""
    legs: dict[str, CarriedLeg] = field(default_factory=dict)
    wrong_tokens: Allowances = field(default_factory=lambda: Allowances(per_second=0.2, burst=20.0))
    """By address."""
    entrances: Allowances = field(default_factory=lambda: Allowances(per_second=0.5, burst=40.0))
    """By address: each may make a run. Many people may share one, at a school or a company."""
    offers: Allowances = field(default_factory=lambda: Allowances(per_second=1.0, burst=5.0))
    """By run: each offer makes a connection, which is dear."""
    typed_texts: Allowances = field(default_factory=lambda: Allowances(per_second=2.0, burst=5.0))
    """By run: a new connection brings no new allowance."""
    requests: Allowances = field(default_factory=lambda: Allowances(per_second=50.0, burst=200.0))
    """By API key."""
    steps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    """Places for what is worked at in threads, step by step, beside the talks."""
    typed_characters: Allowances = field(
        default_factory=lambda: Allowances(per_second=10_000 / 60, burst=10_000.0)
    )
    """By run: at most 20,000 in any minute."""

    def forget(self, leg_id: str) -> None:
        """A leg is over."""
        carried = self.legs.pop(leg_id, None)
        if carried is not None and (receiver := carried.leg.receiver) is not None:
            self.metrics.connection_over(receiver.heard, receiver.concealed)

    async def design(self, run: Run) -> Blueprint:
        """The design that a run is held by: its snapshot, with the run's own agent where it has one."""
        return held_by(run, await self.blueprints.snapshots.design(run.blueprint_id, run.blueprint_version))

    async def case(self, run: Run) -> Case:
        """What a talk of this run depends on. Raises Refusal (409) where its channel is disabled."""
        channel = await self._channel(run)
        if channel is not None:
            refuse_if_disabled(channel, begun=run.status == "active")
        blueprint = await self.design(run)
        organization = await self.organizations.find(run.organization_id)
        limits = channel["settings"] if channel is not None else {}
        return Case(
            run.id,
            blueprint,
            organization.name,
            run.participant.metadata,
            recording=limits.get("recording", True),
            time_limit=limits.get("max_duration_s"),
            help_lines=tuple(organization.settings.get("help_lines", ())),
            completion=await OpenLinks(self.database, self.vault, self.runs).completion_of(run.id),
        )

    async def _channel(self, run: Run) -> Mapping[str, Any] | None:
        """The body of the channel that a run is held on; None where it names none."""
        if run.channel_id is None:
            return None
        found = await Shelf(self.database, ChannelRow, "chn_").find_many([run.channel_id])
        return found[run.channel_id].body if run.channel_id in found else None

    async def visit(self, run: Run) -> Visit:
        """The visit of a run that may be joined. Raises Refusal (410, 503)."""
        found = self.registry.find(run.id)
        if found is not None:
            return found
        self.admit(run)
        case = await self.case(run)
        self.admit(run)
        return self.registry.visit(case)

    def admit(self, run: Run) -> None:
        """Return if there is room for this run's talk, and what is said can be kept. Raises Refusal (409,
        410, 503)."""
        refuse_if_over(run)
        if self.registry.find(run.id) is None and self.writer.faltering is not None:
            raise storage_unavailable()
        try:
            self.registry.admit(run.id)
        except AtCapacity:
            sentence = "All places are taken right now. Please stay on this page: we try again for you."
            raise Refusal(503, "at_capacity", sentence, retry_after=RETRY_AFTER) from None


def house_of(connection: HTTPConnection) -> House:
    """The house that answers this request."""
    house = connection.app.state.house
    assert isinstance(house, House)
    return house


def refuse_if_disabled(channel: Mapping[str, Any], *, begun: bool = False) -> None:
    """Return if a talk may begin on this channel, or had begun before. Raises Refusal (409)."""
    if channel["status"] == "disabled" and not begun:
        sentence = "This interview is closed at present. Please ask the person who invited you."
        raise Refusal(409, "channel_disabled", sentence)


def refuse_if_over(run: Run) -> None:
    """Return if somebody may come, or come back. Raises Refusal (410) with a sentence for people."""
    if run.consent_status == "declined":
        raise Refusal(410, "run_declined", "You decided not to take part. Nothing was kept.")
    begun = run.status == "active"
    if run.status == "expired" or (
        not begun and run.expires_at is not None and run.expires_at <= wall_clock_ms()
    ):
        raise Refusal(410, "run_expired", "This link is no longer valid. Please ask for a new one.")
    if run.status in ("created", "scheduled"):
        raise Refusal(
            409, "run_not_open", "This interview is not open yet. Please come back at the agreed time."
        )
    if run.status not in JOINABLE:
        raise Refusal(410, "run_finished", "This interview is over. Thank you for taking part.")
