"""Programs that take part in a talk under way: what is written or filled in in the participant's place."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from dialog.blueprint import Node
from dialog.events import NodeEntered
from dialog.forms import validate_data
from dialog.signals import FormFilled, TextTyped
from server.api.errors import Refusal, request_id_of
from server.api.house import house_of
from server.api.studies.conventions import WRITES, Body, Writer, errors, shown
from server.api.studies.faults import faulty, one_fault
from server.api.studies.runs import RunId, find_run
from server.live.page_signals import MOST_CHARACTERS
from server.live.session import Session
from server.live.visit import Visit
from server.store.run import Run

router = APIRouter(tags=["Interview runs"])


class RunMessage(Body):
    """What the participant writes."""

    content: str = Field(min_length=1, max_length=MOST_CHARACTERS, pattern=r"\S")


class RunResponse(Body):
    """What the participant gives at a node that takes data."""

    node_id: str = Field(min_length=1, max_length=200)
    data: dict[str, Any]


class MessageAck(BaseModel):
    """It was received; the reply arrives on the run's event stream."""

    object: Literal["message_ack"]
    run_id: str
    status: Literal["received"]


class ContentResponse(BaseModel):
    """It is on the record."""

    object: Literal["content_response"]
    run_id: str
    node_id: str
    node_type: Literal["form", "custom"]
    data: dict[str, Any]


@router.post(
    "/interview-runs/{run_id}/message",
    response_model=MessageAck,
    responses=errors(*WRITES, "conflict", "not_talking"),
    summary="Write to the interviewer",
)
async def send_message(request: Request, key: Writer, run_id: RunId, body: RunMessage) -> Response:
    """Say something in writing, in the participant's place, in a talk under way."""
    run = await find_run(request, key, run_id)
    session = _session(_talk(request, run))
    session.put(TextTyped(body.content.strip(), request_id_of(request)))
    return shown({"object": "message_ack", "run_id": run.id, "status": "received"})


@router.post(
    "/interview-runs/{run_id}/respond",
    response_model=ContentResponse,
    responses=errors(*WRITES, "conflict", "not_talking", "takes_no_data", "not_on_show"),
    summary="Fill in a form",
)
async def respond(request: Request, key: Writer, run_id: RunId, body: RunResponse) -> Response:
    """Give the data that the node on show asks for, in a talk under way."""
    run = await find_run(request, key, run_id)
    visit = _talk(request, run)
    node = visit.case.blueprint.graph.nodes.get(body.node_id)
    if node is None:
        raise Refusal(404, "not_found", "There is no such node in this run.", param="/node_id")
    if node.type not in ("form", "custom"):
        sentence = "This node takes no data: answer it with a message."
        raise Refusal(409, "takes_no_data", sentence, param="/node_id")
    entered = [e.body.node_key for e in await visit.so_far() if isinstance(e.body, NodeEntered)]
    if entered[-1:] != [node.key]:
        raise Refusal(409, "not_on_show", "This node is not what is being asked now.", param="/node_id")
    _check_data(node, body.data)
    _session(visit).put(FormFilled(node.key, body.data))
    return shown(
        {
            "object": "content_response",
            "run_id": run.id,
            "node_id": node.key,
            "node_type": node.type,
            "data": body.data,
        }
    )


def _talk(request: Request, run: Run) -> Visit:
    """The talk under way. Raises Refusal (409) where there is none."""
    if run.connector_id is not None:
        raise Refusal(409, "conflict", "Nobody can write into a meeting.")
    visit = house_of(request).registry.find(run.id)
    if visit is None:
        raise Refusal(409, "not_talking", "No talk is under way in this run.")
    _session(visit)
    return visit


def _session(visit: Visit) -> Session:
    """Its sitting, while somebody is there. Raises Refusal (409)."""
    session = visit.session
    if session is None or session.outcome is not None or not session.joined:
        raise Refusal(409, "not_talking", "No talk is under way in this run.")
    return session


def _check_data(node: Node, data: dict[str, Any]) -> None:
    """Raises Refusal (400) with every fault."""
    faults = [one_fault(each.code, each.message, f"/data{each.path}") for each in validate_data(node, data)]
    if faults:
        raise faulty(faults)
