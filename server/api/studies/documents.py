"""What comes of a run: its transcript, responses, events and recording. All are projections of its stored
events, made when they are asked for; while the talk goes on, of what there is."""

import asyncio
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import BaseModel

from dialog.blueprint import Blueprint
from dialog.events import Event
from dialog.transcript import plain_text, transcript, transcript_entries, web_vtt
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.conventions import Reader, errors, shown
from server.api.studies.event_stream import EventStream
from server.api.studies.run_shapes import (
    ResponsesObject,
    TranscriptObject,
    responses_object,
    transcript_object,
)
from server.api.studies.runs import RunId, find_run
from server.store.documents import Document, Documents
from server.store.event_rows import read_events, read_facts
from server.store.run import Run, RunNotFound
from server.store.run_status import TERMINAL

router = APIRouter(tags=["Interview runs"])

MOST_EVENTS: Final = 1_000
LAST_NUMBER: Final = (1 << 53) - 1


class EventObject(BaseModel):
    """One line of a run's log: `seq` counts from 1 without a gap, `at` is seconds in its session."""

    seq: int
    at: float
    body: dict[str, Any]


class EventList(BaseModel):
    """A part of a run's log, in order; `next_cursor` is the next part's `after`."""

    object: Literal["list"]
    data: list[EventObject]
    has_more: bool
    next_cursor: str | None


_TEXTS: Final[dict[str, Any]] = {"text/vtt": {}, "text/plain": {}, "application/x-ndjson": {}}


@router.get(
    "/interview-runs/{run_id}/transcript",
    response_model=TranscriptObject,
    responses={**errors(), 200: {"content": _TEXTS, "description": "By `Accept`."}},
    summary="Read a transcript",
)
async def read_transcript(
    request: Request,
    key: Reader,
    run_id: RunId,
    accept: Annotated[
        str, Header(description="`application/json`, `text/vtt`, `text/plain` or `application/x-ndjson`.")
    ] = "",
) -> Response:
    """What was said in a run, so far if it goes on (`status` is then `processing`)."""
    run = await find_run(request, key, run_id)
    events = await _facts(request, run)
    if "text/vtt" in accept:
        subtitles = await asyncio.to_thread(lambda: web_vtt(transcript(events)))
        return Response(subtitles, media_type="text/vtt")
    if "text/plain" in accept:
        return PlainTextResponse(await asyncio.to_thread(lambda: plain_text(transcript(events))))
    if "application/x-ndjson" in accept:
        return Response(await asyncio.to_thread(_lines, events), media_type="application/x-ndjson")
    document, design = await _made_of(request, run, "transcript")
    return shown(await asyncio.to_thread(transcript_object, run, document, design, events))


@router.get(
    "/interview-runs/{run_id}/responses",
    response_model=ResponsesObject,
    responses=errors(),
    summary="Read responses",
)
async def read_responses(request: Request, key: Reader, run_id: RunId) -> Response:
    """What was answered in a run, one item for each node that was visited."""
    run = await find_run(request, key, run_id)
    events = await _facts(request, run)
    document, design = await _made_of(request, run, "responses")
    return shown(await asyncio.to_thread(responses_object, run, document, design, events))


_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/event-stream": {}}, "description": "A page, or a stream, by `Accept`."},
    204: {"description": "To a stream's reader: the run is over, and everything was read."},
}


@router.get(
    "/interview-runs/{run_id}/events",
    response_model=EventList,
    responses={**errors(), **_STREAM},
    summary="Read or follow the events",
)
async def read_run_events(
    request: Request,
    key: Reader,
    run_id: RunId,
    after: Annotated[int, Query(ge=0, le=LAST_NUMBER, description="Those behind this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_EVENTS, description="How many, on a page.")] = 100,
    accept: Annotated[str, Header(description="`application/json` or `text/event-stream`.")] = "",
    last_event_id: Annotated[str, Header(description="A stream goes on behind this number.")] = "",
) -> Response:
    """The run's ordered log: what was said, understood and decided. A stream goes on as it happens."""
    run = await find_run(request, key, run_id)
    house = house_of(request)
    if "text/event-stream" in accept:
        seen = max(after, _number(last_event_id))
        last = run.status in TERMINAL and not await read_events(house.database, run.id, after=seen, limit=1)
        return Response(status_code=204) if last else EventStream(house, run.id, seen)
    page = await read_events(house.database, run.id, after=after, limit=limit + 1)
    body = {
        "object": "list",
        "data": [msgspec.to_builtins(event) for event in page[:limit]],
        "has_more": len(page) > limit,
        "next_cursor": str(page[limit - 1].seq) if len(page) > limit else None,
    }
    return shown(body)


@router.get(
    "/interview-runs/{run_id}/recording",
    response_class=FileResponse,
    responses={
        **errors(416),
        200: {"content": {"audio/ogg": {}}, "description": "The sound."},
        206: {"content": {"audio/ogg": {}}, "description": "A part of it."},
    },
    summary="Read a recording",
)
async def read_recording(request: Request, key: Reader, run_id: RunId) -> Response:
    """The sound in Ogg Opus: participant left, agent right. Takes `Range`."""
    run = await find_run(request, key, run_id)
    path = house_of(request).recordings.path(run.id)
    if not await asyncio.to_thread(path.is_file):
        raise Refusal(404, "not_found", "There is no recording of this run.")
    return FileResponse(path, media_type="audio/ogg; codecs=opus")


def _number(text: str) -> int:
    """The number in a `Last-Event-ID`; what is none of ours begins anew."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else 0


async def _facts(request: Request, run: Run) -> list[Event]:
    events = (await read_facts(house_of(request).database, [run.id])).get(run.id)
    if events is None:
        raise Refusal(404, "not_found", "Nothing has been said in this run yet.")
    return events


async def _made_of(
    request: Request, run: Run, kind: Literal["transcript", "responses"]
) -> tuple[Document, Blueprint]:
    house = house_of(request)
    try:
        documents = await Documents(house.database).begin(run.id)
    except RunNotFound:
        raise Refusal(404, "not_found", "There is no such run.") from None
    return documents[kind], await house.design(run)


def _lines(events: list[Event]) -> bytes:
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in transcript_entries(events))
