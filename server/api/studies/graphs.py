"""A blueprint's graph under work, its validation, and what is published of it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from dialog.blueprint import Edge, Graph, Node, Pipeline, Settings
from dialog.blueprint_validation import GraphValidation
from dialog.transcript import rfc3339
from server.api.house import house_of
from server.api.studies.agents import agents_of
from server.api.studies.blueprints import (
    BlueprintId,
    BlueprintObject,
    blueprint_object,
    check_size,
    edited,
    few_nodes,
)
from server.api.studies.conventions import (
    WRITES,
    Body,
    ListOf,
    Reader,
    Seen,
    Writer,
    errors,
    not_found,
    shown,
    stale,
)
from server.api.studies.designs import graph_shown, settings_shown
from server.api.studies.graph_faults import graph_fault, invalid_graph, validation_of
from server.api.studies.refusing import refusing
from server.api.studies.simulations import check_simulated
from server.store.blueprints import StoredBlueprint
from server.store.fingerprints import DesignChanged, fingerprint
from server.store.organizations import Tenant
from server.store.shelf import Stale
from server.store.snapshots import Snapshot

router = APIRouter(tags=["Blueprints"])

NodeKey = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


class Edges(Body):
    """All edges of a graph."""

    edges: list[Edge]


class GraphFault(BaseModel):
    """One thing that is wrong with a graph, or unwise."""

    code: str
    path: str
    message: str


class GraphValidationObject(BaseModel):
    """Everything that is wrong with a graph: `errors` keep it from being published, `warnings` are advice."""

    object: Literal["graph_validation"]
    valid: bool
    errors: list[GraphFault]
    warnings: list[GraphFault]


class BlueprintVersion(BaseModel):
    """What was published: never changed again."""

    object: Literal["blueprint_version"]
    blueprint_id: str
    version: int
    agent_id: str
    name: str
    description: str | None
    graph: Graph
    settings: Settings
    pipeline: Pipeline
    metadata: dict[str, Any]
    published_at: str


class BlueprintVersionList(ListOf[BlueprintVersion]):
    """A page of versions, newest first."""


_EDIT: dict[str, Any] = {"response_model": BlueprintObject, "responses": errors(*WRITES, "archived")}
_CHECKED_EDIT: dict[str, Any] = {
    "response_model": BlueprintObject,
    "responses": errors(*WRITES, "archived", "invalid_graph"),
}
_PUBLISHING: dict[str, Any] = {
    "response_model": BlueprintObject,
    "responses": errors(*WRITES, "archived", "invalid_graph", "simulation_required"),
}


@router.put(
    "/blueprints/{blueprint_id}/graph",
    summary="Replace the graph",
    dependencies=[few_nodes()],
    **_CHECKED_EDIT,
)
async def replace_graph(
    request: Request, key: Writer, blueprint_id: BlueprintId, body: Graph, seen: Seen
) -> Response:
    """Replace the draft's whole graph. It may still have faults: `validate` tells them."""
    graph = body.model_dump(mode="json", by_alias=True)
    return await edited(request, key.tenant, blueprint_id, lambda _: {"graph": graph}, seen)


@router.patch(
    "/blueprints/{blueprint_id}/graph/nodes/{node_id}", summary="Replace or add a node", **_CHECKED_EDIT
)
async def replace_node(
    request: Request, key: Writer, blueprint_id: BlueprintId, node_id: NodeKey, body: Node, seen: Seen
) -> Response:
    """Put a node in the place of the one with this key, or add it; the body's key must be the same."""
    if body.key != node_id:
        sentence = f"The key must be `{node_id}`, as in the address."
        raise invalid_graph([graph_fault("key_mismatch", "/key", sentence)])
    node = body.model_dump(mode="json", by_alias=True)

    def edit(was: StoredBlueprint) -> Mapping[str, Any]:
        graph = was.graph | {"nodes": was.graph["nodes"] | {node_id: node}}
        check_size(graph["nodes"])
        return {"graph": graph}

    return await edited(request, key.tenant, blueprint_id, edit, seen)


@router.delete("/blueprints/{blueprint_id}/graph/nodes/{node_id}", summary="Take a node away", **_EDIT)
async def delete_node(
    request: Request, key: Writer, blueprint_id: BlueprintId, node_id: NodeKey, seen: Seen
) -> Response:
    """Take a node away, and the edges that lead to it and from it."""

    def edit(was: StoredBlueprint) -> Mapping[str, Any]:
        if node_id not in was.graph["nodes"]:
            raise not_found("node")
        nodes = {name: node for name, node in was.graph["nodes"].items() if name != node_id}
        edges = [edge for edge in was.graph["edges"] if node_id not in (edge["from"], edge["to"])]
        return {"graph": was.graph | {"nodes": nodes, "edges": edges}}

    return await edited(request, key.tenant, blueprint_id, edit, seen)


@router.put("/blueprints/{blueprint_id}/graph/edges", summary="Replace the edges", **_EDIT)
async def replace_edges(
    request: Request, key: Writer, blueprint_id: BlueprintId, body: Edges, seen: Seen
) -> Response:
    """Replace all edges of the draft's graph."""
    edges = body.model_dump(mode="json", by_alias=True)["edges"]
    return await edited(
        request, key.tenant, blueprint_id, lambda was: {"graph": was.graph | {"edges": edges}}, seen
    )


@router.post(
    "/blueprints/{blueprint_id}/validate",
    response_model=GraphValidationObject,
    responses=errors(*WRITES),
    summary="Validate the draft",
)
async def validate(request: Request, key: Reader, blueprint_id: BlueprintId) -> Response:
    """Say everything that is wrong with the draft's graph, at once, each with its place."""
    _, found = await _validation(request, key.tenant, await _found(request, key.tenant, blueprint_id))
    return shown(
        {
            "object": "graph_validation",
            "valid": found.valid,
            "errors": msgspec.to_builtins(found.errors),
            "warnings": msgspec.to_builtins(found.warnings),
        }
    )


@router.post("/blueprints/{blueprint_id}/publish", summary="Publish the draft", **_PUBLISHING)
async def publish(request: Request, key: Writer, blueprint_id: BlueprintId, seen: Seen) -> Response:
    """Take a snapshot of the draft and its agent: new runs are of it. Its graph must have no errors, and no
    warnings either where the organization has a `publish_gate`; where it has a `simulation_gate`, simulated
    participants must have found this very draft good enough."""
    house = house_of(request)
    gated = (await house.organizations.find(key.organization_id)).settings.get("publish_gate", False)
    while True:
        draft = await _found(request, key.tenant, blueprint_id)
        if seen not in (None, draft.revision):
            raise stale()
        design, found = await _validation(request, key.tenant, draft)
        if faults := msgspec.to_builtins([*found.errors, *(found.warnings if gated else [])]):
            raise invalid_graph(faults)
        await check_simulated(house, key, blueprint_id, design)
        judged = fingerprint(design)
        with refusing("blueprint"):
            try:
                after = await house.blueprints.publish(
                    key.tenant, blueprint_id, seen=draft.revision, judged=judged
                )
            except (Stale, DesignChanged):
                continue  # edited since it was validated, or its agent: only what was looked at is published
        return shown(blueprint_object(after), revision=after.revision)


@router.post("/blueprints/{blueprint_id}/archive", summary="Archive the blueprint", **_EDIT)
async def archive(request: Request, key: Writer, blueprint_id: BlueprintId, seen: Seen) -> Response:
    """Let no new run begin. Those that there are go on."""
    with refusing("blueprint"):
        stored = await house_of(request).blueprints.archive(key.tenant, blueprint_id, seen=seen)
    return shown(blueprint_object(stored), revision=stored.revision)


@router.get(
    "/blueprints/{blueprint_id}/versions",
    response_model=BlueprintVersionList,
    responses=errors(),
    summary="List versions",
)
async def list_versions(
    request: Request,
    key: Reader,
    blueprint_id: BlueprintId,
    limit: Annotated[int, Query(ge=1, le=100, description="How many.")] = 20,
    cursor: Annotated[str | None, Query(pattern=r"^[1-9][0-9]{0,8}$", description="`next_cursor`.")] = None,
) -> Response:
    """What was published, newest first."""
    await _found(request, key.tenant, blueprint_id)
    before = None if cursor is None else int(cursor)
    versions = await house_of(request).blueprints.snapshots.page(blueprint_id, before=before, limit=limit + 1)
    page = versions[:limit]
    more = len(versions) > limit
    return shown(
        {
            "object": "list",
            "data": [_version_object(each) for each in page],
            "has_more": more,
            "next_cursor": str(page[-1].version) if more else None,
        }
    )


@router.get(
    "/blueprints/{blueprint_id}/versions/{version}",
    response_model=BlueprintVersion,
    responses=errors(),
    summary="Read a version",
)
async def read_version(
    request: Request,
    key: Reader,
    blueprint_id: BlueprintId,
    version: Annotated[int, Path(ge=1, le=999_999_999)],
) -> Response:
    """One published version."""
    await _found(request, key.tenant, blueprint_id)
    with refusing("version"):
        snapshot = await house_of(request).blueprints.snapshots.find(blueprint_id, version)
    return shown(_version_object(snapshot))


def _version_object(snapshot: Snapshot) -> dict[str, Any]:
    body = snapshot.body
    return {
        "object": "blueprint_version",
        "blueprint_id": snapshot.blueprint_id,
        "version": snapshot.version,
        "agent_id": snapshot.agent_id,
        "name": body["name"],
        "description": body.get("description"),
        "graph": graph_shown(body["graph"]),
        "settings": settings_shown(body["settings"], body["graph"]),
        "pipeline": body["pipeline"],
        "metadata": body["metadata"],
        "published_at": rfc3339(snapshot.published_at),
    }


async def _found(request: Request, tenant: Tenant, blueprint_id: str) -> StoredBlueprint:
    with refusing("blueprint"):
        found = await house_of(request).blueprints.find(tenant, blueprint_id)
    return found


async def _validation(
    request: Request, tenant: Tenant, draft: StoredBlueprint
) -> tuple[dict[str, Any], GraphValidation]:
    """The draft with its agent inline, and what is wrong with it."""
    agent = await agents_of(request).find(tenant, draft.agent_id)
    design = draft.with_agent(agent.body)
    return design, validation_of(design)
