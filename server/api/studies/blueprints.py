"""Blueprints: designs under work, as the API shows them and takes them. Their graphs are edited
in `graphs`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialog.blueprint import Graph, Pipeline, Settings, Short, Text
from dialog.graph_checks import MAX_NODES
from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.agents import AgentCreate, AgentObject, agent_body, agent_object, agents_of
from server.api.studies.conventions import (
    WRITES,
    Body,
    ListOf,
    Metadata,
    Reader,
    Seen,
    Writer,
    cursor,
    errors,
    expansions,
    id_of,
    listed,
    shown,
)
from server.api.studies.designs import as_meant, graph_shown, settings_shown
from server.api.studies.graph_faults import graph_fault, invalid_graph
from server.api.studies.refusing import refusing
from server.store.blueprints import (
    BlueprintStatus,
    StoredBlueprint,
)
from server.store.paging import Window

router = APIRouter(tags=["Blueprints"])

BlueprintId = Annotated[str, Path(pattern=id_of("bp_"))]
Expanded = Annotated[frozenset[str], Depends(expansions("agent"))]

_OWN_AGENT: Final = "agt_" + "0" * 32
"""Stands for the id of an agent that comes along with its design."""

_EMPTY: Final = Graph(entry_node="start", nodes={}, edges=[])


def _by_one_agent(schema: dict[str, Any]) -> None:
    """Say in a schema that a design names its agent, or brings it along."""
    schema["required"].remove("agent_id")
    agent = schema["properties"]["agent"]
    schema["properties"]["agent"] = {**agent["anyOf"][0], "description": agent["description"]}
    schema["oneOf"] = [{"required": ["agent_id"]}, {"required": ["agent"]}]


class BlueprintCreate(Body):
    """A new design, with an agent that there is or, as a blueprint's file has it, with its own. Without a
    graph it begins empty."""

    model_config = ConfigDict(json_schema_extra=_by_one_agent)

    agent_id: str = Field(pattern=id_of("agt_"))
    agent: AgentCreate | None = Field(None, description="Made along with it.")
    name: Short = Field(min_length=1)
    description: Text | None = None
    graph: Graph = _EMPTY
    settings: Settings = Settings()
    pipeline: Pipeline = Pipeline()
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _own_agent_has_no_id_yet(cls, sent: Any) -> Any:
        if isinstance(sent, dict) and "agent" in sent and "agent_id" not in sent:
            return sent | {"agent_id": _OWN_AGENT}
        return sent

    @model_validator(mode="after")
    def _one_agent(self) -> Self:
        if (self.agent is not None) != (self.agent_id == _OWN_AGENT) or (
            self.agent is None and "agent" in self.model_fields_set
        ):
            raise ValueError("give `agent_id` or `agent`, one of them")
        return self


class BlueprintChange(Body):
    """What is given changes, all else stays."""

    agent_id: str = Field("", pattern=id_of("agt_"))
    name: Short = Field("", min_length=1)
    description: Text | None = None
    graph: Graph = _EMPTY
    settings: Settings = Settings()
    pipeline: Pipeline = Pipeline()
    metadata: Metadata = Field(default_factory=dict)


class BlueprintObject(BaseModel):
    """A design as it stands. `version` is that of its last snapshot, 0 before the first."""

    id: str
    organization_id: str
    test_mode: bool
    agent_id: str
    name: str
    description: str | None
    version: int
    status: BlueprintStatus
    graph: Graph
    settings: Settings
    pipeline: Pipeline
    metadata: dict[str, Any]
    published_at: str | None
    created_at: str
    updated_at: str
    object: Literal["blueprint"]
    agent: AgentObject | None = Field(None, description="With `expand[]=agent`.")


class BlueprintList(ListOf[BlueprintObject]):
    """A page of blueprints, newest first."""


def blueprint_object(stored: StoredBlueprint) -> dict[str, Any]:
    """A blueprint as the API shows it, not expanded."""
    return {
        "id": stored.id,
        "organization_id": stored.organization_id,
        "test_mode": stored.test_mode,
        "agent_id": stored.agent_id,
        "name": stored.name,
        "description": stored.description,
        "version": stored.version,
        "status": stored.status,
        "graph": graph_shown(stored.graph),
        "settings": settings_shown(stored.settings, stored.graph),
        "pipeline": stored.pipeline,
        "metadata": stored.metadata,
        "published_at": None if stored.published_at is None else rfc3339(stored.published_at),
        "created_at": rfc3339(stored.created_at),
        "updated_at": rfc3339(stored.updated_at),
        "object": "blueprint",
    }


def check_size(nodes: Mapping[str, Any], pointer: str = "/nodes") -> None:
    """Return if so many nodes can be kept at all. Raises Refusal (422)."""
    if len(nodes) > MAX_NODES:
        sentence = f"A graph has at most {MAX_NODES} nodes; this one has {len(nodes)}."
        raise invalid_graph([graph_fault("too_many_nodes", pointer, sentence)])


def few_nodes(*place: str) -> Any:
    """A dependency: the graph at this place of the body can be kept. Looked at before its nodes are, which
    takes a while. Raises Refusal (422)."""

    async def check(request: Request) -> None:
        part = await request.json() if await request.body() else None
        for name in (*place, "nodes"):
            part = part.get(name) if isinstance(part, dict) else None
        if isinstance(part, dict):
            check_size(part, "".join(f"/{name}" for name in (*place, "nodes")))

    return Depends(check)


@router.get("/blueprints", response_model=BlueprintList, responses=errors(), summary="List blueprints")
async def list_blueprints(
    request: Request,
    key: Reader,
    window: Annotated[Window, Depends(cursor("bp_"))],
    expand: Expanded,
    status: Annotated[BlueprintStatus | None, Query(description="Those in this state only.")] = None,
    agent_id: Annotated[
        str | None, Query(pattern=id_of("agt_"), description="Those with this interviewer only.")
    ] = None,
) -> Response:
    """All designs, newest first."""
    page = await house_of(request).blueprints.page(key.tenant, window, status=status, agent_id=agent_id)
    return listed(page, await expanded(request, page.data, expand))


@router.post(
    "/blueprints",
    status_code=201,
    response_model=BlueprintObject,
    responses=errors(*WRITES, "invalid_graph", "unknown_agent"),
    dependencies=[few_nodes("graph")],
    summary="Create a blueprint",
)
async def create_blueprint(request: Request, key: Writer, body: BlueprintCreate) -> Response:
    """Make a draft. A blueprint's file is such a body as it stands. The graph may still have faults:
    `validate` tells them, publishing needs none."""
    blueprints = house_of(request).blueprints
    sent = body.model_dump(mode="json", by_alias=True, exclude={"agent"})
    try:
        if body.agent is not None:
            stored = await blueprints.with_agent(key.tenant, agent_body(body.agent), sent)
        else:
            stored = await blueprints.draft(key.tenant, body.agent_id, sent)
    except LookupError:
        raise no_such_agent() from None
    return shown(blueprint_object(stored), status=201, revision=stored.revision)


@router.get(
    "/blueprints/{blueprint_id}",
    response_model=BlueprintObject,
    responses=errors(),
    summary="Read a blueprint",
)
async def read_blueprint(
    request: Request, key: Reader, blueprint_id: BlueprintId, expand: Expanded
) -> Response:
    """One design as it stands, published or not."""
    with refusing("blueprint"):
        stored = await house_of(request).blueprints.find(key.tenant, blueprint_id)
    made = (await expanded(request, [stored], expand))[0]
    return shown(made, revision=stored.revision, expanded=bool(expand))


@router.patch(
    "/blueprints/{blueprint_id}",
    response_model=BlueprintObject,
    responses=errors(*WRITES, "archived", "invalid_graph", "unknown_agent"),
    dependencies=[few_nodes("graph")],
    summary="Change a blueprint",
)
async def change_blueprint(
    request: Request, key: Writer, blueprint_id: BlueprintId, body: BlueprintChange, seen: Seen
) -> Response:
    """Change the draft. Of a published blueprint this opens the next draft; its runs stay as they are."""
    return await edited(request, key.tenant, blueprint_id, lambda was: as_meant(was, body.given()), seen)


@router.delete(
    "/blueprints/{blueprint_id}", status_code=204, responses=errors("in_use"), summary="Delete a blueprint"
)
async def delete_blueprint(request: Request, key: Writer, blueprint_id: BlueprintId, seen: Seen) -> Response:
    """Delete a design of which there is no run."""
    with refusing("blueprint", "There are runs of this blueprint, or open links to it: archive it instead."):
        await house_of(request).blueprints.delete(key.tenant, blueprint_id, seen=seen)
    return Response(status_code=204)


async def edited(request: Request, tenant: Any, blueprint_id: str, edit: Any, seen: int | None) -> Response:
    """Edit a draft, and answer with it. Raises Refusal (404, 409, 412)."""
    try:
        with refusing("blueprint"):
            stored = await house_of(request).blueprints.edit(tenant, blueprint_id, edit, seen=seen)
    except LookupError:
        raise no_such_agent() from None
    return shown(blueprint_object(stored), revision=stored.revision)


async def expanded(
    request: Request, blueprints: list[StoredBlueprint] | Any, expand: frozenset[str]
) -> list[dict[str, Any]]:
    """Blueprints with their agents inside, where that is asked for: one query for all of them."""
    made = [blueprint_object(stored) for stored in blueprints]
    if "agent" in expand:
        agents = await agents_of(request).find_many([stored.agent_id for stored in blueprints])
        for one in made:
            one["agent"] = agent_object(agents[one["agent_id"]])
    return made


def no_such_agent() -> Refusal:
    """The refusal of a blueprint whose agent isn't there."""
    return Refusal(400, "unknown_agent", "There is no such agent.", param="/agent_id")
