"""What comes of a run: its transcript, responses, analysis, events and recording. The first three are made
when the talk is over; until then there is nothing of them to read but the events."""

import asyncio
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import BaseModel

from dialog.events import Event
from dialog.transcript import plain_text, transcript, transcript_entries, web_vtt
from server.api.errors import Refusal
from server.api.house import house_of
from server.api.studies.conventions import ListOf, Reader, Writer, errors, shown
from server.api.studies.event_stream import EventStream
from server.api.studies.freshness import FreshFile
from server.api.studies.refusing import refusing
from server.api.studies.run_logs import erasing_is_due, log_page, told_in
from server.api.studies.run_shapes import (
    AnalysisObject,
    ResponsesObject,
    TranscriptObject,
    analysis_object,
    responses_object,
    transcript_object,
)
from server.api.studies.runs import RunId, find_run
from server.pipeline.aftermath import AlreadyAtIt, StillTalking
from server.store.documents import OPEN, Document, DocumentKind, Documents, Found
from server.store.event_rows import read_events
from server.store.run import Run
from server.store.run_status import TERMINAL

router = APIRouter(tags=["Interview runs"])

MOST_EVENTS: Final = 1_000
LAST_NUMBER: Final = (1 << 53) - 1
RETRY_AFTER: Final = 2
"""Seconds after which a document may be there that is being made, and a recording without what is being
erased."""

_NAMES: Final[dict[DocumentKind, str]] = {
    "transcript": "transcript",
    "responses": "response document",
    "analysis": "analysis",
}


class EventObject(BaseModel):
    """One line of a run's log: `seq` counts from 1 without a gap, `at` is seconds in its session."""

    seq: int
    at: float
    body: dict[str, Any]


class EventList(ListOf[EventObject]):
    """A part of a run's log, in order; `next_cursor` is the next part's `after`."""


_TEXTS: Final[dict[str, Any]] = {"text/vtt": {}, "text/plain": {}, "application/x-ndjson": {}}


@router.get(
    "/interview-runs/{run_id}/transcript",
    response_model=TranscriptObject,
    responses={**errors(409), 200: {"content": _TEXTS, "description": "By `Accept`."}},
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
    """What was said in a run, once the talk is over. While it goes on, follow the events."""
    run = await find_run(request, key, run_id)
    document = await _made(request, run, "transcript")
    events = await _told(request, run)
    if "text/vtt" in accept:
        subtitles = await asyncio.to_thread(lambda: web_vtt(transcript(events)))
        return Response(subtitles, media_type="text/vtt")
    if "text/plain" in accept:
        return PlainTextResponse(await asyncio.to_thread(lambda: plain_text(transcript(events))))
    if "application/x-ndjson" in accept:
        return Response(await asyncio.to_thread(_lines, events), media_type="application/x-ndjson")
    design = await house_of(request).design(run)
    return await asyncio.to_thread(lambda: shown(transcript_object(run, document, design, events)))


@router.get(
    "/interview-runs/{run_id}/responses",
    response_model=ResponsesObject,
    responses=errors(409),
    summary="Read responses",
)
async def read_responses(request: Request, key: Reader, run_id: RunId) -> Response:
    """What was answered in a run, one item for each node that was visited, once the talk is over."""
    run = await find_run(request, key, run_id)
    document = await _made(request, run, "responses")
    events = await _told(request, run)
    design = await house_of(request).design(run)
    return await asyncio.to_thread(lambda: shown(responses_object(run, document, design, events)))


@router.get(
    "/interview-runs/{run_id}/analysis",
    response_model=AnalysisObject,
    responses=errors(409),
    summary="Read an analysis",
)
async def read_analysis(request: Request, key: Reader, run_id: RunId) -> Response:
    """What the participant spoke of, and how it sounds. Every quote is a part of an entry of the transcript,
    byte for byte."""
    run = await find_run(request, key, run_id)
    document = await _made(request, run, "analysis")
    found = await _found(request, run)
    return await asyncio.to_thread(lambda: shown(analysis_object(run, document, found)))


@router.post(
    "/interview-runs/{run_id}/analysis",
    status_code=202,
    response_model=AnalysisObject,
    responses=errors(409),
    summary="Make an analysis",
)
async def make_analysis(request: Request, key: Writer, run_id: RunId) -> Response:
    """Have an analysis made, for the first time or anew: of a talk that is over."""
    run, office = await find_run(request, key, run_id), house_of(request).office
    try:
        with refusing("run"):
            document = await office.aftermath.ask_for_analysis(run.id)
    except StillTalking:
        raise Refusal(409, "conflict", "There is no talk in this run that is over.") from None
    except AlreadyAtIt:
        raise _in_progress("analysis") from None
    office.scribe.wake()
    found = await _found(request, run)
    return await asyncio.to_thread(lambda: shown(analysis_object(run, document, found), status=202))


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
    page = await log_page(house, run.id, after, limit + 1)
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
        **errors(400, 409, 416),
        200: {"content": {"audio/ogg": {}}, "description": "The sound."},
        206: {
            "content": {"audio/ogg": {}},
            "description": "A part of it.",
            "headers": {
                "Content-Range": {
                    "description": "Which bytes, of how many.",
                    "schema": {"type": "string"},
                    "example": "bytes 0-1023/48211",
                }
            },
        },
    },
    summary="Read a recording",
)
async def read_recording(
    request: Request,
    key: Reader,
    run_id: RunId,
    range: Annotated[str, Header(description="Which bytes of it, as in RFC 9110.")] = "",
) -> Response:
    """The sound in Ogg Opus: participant left, agent right."""
    run = await find_run(request, key, run_id)
    path = house_of(request).recordings.path(run.id)
    try:
        standing = await asyncio.to_thread(path.stat)
    except FileNotFoundError:
        raise Refusal(404, "not_found", "There is no recording of this run.") from None
    if await erasing_is_due(house_of(request), run.id):
        sentence = "An answer that the participant had erased is still to be taken out of the recording."
        raise Refusal(409, "conflict", sentence, retry_after=RETRY_AFTER)
    return FreshFile(path, stat_result=standing, media_type="audio/ogg; codecs=opus")


def _number(text: str) -> int:
    """The number in a `Last-Event-ID`; what is none of ours begins anew."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else 0


async def _told(request: Request, run: Run) -> list[Event]:
    return (await told_in(house_of(request), [run.id])).get(run.id, [])


async def _found(request: Request, run: Run) -> Found | None:
    return (await Documents(house_of(request).database).findings([run.id])).get(run.id)


async def _made(request: Request, run: Run, kind: DocumentKind) -> Document:
    """A document that nobody works at any more. Raises Refusal (404, 409)."""
    document = (await Documents(house_of(request).database).of_runs([run.id]))[run.id].get(kind)
    if document is None:
        raise Refusal(404, "not_found", f"There is no {_NAMES[kind]} of this run.")
    if document.status in OPEN:
        raise _in_progress(kind)
    return document


def _in_progress(kind: DocumentKind) -> Refusal:
    return Refusal(409, "conflict", f"The {_NAMES[kind]} is not made yet.", retry_after=RETRY_AFTER)


def _lines(events: list[Event]) -> bytes:
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in transcript_entries(events))
