"""Drafts tried on simulated participants, as the API shows them; and the gate that they are before
publishing."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import House, house_of
from server.api.studies.blueprints import BlueprintId
from server.api.studies.conventions import (
    WRITES,
    Body,
    ListOf,
    Reader,
    Writer,
    cursor,
    errors,
    id_of,
    listed,
    shown,
)
from server.api.studies.graph_faults import invalid_graph, validation_of
from server.api.studies.refusing import refusing
from server.pipeline.publish_gate import (
    DEFAULT_SEEDS,
    GATE,
    MOST_QUESTIONS,
    MOST_SEEDS,
    Gate,
    Summary,
    most_seeds,
    shortcomings,
)
from server.store.fingerprints import fingerprint
from server.store.organizations import ApiKey, Tenant
from server.store.paging import Window
from server.store.simulations import (
    MOST_WAITING,
    OPEN,
    Simulation,
    Simulations,
    SimulationStatus,
    TooManyWaiting,
    UnderWay,
)

router = APIRouter(tags=["Simulations"])

SimulationId = Annotated[str, Path(pattern=id_of("sim_"))]
Seeds = Annotated[int, Field(ge=1, le=MOST_SEEDS)]

RETRY_AFTER = 2
"""Seconds after which it is worth asking again how far a simulation is."""


class SimulationCreate(Body):
    """How thoroughly the draft is tried."""

    seeds: Seeds | None = Field(
        default=None,
        description="Talks with each simulated participant; unset: as many as the organization's"
        f" `simulation_gate` asks for, else {DEFAULT_SEEDS}. At most"
        f" {MOST_QUESTIONS:,} divided by the number of the draft's nodes.",
    )


class SimulationThresholds(Body):
    """What a draft has to reach. Counts are per talk."""

    coverage: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of required questions covered, where the participant stayed.",
    )
    facts: float = Field(
        default=2.5,
        ge=0,
        le=100,
        description="Planted facts found for each that first answers alone contain; without planted facts"
        " nothing is asked.",
    )
    repeats: float = Field(default=0.0, ge=0, le=100, description="Answered questions put again, at most.")
    guard: float = Field(
        default=0.0, ge=0, le=100, description="Violations of the probe guard spoken, at most."
    )
    ceilings: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="Follow-ups beyond a ceiling or after two that failed, at most.",
    )
    cut_ins: float = Field(
        default=0.5, ge=0, le=100, description="Times the agent was heard to cut in, at most."
    )
    forbidden: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="Words said that must not be, or kept that were to be erased, at most.",
    )
    off_path: float = Field(default=0.0, ge=0, le=1, description="Share of talks on a wrong way, at most.")


class SimulationGate(Body):
    """What simulated participants must have shown of a draft before it is published."""

    seeds: Seeds = DEFAULT_SEEDS
    thresholds: SimulationThresholds = SimulationThresholds()


class SimulationSummary(BaseModel):
    """What a number of talks came to. Counts are of all of them together."""

    persona: str = Field(description="Who took part; `all` in the total.")
    talks: int
    stayed: int = Field(description="Talks whose participant was there to the end.")
    coverage: float = Field(ge=0, le=1)
    facts_planted: int
    facts_first: int = Field(description="In first answers alone.")
    facts_found: int
    facts_ratio: float | None = Field(description="Null where nothing is planted.")
    probes: int
    cut_ins: int
    repeats: int
    guard_violations: int
    ceilings_broken: int
    forbidden: int
    off_path: int
    duration_s: float = Field(description="Of a talk, on average.")
    gap_p50_s: float | None = Field(description="From an answer's end to the next question.")
    gap_p95_s: float | None
    quality: float = Field(description="The interviewer's score, on average.")
    dispositions: dict[str, int] = Field(description="How often each AAPOR code.")
    missed: dict[str, int] = Field(
        default={},
        description="Required questions that were not covered though the participant stayed, by node key: in"
        " how many talks.",
    )


class SimulationResults(BaseModel):
    """What came of the talks."""

    personas: list[SimulationSummary]
    total: SimulationSummary


class SimulationVerdict(BaseModel):
    """Whether that is enough to publish what was tried, by what the organization asks for now."""

    passed: bool
    shortcomings: list[str] = Field(description="What is wanting, each in a sentence.")


class SimulationObject(BaseModel):
    """A draft that is tried on simulated participants, or was."""

    id: str
    organization_id: str
    test_mode: bool
    blueprint_id: str
    status: SimulationStatus
    seeds: int = Field(description="Talks with each participant.")
    talks_held: int
    talks_planned: int | None
    outdated: bool = Field(description="The draft, or its agent, has been changed since.")
    verdict: SimulationVerdict | None = Field(description="Null until it is completed.")
    results: SimulationResults | None = Field(description="Null until it is completed.")
    error: str | None = Field(description="Why it failed.")
    created_at: str
    updated_at: str
    completed_at: str | None
    object: Literal["simulation"]


class SimulationList(ListOf[SimulationObject]):
    """A page of simulations, newest first."""


@router.post(
    "/blueprints/{blueprint_id}/simulations",
    status_code=202,
    response_model=SimulationObject,
    responses=errors(*WRITES, "conflict", "invalid_graph"),
    summary="Try the draft on simulated participants",
)
async def simulate_blueprint(
    request: Request, key: Writer, blueprint_id: BlueprintId, body: SimulationCreate | None = None
) -> Response:
    """Have the draft, as it stands now, held with every simulated participant, on a clock that runs ahead:
    talkative and terse ones, hostile and distressed ones, some that go and come back. It takes some seconds
    and touches no interview."""
    house = house_of(request)
    design = await _draft(house, key.tenant, blueprint_id)
    if faults := msgspec.to_builtins(validation_of(design).errors):
        raise invalid_graph(faults)
    gate = await gate_of(house, key, design) or Gate()
    seeds = gate.seeds if body is None or body.seeds is None else body.seeds
    if seeds > (most := most_seeds(design)):
        sentence = f"A draft of this size is tried with {most} talks for each participant at most."
        raise Refusal(400, "invalid_request", sentence, param="/seeds")
    try:
        with refusing("blueprint"):
            asked = await _simulations(house).ask(key.tenant, blueprint_id, design, seeds)
    except UnderWay:
        sentence = "This draft is being tried already."
        raise Refusal(409, "conflict", sentence, retry_after=RETRY_AFTER) from None
    except TooManyWaiting:
        sentence = f"{MOST_WAITING} drafts of this organization wait to be tried already."
        raise Refusal(409, "conflict", sentence, retry_after=RETRY_AFTER) from None
    house.office.rehearser.wake()
    return shown(simulation_object(asked, gate, asked.fingerprint), status=202)


@router.get(
    "/blueprints/{blueprint_id}/simulations",
    response_model=SimulationList,
    responses=errors(),
    summary="List simulations",
)
async def list_simulations(
    request: Request,
    key: Reader,
    blueprint_id: BlueprintId,
    window: Annotated[Window, Depends(cursor("sim_"))],
) -> Response:
    """Every time that a draft of this blueprint was tried, newest first."""
    house = house_of(request)
    design = await _draft(house, key.tenant, blueprint_id)
    standing, gate = fingerprint(design), await gate_of(house, key, design) or Gate()
    page = await _simulations(house).page(key.tenant, blueprint_id, window)
    return listed(page, [simulation_object(one, gate, standing) for one in page.data])


@router.get(
    "/blueprints/{blueprint_id}/simulations/{simulation_id}",
    response_model=SimulationObject,
    responses=errors(),
    summary="Read a simulation",
)
async def read_simulation(
    request: Request, key: Reader, blueprint_id: BlueprintId, simulation_id: SimulationId
) -> Response:
    """How far it is, and at its end what came of it."""
    house = house_of(request)
    design = await _draft(house, key.tenant, blueprint_id)
    with refusing("simulation"):
        found = await _simulations(house).find(key.tenant, blueprint_id, simulation_id)
    gate = await gate_of(house, key, design) or Gate()
    return shown(simulation_object(found, gate, fingerprint(design)))


def simulation_object(simulation: Simulation, gate: Gate, standing: str) -> dict[str, Any]:
    """A simulation as the API shows it; `standing` is the fingerprint of the draft as it is now."""
    wanting = None if simulation.results is None else wanting_of(simulation, gate)
    over = simulation.completed_at
    return {
        "id": simulation.id,
        "organization_id": simulation.organization_id,
        "test_mode": simulation.test_mode,
        "blueprint_id": simulation.blueprint_id,
        "status": simulation.status,
        "seeds": simulation.seeds,
        "talks_held": simulation.talks_held,
        "talks_planned": simulation.talks_planned,
        "outdated": simulation.fingerprint != standing,
        "verdict": None if wanting is None else {"passed": not wanting, "shortcomings": wanting},
        "results": simulation.results,
        "error": simulation.error,
        "created_at": rfc3339(simulation.created_at),
        "updated_at": rfc3339(simulation.updated_at),
        "completed_at": None if over is None else rfc3339(over),
        "object": "simulation",
    }


def wanting_of(simulation: Simulation, gate: Gate) -> list[str]:
    """What keeps a simulation that is completed from being enough for a gate, each in a sentence."""
    assert simulation.results is not None
    found = shortcomings(msgspec.convert(simulation.results["total"], Summary), gate.thresholds)
    if simulation.seeds < gate.seeds:
        found.append(f"There were {simulation.seeds} talks with each participant, not {gate.seeds}.")
    return found


async def gate_of(house: House, key: ApiKey, design: Mapping[str, Any]) -> Gate | None:
    """What the organization asks of such a draft before it is published; None: nothing."""
    settings = (await house.organizations.find(key.organization_id)).settings
    return _fitting(msgspec.convert(settings[GATE], Gate), design) if GATE in settings else None


def _fitting(gate: Gate, design: Mapping[str, Any]) -> Gate:
    """A gate that asks for no more talks than there may be with such a design."""
    return msgspec.structs.replace(gate, seeds=min(gate.seeds, most_seeds(design)))


async def check_simulated(house: House, key: ApiKey, blueprint_id: str, design: dict[str, Any]) -> None:
    """See that this very design has passed where the organization asks for that. Raises Refusal (409)."""
    gate = await gate_of(house, key, design)
    if gate is None:
        return
    tried = await _simulations(house).of_design(key.tenant, blueprint_id, fingerprint(design))
    wanting = [wanting_of(one, gate) for one in tried if one.status == "completed"]
    if any(not one for one in wanting):
        return
    if any(one.status in OPEN for one in tried):
        sentence = "This draft is being tried on simulated participants: wait for what comes of it."
        raise Refusal(409, "simulation_required", sentence, retry_after=RETRY_AFTER)
    if not wanting:
        sentence = "This draft must first be tried on simulated participants: POST …/simulations."
        raise Refusal(409, "simulation_required", sentence)
    faults = [{"code": "simulation_short", "message": each, "param": None} for each in wanting[0]]
    sentence = f"Simulated participants found this draft wanting: {faults[0]['message']}"
    raise Refusal(409, "simulation_required", sentence, extra={"errors": faults})


async def _draft(house: House, tenant: Tenant, blueprint_id: str) -> dict[str, Any]:
    with refusing("blueprint"):
        design = await house.blueprints.design(tenant, blueprint_id)
    return design


def _simulations(house: House) -> Simulations:
    return Simulations(house.database)
