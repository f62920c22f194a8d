"""The Studies API, as far as runs are read: the run, its transcript, responses, events and recording.

All but the run itself are projections of its stored events, made when they are asked for.
"""

import asyncio
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dialog.blueprint import Blueprint
from dialog.events import Event, InterviewPaused, InterviewResumed, NodeEntered
from dialog.responses import completion_rate, response_items
from dialog.transcript import Entry, plain_text, rfc3339, transcript, transcript_entries, web_vtt
from server.api.bearers import key_of
from server.api.errors import Refusal
from server.api.house import House, house_of
from server.live.view import View
from server.store.event_rows import read_events
from server.store.organizations import ApiKey
from server.store.run import Run, RunNotFound

PREFIX: Final = "/api/v1/interview-runs/{run_id}"
_PRIVATE: Final = {"Cache-Control": "private, no-store"}
MOST_EVENTS: Final = 1_000
_TERMINAL_RESULT: Final = frozenset({"completed", "abandoned", "failed", "cancelled"})


async def run_object(request: Request) -> Response:
    """GET /api/v1/interview-runs/{id}."""
    house, key = house_of(request), await key_of(request, "read")
    run = await _find(request, house, key)
    blueprint = await house.blueprints.snapshot(run.blueprint_id, run.blueprint_version)
    events = await read_events(house.database, run.id)
    token = await house.runs.join_token(run.id) if key.may("write") else None
    shown = {
        "id": run.id,
        "object": "interview_run",
        "organization_id": run.organization_id,
        "test_mode": run.test_mode,
        "blueprint_id": run.blueprint_id,
        "blueprint_version": run.blueprint_version,
        "agent_id": None,
        "channel_id": None,
        "connector_id": None,
        "meeting_url": None,
        "dial_in_pin": None,
        "status": run.status,
        "consent_status": run.consent_status,
        "participant": msgspec.to_builtins(run.participant),
        "join_url": None if token is None else f"{house.settings.public_url}/join/{run.id}#{token}",
        "join_token": token,
        "progress": await asyncio.to_thread(_progress, blueprint, events),
        "current_session_id": run.current_session_id,
        "session_count": run.session_count,
        "transcript_id": None,
        "responses_id": None,
        "analysis_id": None,
        "metadata": run.metadata,
        **{
            name: None if (at := getattr(run, name)) is None else rfc3339(at)
            for name in (
                "expires_at",
                "scheduled_at",
                "started_at",
                "completed_at",
                "created_at",
                "updated_at",
            )
        },
    }
    return JSONResponse(shown, headers=_PRIVATE)


async def transcript_object(request: Request) -> Response:
    """GET …/transcript: JSON, or `text/vtt`, `text/plain`, `application/x-ndjson` by `Accept`."""
    run, house = await _run(request)
    events = await _events(house, run)
    entries, shown = await asyncio.to_thread(_spoken, events)
    accepted = request.headers.get("accept", "")
    if "text/vtt" in accepted:
        return Response(web_vtt(entries), headers=_PRIVATE, media_type="text/vtt")
    if "text/plain" in accepted:
        return PlainTextResponse(plain_text(entries), headers=_PRIVATE)
    if "application/x-ndjson" in accepted:
        lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in shown)
        return Response(lines, headers=_PRIVATE, media_type="application/x-ndjson")
    blueprint = await house.blueprints.snapshot(run.blueprint_id, run.blueprint_version)
    body = {
        "object": "transcript",
        "run_id": run.id,
        "status": _stage(run),
        "entries": shown,
        "word_count": sum(len(e.content.split()) for e in entries if e.role == "participant"),
        "duration_s": _duration(entries),
        "language": blueprint.settings.language,
    }
    return JSONResponse(body, headers=_PRIVATE)


async def responses_object(request: Request) -> Response:
    """GET …/responses: one item for each node that was visited."""
    run, house = await _run(request)
    events = await _events(house, run)
    blueprint = await house.blueprints.snapshot(run.blueprint_id, run.blueprint_version)
    items = await asyncio.to_thread(response_items, blueprint, events)
    body = {
        "object": "response",
        "run_id": run.id,
        "status": _stage(run),
        "items": items,
        "path_taken": _path(events),
        "completion_rate": completion_rate(items),
    }
    return JSONResponse(body, headers=_PRIVATE)


async def events_page(request: Request) -> Response:
    """GET …/events: the ordered log from `after` on, `limit` at a time."""
    run, house = await _run(request)
    after = _number(request, "after", 0, 0, 1 << 53)
    limit = _number(request, "limit", 100, 1, MOST_EVENTS)
    page = await read_events(house.database, run.id, after=after, limit=limit + 1)
    body = {
        "object": "list",
        "data": [msgspec.to_builtins(event) for event in page[:limit]],
        "has_more": len(page) > limit,
        "next_cursor": str(page[limit - 1].seq) if len(page) > limit else None,
    }
    return JSONResponse(body, headers=_PRIVATE)


async def recording_file(request: Request) -> Response:
    """GET …/recording: Ogg Opus, participant left, agent right, with byte ranges."""
    run, house = await _run(request)
    path = house.recordings.path(run.id)
    if not path.is_file():
        raise Refusal(404, "not_found", "There is no recording of this run.")
    return FileResponse(path, headers=_PRIVATE, media_type="audio/ogg; codecs=opus")


async def _run(request: Request) -> tuple[Run, House]:
    house, key = house_of(request), await key_of(request, "read")
    return await _find(request, house, key), house


async def _find(request: Request, house: House, key: ApiKey) -> Run:
    try:
        return await house.runs.find(request.path_params["run_id"], key.tenant)
    except RunNotFound:
        raise Refusal(404, "not_found", "There is no such run.") from None


async def _events(house: House, run: Run) -> list[Event]:
    events = await read_events(house.database, run.id)
    if not events:
        raise Refusal(404, "not_found", "Nothing has been said in this run yet.")
    return events


def _stage(run: Run) -> str:
    return "completed" if run.status in _TERMINAL_RESULT else "processing"


def _spoken(events: list[Event]) -> tuple[list[Entry], list[dict[str, Any]]]:
    return transcript(events), transcript_entries(events)


def _duration(entries: list[Entry]) -> float:
    if not entries:
        return 0.0
    end = max(entry.timestamp_ms + (entry.duration_ms or 0) for entry in entries)
    return round((end - entries[0].timestamp_ms) / 1000, 3)


def _path(events: list[Event]) -> list[str]:
    return [event.body.node_key for event in events if isinstance(event.body, NodeEntered)]


def _progress(blueprint: Blueprint, events: list[Event]) -> dict[str, Any]:
    path = _path(events)
    view = View(blueprint)
    paused = False
    for event in events:
        view.see(event)
        if isinstance(event.body, InterviewPaused | InterviewResumed):
            paused = isinstance(event.body, InterviewPaused)
    shown = view.progress(0)
    return {
        "nodes_total": len(blueprint.graph.nodes),
        "nodes_visited": len(set(path)),
        "current_node": path[-1] if path else None,
        "path_taken": path,
        "duration_s": _duration(transcript(events)),
        "estimated_remaining_s": None if shown.remaining_m is None else shown.remaining_m * 60,
        "paused": paused,
    }


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 16 or not least <= int(given) <= most:
        sentence = f"`{name}` must be a number from {least} to {most}."
        raise Refusal(400, "invalid_request", sentence, param=f"/{name}")
    return int(given)


ROUTES: Final = [
    Route(PREFIX, run_object),
    Route(PREFIX + "/transcript", transcript_object),
    Route(PREFIX + "/responses", responses_object),
    Route(PREFIX + "/events", events_page),
    Route(PREFIX + "/recording", recording_file),
]
