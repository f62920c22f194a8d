"""Agents: the interviewers, as the API shows them and takes them."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import exists

from dialog.blueprint import (
    AgentVoice,
    Boundaries,
    Depth,
    ModelChoice,
    ModelConfig,
    Persona,
    Short,
    Technique,
    Text,
)
from server.api.house import house_of
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
    id_of,
    listed,
    shown,
)
from server.api.studies.refusing import refusing
from server.api.studies.shelved import shelved
from server.store.design_tables import AgentRow, BlueprintRow
from server.store.paging import Window
from server.store.shelf import Kept, Shelf

router = APIRouter(tags=["Agents"])

AgentId = Annotated[str, Path(pattern=id_of("agt_"))]
Preset = Literal["economy", "standard", "premium"]


def _models(generation: str, assessment: str) -> ModelConfig:
    return ModelConfig(
        generation=ModelChoice(provider="anthropic", model=generation),
        assessment=ModelChoice(provider="anthropic", model=assessment),
    )


PRESETS: Final[dict[Preset, ModelConfig]] = {
    "economy": _models("claude-haiku-4-5", "claude-haiku-4-5"),
    "standard": _models("claude-haiku-4-5", "claude-sonnet-5"),
    "premium": _models("claude-sonnet-5", "claude-sonnet-5"),
}
"""What a preset stands for. Wording must come within a second: so a small model words where that matters."""

_EXAMPLE: Final[dict[str, Any]] = {
    "name": "Robin",
    "persona": {"system_prompt": "You interview people about cooking.", "tone": "conversational"},
    "techniques": ["tell_me_more", "mirroring"],
    "probing_depth": "moderate",
}


class AgentCreate(Body):
    """A new interviewer."""

    name: Short = Field(min_length=1)
    description: Text | None = None
    persona: Persona
    voice: AgentVoice | None = None
    techniques: list[Technique] = Field(max_length=12)
    probing_depth: Depth
    boundaries: Boundaries = Boundaries()
    model_settings: ModelConfig | None = Field(None, alias="model_config")
    model_preset: Preset | None = Field(None, description="Expands into `model_config`.")
    metadata: Metadata = Field(default_factory=dict)

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})


class AgentChange(Body):
    """What is given changes, all else stays."""

    name: Short = Field("", min_length=1)
    description: Text | None = None
    persona: Persona = Persona(system_prompt="", tone="neutral")
    voice: AgentVoice | None = None
    techniques: list[Technique] = Field([], max_length=12)
    probing_depth: Depth = "light"
    boundaries: Boundaries = Boundaries()
    model_settings: ModelConfig | None = Field(None, alias="model_config")
    model_preset: Preset | None = None
    metadata: Metadata = Field(default_factory=dict)


class AgentObject(BaseModel):
    """An interviewer."""

    id: str
    organization_id: str
    test_mode: bool
    name: str
    description: str | None
    persona: Persona
    voice: AgentVoice | None
    techniques: list[Technique]
    probing_depth: Depth
    boundaries: Boundaries
    model_settings: ModelConfig = Field(alias="model_config")
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    object: Literal["agent"]


class AgentList(ListOf[AgentObject]):
    """A page of agents, newest first."""


def agent_object(kept: Kept) -> dict[str, Any]:
    """An agent as the API shows it."""
    body = kept.body
    parts = {
        "name": body["name"],
        "description": body.get("description"),
        "persona": {"language": None, **body["persona"]},
        "voice": body.get("voice"),
        "techniques": body["techniques"],
        "probing_depth": body["probing_depth"],
        "boundaries": body["boundaries"],
        "model_config": body.get("model_config") or PRESETS["standard"].model_dump(),
        "metadata": body["metadata"],
    }
    return shelved(kept, "agent", parts)


def agents_of(request: Request) -> Shelf:
    """The shelf of agents."""
    return Shelf(house_of(request).database, AgentRow, "agt_")


def agent_body(given: AgentCreate) -> dict[str, Any]:
    """A new agent as it is kept: without models of its own it gets the standard ones."""
    sent = _expanded(given.model_dump(mode="json", by_alias=True))
    sent["model_config"] = sent["model_config"] or PRESETS["standard"].model_dump()
    return sent


def _expanded(sent: dict[str, Any]) -> dict[str, Any]:
    """A preset becomes the models that it stands for."""
    preset = sent.pop("model_preset", None)
    if preset is not None and sent.get("model_config") is None:
        sent["model_config"] = PRESETS[preset].model_dump()
    return sent


@router.get("/agents", response_model=AgentList, responses=errors(), summary="List agents")
async def list_agents(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("agt_"))]
) -> Response:
    """All interviewers, newest first."""
    page = await agents_of(request).page(key.tenant, window)
    return listed(page, map(agent_object, page.data))


@router.post(
    "/agents",
    status_code=201,
    response_model=AgentObject,
    responses=errors(*WRITES),
    summary="Create an agent",
)
async def create_agent(request: Request, key: Writer, body: AgentCreate) -> Response:
    """Make an interviewer. Without `model_config` or `model_preset` it gets the standard models."""
    kept = await agents_of(request).create(key.tenant, agent_body(body))
    return shown(agent_object(kept), status=201, revision=kept.revision)


@router.get("/agents/{agent_id}", response_model=AgentObject, responses=errors(), summary="Read an agent")
async def read_agent(request: Request, key: Reader, agent_id: AgentId) -> Response:
    """One interviewer."""
    with refusing("agent"):
        kept = await agents_of(request).find(key.tenant, agent_id)
    return shown(agent_object(kept), revision=kept.revision)


@router.patch(
    "/agents/{agent_id}",
    response_model=AgentObject,
    responses=errors(*WRITES),
    summary="Change an agent",
)
async def change_agent(
    request: Request, key: Writer, agent_id: AgentId, body: AgentChange, seen: Seen
) -> Response:
    """Change an interviewer. What was published with it stays as it is."""
    given = body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    whole = body.model_dump(mode="json", by_alias=True)
    sent = _expanded({name: whole[name] for name in given})
    with refusing("agent"):
        kept = await agents_of(request).change(key.tenant, agent_id, lambda was: was | sent, seen=seen)
    return shown(agent_object(kept), revision=kept.revision)


@router.delete("/agents/{agent_id}", status_code=204, responses=errors("in_use"), summary="Delete an agent")
async def delete_agent(request: Request, key: Writer, agent_id: AgentId, seen: Seen) -> Response:
    """Delete an interviewer that no blueprint has."""
    used = exists().where(BlueprintRow.agent_id == agent_id)
    with refusing("agent", "A blueprint has this agent: delete that first."):
        await agents_of(request).delete(key.tenant, agent_id, seen=seen, unless=(used,))
    return Response(status_code=204)
