"""What exports and the quality report are made of, read so that no talk notices: a page of a log, or one
run's documents, at a time; all that takes arithmetic is done in a thread."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec

from dialog.blueprint import Blueprint
from dialog.events import Event
from dialog.quality.disposition import Disposition, disposition
from dialog.strike import struck
from dialog.struck_sound import erasures_due
from dialog.transcript import transcript
from server.api.house import House
from server.api.studies.in_steps import in_a_thread, to_its_end
from server.api.studies.run_shapes import (
    analysis_object,
    responses_object,
    run_object,
    transcript_object,
)
from server.pipeline.exports.material import Material
from server.store.documents import Document, Documents, OfRun
from server.store.event_rows import read_events, read_facts
from server.store.run import Run
from server.store.run_status import TERMINAL

EVENT_PAGE = 500


async def log_pages(house: House, run_id: str) -> AsyncIterator[list[Event]]:
    """A run's stored log, a page at a time."""
    seq = 0
    while page := await to_its_end(read_events(house.database, run_id, after=seq, limit=EVENT_PAGE)):
        yield page
        seq = page[-1].seq


async def whole_log(house: House, run_id: str, *without: type) -> list[Event]:
    """A run's stored log, but for events of these types."""
    return [
        event
        async for page in log_pages(house, run_id)
        for event in page
        if not isinstance(event.body, without)
    ]


def erased(events: list[Event]) -> list[Event]:
    """The log as it will be once everything that was struck is erased: a crash may have come between."""
    for turn_id in erasures_due(events):
        changed = {event.seq: event for event in struck(events, turn_id)}
        events = [changed.get(event.seq, event) for event in events]
    return events


class Designs:
    """The designs that runs are held by, each read once."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._known: dict[tuple[str, int], Blueprint] = {}

    async def of(self, run: Run) -> Blueprint:
        """A run's own."""
        if run.agent is not None:
            return await self._house.design(run)
        pin = run.blueprint_id, run.blueprint_version
        if pin not in self._known:
            self._known[pin] = await self._house.design(run)
        return self._known[pin]


def is_over(run: Run, document: Document) -> bool:
    """Whether a run's transcript is all that there will be."""
    return run.status in TERMINAL or document.status == "completed"


async def material_of(house: House, run: Run, designs: Designs) -> Material | None:
    """A run's documents, None where the talk isn't over or has left none."""
    documents = (await Documents(house.database).of_runs([run.id]))[run.id]
    document = documents.get("transcript")
    if document is None or not is_over(run, document):
        return None
    facts = (await read_facts(house.database, [run.id])).get(run.id, [])
    due = bool(erasures_due(facts))
    if due:  # what quotes the struck words is found by all events
        events = await whole_log(house, run.id)
        facts = await in_a_thread(house.steps, lambda: erased(events))
    design, url = await designs.of(run), house.settings.public_url
    return await in_a_thread(house.steps, lambda: _material(run, documents, design, facts, due, url))


def _material(
    run: Run, documents: OfRun, design: Blueprint, events: list[Event], due: bool, public_url: str
) -> Material:
    if due:  # what was made before the erasure does not count
        documents = {kind: msgspec.structs.replace(each, body=None) for kind, each in documents.items()}
    responses, analysis = documents.get("responses"), documents.get("analysis")
    analysed = analysis is not None and analysis.status == "completed" and analysis.body is not None
    return Material(
        # without what opens its doors: an export is passed on
        run=run_object(run, None, documents, public_url),
        transcript=transcript_object(run, documents["transcript"], design, events),
        responses=None if responses is None else responses_object(run, responses, design, events),
        analysis=analysis_object(run, analysis) if analysis is not None and analysed else None,
        disposition=disposition_shown(disposition_of(run, design, events)),
        design=design,
        entries=transcript(events),
    )


def disposition_of(run: Run, design: Blueprint, events: list[Event]) -> Disposition:
    """How the case stands."""
    return disposition(
        design,
        events,
        status=run.status,
        declined=run.consent_status == "declined",
        final=run.status in TERMINAL,
    )


def disposition_shown(found: Disposition) -> dict[str, Any]:
    """A disposition as the API shows it."""
    return {
        "code": found.code,
        "category": found.category,
        "label": found.label,
        "final": found.final,
        "applicable": found.applicable,
        "answered": found.answered,
        "share_answered": found.share,
    }


def event_lines(events: list[Event]) -> Iterator[bytes]:
    """Events as lines of JSON."""
    return (msgspec.json.encode(event) + b"\n" for event in events)
