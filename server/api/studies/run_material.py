"""What exports and the quality report are made of: one run's documents at a time, and all that takes
arithmetic in a thread, so that no talk notices."""

from collections.abc import Iterator
from typing import Any

import msgspec

from dialog.blueprint import Blueprint
from dialog.events import Event
from dialog.quality.disposition import Disposition, disposition
from dialog.struck_sound import erasures_due
from dialog.transcript import transcript
from server.api.house import House
from server.api.studies.in_steps import in_a_thread
from server.api.studies.run_logs import told_in
from server.api.studies.run_shapes import (
    analysis_object,
    responses_object,
    run_object,
    transcript_object,
)
from server.pipeline.exports.material import Material
from server.store.documents import OPEN, STAGES, Documents, Found, OfRun
from server.store.run import Run
from server.store.run_status import TERMINAL


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


class NotThere(Exception):
    """Nobody has talked in the run, or it is gone."""


class NotOver(Exception):
    """Its talk goes on, or it is just being made what comes of it."""


async def material_of(house: House, run: Run, designs: Designs) -> Material:
    """All that came of a run. Raises NotThere, NotOver."""
    if run.session_count == 0:
        raise NotThere(run.id)
    kept = Documents(house.database)
    documents = (await kept.of_runs([run.id]))[run.id]
    if not _is_over(run, documents):
        raise NotOver(run.id)
    events = (await told_in(house, [run.id])).get(run.id)
    if events is None:
        raise NotThere(run.id)
    # What was found before an erasure, and may quote what is to go, does not count.
    found = None if erasures_due(events) else (await kept.findings([run.id])).get(run.id)
    design, url = await designs.of(run), house.settings.public_url
    return await in_a_thread(house.steps, lambda: _material(run, documents, design, events, found, url))


def _is_over(run: Run, documents: OfRun) -> bool:
    """Whether nothing is said any more, and transcript and responses are made: an analysis may follow."""
    if run.status != "processing":
        return run.status in TERMINAL
    return not any(kind != "analysis" and each.status in OPEN for kind, each in documents.items())


def _material(
    run: Run, documents: OfRun, design: Blueprint, events: list[Event], found: Found | None, public_url: str
) -> Material:
    said, answered, analysis = (documents.get(kind) for kind in STAGES)
    return Material(
        # without what opens its doors: an export is passed on
        run=run_object(run, None, documents, public_url),
        transcript=None if said is None else transcript_object(run, said, design, events),
        responses=None if answered is None else responses_object(run, answered, design, events),
        analysis=analysis_object(run, analysis, found) if analysis is not None and found else None,
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
