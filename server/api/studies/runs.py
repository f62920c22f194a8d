"""Interview runs: made, listed, read, and led from outside. What comes of them is read in `documents`, who
talks with them in `talking`."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ConfigDict, Field

from dialog.blueprint import Short
from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.agents import agents_of
from server.api.studies.channels import DEFAULT_CHANNEL, channels_of
from server.api.studies.connectors import connectors_of
from server.api.studies.conventions import (
    WRITES,
    Body,
    Metadata,
    Reader,
    Writer,
    cursor,
    errors,
    id_of,
    listed,
    shown,
)
from server.api.studies.faults import faulty, one_fault
from server.api.studies.instants import Instant
from server.api.studies.refusing import refusing
from server.api.studies.run_expansions import Expanded, runs_shown
from server.api.studies.run_shapes import RunList, RunObject
from server.clock import wall_clock_ms
from server.store.default_channel import default_channel
from server.store.organizations import ApiKey, Tenant
from server.store.paging import Window
from server.store.run import Participant, Place, PlaceNotFound, Run
from server.store.run_status import RunStatus
from server.store.shelf import NotFound, Shelf
from server.store.snapshots import BlueprintNotFound

router = APIRouter(tags=["Interview runs"])

RunId = Annotated[str, Path(pattern=id_of("run_"))]

_EXAMPLE: Final[dict[str, Any]] = {
    "blueprint_id": "bp_0198c7f0a1b27c3d8e4f5a6b7c8d9e0f",
    "participant": {"external_id": "employee-17", "name": "Kim", "metadata": {"team": "support"}},
}


class RunParticipant(Body):
    """Whoever is to be interviewed, as far as you tell."""

    external_id: Short | None = None
    name: Short | None = None
    metadata: Metadata = Field(default_factory=dict, description="Edges of the graph may ask for it.")


class RunCreate(Body):
    """A new run."""

    blueprint_id: str = Field(pattern=id_of("bp_"), description="A published one; its last version is held.")
    channel_id: str | None = Field(
        None, pattern=id_of("chn_"), description="Without it, nor a connector: the browser."
    )
    connector_id: str | None = Field(None, pattern=id_of("con_"))
    agent_id: str | None = Field(None, pattern=id_of("agt_"), description="Instead of the blueprint's.")
    participant: RunParticipant = RunParticipant()
    scheduled_at: Instant | None = Field(None, description="Nobody can come before.")
    expires_at: Instant | None = Field(
        None, description="Nobody can begin after. Seven days from when it opens, if not given."
    )
    meeting_url: str | None = Field(None, max_length=2_000, pattern=r"^https?://[^\s/?#]+[^\s]*$")
    metadata: Metadata = Field(default_factory=dict)

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})


async def find_run(request: Request, key: ApiKey, run_id: str) -> Run:
    """A run of this key's. Raises Refusal (404)."""
    with refusing("run"):
        run = await house_of(request).runs.find(run_id, key.tenant)
    return run


async def run_shown(
    request: Request, key: ApiKey, run: Run, *, status: int = 200, expand: frozenset[str] = frozenset()
) -> Response:
    """One run as an answer."""
    return shown((await runs_shown(request, key, [run], expand))[0], status=status)


@router.get("/interview-runs", response_model=RunList, responses=errors(), summary="List interview runs")
async def list_runs(
    request: Request,
    key: Reader,
    window: Annotated[Window, Depends(cursor("run_"))],
    expand: Expanded,
    status: Annotated[RunStatus | None, Query(description="Those in this state only.")] = None,
    blueprint_id: Annotated[
        str | None, Query(pattern=id_of("bp_"), description="Those of this blueprint only.")
    ] = None,
) -> Response:
    """All runs, newest first."""
    page = await house_of(request).runs.page(key.tenant, window, status=status, blueprint_id=blueprint_id)
    return listed(page, await runs_shown(request, key, page.data, expand))


@router.post(
    "/interview-runs",
    status_code=201,
    response_model=RunObject,
    responses=errors(*WRITES, "not_found", "archived", "not_published", "disabled"),
    summary="Create an interview run",
)
async def create_run(request: Request, key: Writer, body: RunCreate) -> Response:
    """Make a run of the blueprint's last version, pinned to it. Its link is what the participant needs."""
    _check_times(body)
    if body.channel_id is not None and body.connector_id is not None:
        sentence = "Give `channel_id` or `connector_id`, not both."
        raise Refusal(400, "invalid_request", sentence, param="/connector_id")
    house = house_of(request)
    await check_blueprint(request, key.tenant, body.blueprint_id)
    participant = Participant(body.participant.external_id, body.participant.name, body.participant.metadata)
    while True:
        place = await _place(request, key.tenant, body)
        try:
            run, _ = await house.runs.create(
                key.tenant,
                body.blueprint_id,
                participant=participant,
                scheduled_at=body.scheduled_at,
                expires_at=body.expires_at,
                metadata=body.metadata,
                place=place,
            )
        except BlueprintNotFound:  # it was archived, or is gone, since we looked
            raise _unpublished() from None
        except PlaceNotFound as gone:  # deleted since we looked; the channel that nobody named is made anew
            if body.channel_id is not None or body.connector_id is not None:
                raise missing(gone.what) from None
        else:
            return await run_shown(request, key, run, status=201)


@router.get(
    "/interview-runs/{run_id}", response_model=RunObject, responses=errors(), summary="Read an interview run"
)
async def read_run(request: Request, key: Reader, run_id: RunId, expand: Expanded) -> Response:
    """One run: how far it is, and by which link and PIN its participant comes."""
    return await run_shown(request, key, await find_run(request, key, run_id), expand=expand)


def _check_times(body: RunCreate) -> None:
    """Raises Refusal (400) with every instant that is over, or not after the one before."""
    now = wall_clock_ms()
    opens = max(now, body.scheduled_at or 0)
    faults = []
    if body.scheduled_at is not None and body.scheduled_at <= now:
        over = "This is over: it must be in the future."
        faults.append(one_fault("invalid_value", over, "/scheduled_at"))
    if body.expires_at is not None and body.expires_at <= opens:
        early = f"It must be after {rfc3339(opens)}, when the run opens."
        faults.append(one_fault("invalid_value", early, "/expires_at"))
    if faults:
        raise faulty(faults)


async def check_blueprint(request: Request, tenant: Tenant, blueprint_id: str) -> None:
    """Return if there can be a run of it. Raises Refusal (404, 409)."""
    try:
        stored = await house_of(request).blueprints.find(tenant, blueprint_id)
    except BlueprintNotFound:
        raise missing("blueprint") from None
    if stored.status == "archived":
        raise Refusal(409, "archived", "This blueprint is archived.", param="/blueprint_id")
    if stored.version == 0:
        raise _unpublished()


def _unpublished() -> Refusal:
    return Refusal(409, "not_published", "This blueprint is not published.", param="/blueprint_id")


def missing(what: str) -> Refusal:
    """The refusal of a request that names something that there isn't."""
    return Refusal(404, "not_found", f"There is no such {what}.", param=f"/{what}_id")


async def _place(request: Request, tenant: Tenant, body: RunCreate) -> Place:
    """Where the run is held, and by whom. Raises Refusal (404, 409)."""
    agent = None
    if body.agent_id is not None:
        try:
            agent = (await agents_of(request).find(tenant, body.agent_id)).body
        except NotFound:
            raise missing("agent") from None
    channel_id = body.channel_id
    if channel_id is not None:
        await _check_open(channels_of(request), tenant, channel_id, "channel")
    elif body.connector_id is not None:
        await _check_open(connectors_of(request), tenant, body.connector_id, "connector")
    else:
        channel_id = await default_channel(house_of(request).database, tenant, DEFAULT_CHANNEL)
    return Place(body.agent_id, agent, channel_id, body.connector_id, body.meeting_url)


async def _check_open(shelf: Shelf, tenant: Tenant, thing_id: str, what: str) -> None:
    try:
        thing = await shelf.find(tenant, thing_id)
    except NotFound:
        raise missing(what) from None
    if thing.body["status"] != "active":
        raise Refusal(409, "disabled", f"This {what} is disabled.", param=f"/{what}_id")
