"""One run's archive as it is sent: documents, the whole log, the sound. Of the log a page is in memory at
once, of the sound a piece."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec

from dialog.transcript import rfc3339
from server.api.house import House
from server.api.studies.in_steps import in_a_thread, in_steps
from server.api.studies.run_logs import erased, erasing_is_due, log_pages, whole_log
from server.api.studies.run_material import event_lines
from server.pipeline.exports.material import Material
from server.pipeline.exports.run_formats import Beside, archive_head
from server.pipeline.exports.zip_stream import ZipStream
from server.store.run import Run

_NOT_YET_ERASED = (
    "The recording is left out: an answer that the participant had erased is still to be taken out of it."
)


async def run_archive(house: House, run: Run, material: Material) -> AsyncIterator[bytes]:
    """The archive's bytes."""
    due = await erasing_is_due(house, run.id)
    sound = house.recordings.path(run.id)
    recorded = await asyncio.to_thread(sound.is_file)
    beside = Beside(
        consent=_consent_of(run),
        recording=sound if recorded and not due else None,
        left_out=_NOT_YET_ERASED if recorded and due else "",
    )
    archive = ZipStream(str(material.run["updated_at"]))
    try:
        async for piece in in_steps(house.steps, archive_head(archive, material, beside)):
            yield piece
        archive.begin("events.ndjson")
        async for lines in _log(house, run.id, due=due):
            async for piece in in_steps(house.steps, map(archive.write, lines)):
                yield piece
        async for piece in in_steps(house.steps, _tail(archive, beside.recording)):
            yield piece
    finally:
        archive.abandon()


def _tail(archive: ZipStream, sound: Path | None) -> Iterator[bytes]:
    yield archive.finish()
    if sound is not None:
        yield from archive.add_file("recording.ogg", sound)
    yield archive.close()


async def _log(house: House, run_id: str, *, due: bool) -> AsyncIterator[Iterator[bytes]]:
    if due:
        events = await whole_log(house, run_id)
        yield event_lines(await in_a_thread(house.steps, lambda: erased(events)))
        return
    async for page in log_pages(house, run_id):
        yield event_lines(page)


def _consent_of(run: Run) -> dict[str, Any] | None:
    if run.consent is None:
        return None
    kept: dict[str, Any] = msgspec.to_builtins(run.consent)
    return {"status": run.consent_status, **kept, "answered_at": rfc3339(run.consent.answered_at)}
