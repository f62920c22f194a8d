"""Runs with what belongs to them shown whole: so many queries for a page of runs, however many they are."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Request

from dialog.blueprint import Blueprint
from dialog.events import Event
from server.api.house import house_of
from server.api.studies.agents import agent_object, agents_of
from server.api.studies.blueprints import blueprint_object
from server.api.studies.channels import channel_object, channels_of
from server.api.studies.connectors import connector_object, connectors_of
from server.api.studies.conventions import expansions
from server.api.studies.run_logs import told_in
from server.api.studies.run_shapes import analysis_object, responses_object, run_object, transcript_object
from server.store.documents import Document, Documents, Found, OfRun
from server.store.holding import held_by
from server.store.organizations import ApiKey
from server.store.run import Run
from server.store.shelf import Kept, Shelf
from server.store.snapshots import Snapshot

Shown = dict[str, Any]
Made = Callable[[Kept], Shown]
Projection = Callable[[Run, Document, Blueprint, list[Event]], Shown]

NAMES: Final = (
    "blueprint",
    "blueprint.agent",
    "agent",
    "channel",
    "connector",
    "transcript",
    "responses",
    "analysis",
)

Expanded = Annotated[frozenset[str], Depends(expansions(*NAMES))]

_PROJECTIONS: Final[dict[str, Projection]] = {
    "transcript": transcript_object,
    "responses": responses_object,
}


async def runs_shown(
    request: Request, key: ApiKey, runs: Sequence[Run], expand: frozenset[str] = frozenset()
) -> list[Shown]:
    """Runs as the API shows them to this key, with what is to be shown whole inside."""
    house = house_of(request)
    ids = [run.id for run in runs]
    kept = Documents(house.database)
    wanted = expand & _PROJECTIONS.keys()
    designed = expand & {"blueprint", "blueprint.agent"}
    async with house.database.view():
        documents = await kept.of_runs(ids)
        secrets = await house.runs.secrets(ids) if key.may("write") and ids else {}
        url = house.settings.public_url
        shown = [run_object(run, secrets.get(run.id), documents[run.id], url) for run in runs]
        pins = [(run.blueprint_id, run.blueprint_version) for run in runs]
        snapshots = await house.blueprints.snapshots.find_many(pins) if designed or wanted else {}
        if designed:
            await _put_blueprints(request, runs, shown, snapshots, with_agent="blueprint.agent" in expand)
        if "agent" in expand:
            await _put_things(agents_of(request), agent_object, shown, "agent")
        if "channel" in expand:
            await _put_things(channels_of(request), channel_object, shown, "channel")
        if "connector" in expand:
            await _put_things(connectors_of(request), connector_object, shown, "connector")
    # Long logs take their time: no view of the database is kept for them.
    if wanted:
        told = await told_in(house, ids)
        await asyncio.to_thread(_put_documents, runs, shown, documents, snapshots, told, wanted)
    if "analysis" in expand:
        found = await kept.findings(ids)
        await asyncio.to_thread(_put_analyses, runs, shown, documents, found)
    return shown


async def _put_blueprints(
    request: Request,
    runs: Sequence[Run],
    shown: Sequence[Shown],
    snapshots: Mapping[tuple[str, int], Snapshot],
    *,
    with_agent: bool,
) -> None:
    """The design as it is held, on what else its blueprint is."""
    stored = await house_of(request).blueprints.find_many([run.blueprint_id for run in runs])
    agents = {}
    if with_agent:
        agents = await agents_of(request).find_many([each.agent_id for each in snapshots.values()])
    made: dict[tuple[str, int], msgspec.Raw] = {}
    for pin, snapshot in snapshots.items():
        if snapshot.blueprint_id not in stored:
            continue
        pinned = msgspec.structs.replace(
            stored[snapshot.blueprint_id],
            version=snapshot.version,
            agent_id=snapshot.agent_id,
            **{part: snapshot.body[part] for part in ("name", "graph", "settings", "pipeline")},
        )
        whole = blueprint_object(pinned)
        if with_agent:
            agent = agents.get(snapshot.agent_id)
            whole["agent"] = None if agent is None else agent_object(agent)
        made[pin] = _written(whole)
    for run, one in zip(runs, shown, strict=True):
        # None where it went with its last run, since we looked.
        one["blueprint"] = made.get((run.blueprint_id, run.blueprint_version))


def _written(whole: Shown) -> msgspec.Raw:
    """As JSON: what many runs share is made and written once, and what is long in the thread that makes
    it."""
    return msgspec.Raw(msgspec.json.encode(whole))


async def _put_things(shelf: Shelf, made: Made, shown: Sequence[Shown], name: str) -> None:
    """What lies on a shelf, where a run names one."""
    ids = [one[f"{name}_id"] for one in shown]
    found = await shelf.find_many([thing_id for thing_id in ids if thing_id is not None])
    written = {thing_id: _written(made(thing)) for thing_id, thing in found.items()}
    for one, thing_id in zip(shown, ids, strict=True):
        one[name] = written.get(thing_id)


def _put_documents(
    runs: Sequence[Run],
    shown: Sequence[Shown],
    documents: Mapping[str, OfRun],
    snapshots: Mapping[tuple[str, int], Snapshot],
    told: Mapping[str, list[Event]],
    wanted: frozenset[str],
) -> None:
    """What was said and answered, where anything was."""
    designs: dict[tuple[str, int], Blueprint] = {}
    for run, one in zip(runs, shown, strict=True):
        pin = run.blueprint_id, run.blueprint_version
        for name in _PROJECTIONS:
            if name not in wanted:
                continue
            document = next((each for kind, each in documents[run.id].items() if kind == name), None)
            if document is None or run.id not in told:
                one[name] = None
                continue
            if pin not in designs:
                designs[pin] = Blueprint.model_validate(snapshots[pin].body)
            whole = _PROJECTIONS[name](run, document, held_by(run, designs[pin]), told[run.id])
            one[name] = _written(whole)


def _put_analyses(
    runs: Sequence[Run],
    shown: Sequence[Shown],
    documents: Mapping[str, OfRun],
    found: Mapping[str, Found],
) -> None:
    """What was found, as far as it is."""
    for run, one in zip(runs, shown, strict=True):
        document = documents[run.id].get("analysis")
        whole = None if document is None else analysis_object(run, document, found.get(run.id))
        one["analysis"] = None if whole is None else _written(whole)
