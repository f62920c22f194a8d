"""What a talk asks of storage, in its own words: its run's standing, its log and its recording.

Knows nothing of pages, legs or what is said.
"""

import asyncio
import logging
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy import Select, and_, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from dialog.consent import ConsentAnswer
from dialog.events import Event, InterviewFinished
from media.ogg import parse_last_page
from media.recording import OggRecording
from server.clock import wall_clock_ms
from server.store.database import Database
from server.store.design_tables import ChannelRow
from server.store.documents import Documents
from server.store.erasures import Erasures
from server.store.event_log import EventLog, StorageChanged
from server.store.event_rows import read_events
from server.store.log_writer import LogWriter
from server.store.recordings import RecordingFile, Recordings
from server.store.run import ConsentRecord, Run, RunNotFound
from server.store.run_status import RunStatus, TransitionRefused
from server.store.runs import Runs, progress_note
from server.store.tables import ABOUT_END, EventRow, RunRow, SessionRow

log = logging.getLogger(__name__)

_ENDS: Final[dict[str, RunStatus]] = {
    "completed": "processing",
    "time": "processing",
    "stopped": "abandoned",
    "cancelled": "cancelled",
    "failed": "failed",
}
"""What a run becomes at each outcome of its interview; what is `processing` is completed once all that is to
come of it is made."""


class OpenRecording(msgspec.Struct, frozen=True):
    """A run's recording, ready to be gone on with."""

    recording: OggRecording
    file: RecordingFile
    begun: bool
    """The file has its headers."""


class RunKeeper:
    """Keeps the runs that somebody is here for."""

    def __init__(
        self,
        database: Database,
        runs: Runs,
        writer: LogWriter,
        recordings: Recordings,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._clock_ms = clock_ms
        self._erasures = Erasures(database, recordings)
        self._erasing = WeakValueDictionary[str, asyncio.Lock]()
        """By run, for as long as somebody has it or waits for it."""
        self._documents = Documents(database, clock_ms)
        self._database = database
        self._runs = runs
        self._writer = writer
        self._recordings = recordings

    async def find(self, run_id: str) -> Run:
        """Raises RunNotFound."""
        return await self._runs.find(run_id)

    async def open_door(self, run_id: str) -> Run:
        """The participant is there: ask for consent, or begin where none is needed. Raises RunNotFound."""
        run = await self._runs.find(run_id)
        if run.status == "awaiting_participant":
            wanted: RunStatus = "awaiting_consent" if run.consent_status == "pending" else "active"
            run = await self._runs.transition(run_id, wanted)
        return run

    async def settle_consent(self, run_id: str, answer: ConsentAnswer) -> Run:
        """Put the answer on record. Raises TransitionRefused, RunNotFound."""
        record = ConsentRecord(
            text=answer.text,
            text_hash=answer.text_hash,
            method=answer.method,
            recording=answer.recording,
            answered_at=wall_clock_ms(),
            words=answer.answer or None,
        )
        return await self._runs.record_consent(run_id, granted=answer.granted, record=record)

    async def finish(self, run_id: str, outcome: str) -> bool:
        """Lead the run to its end, if it isn't there. False where storage can't take that now: it is found by
        `finish_what_is_over` then."""
        try:
            if (await self._runs.find(run_id)).status == "active":
                await self._runs.transition(run_id, _ENDS[outcome])
        except (TransitionRefused, RunNotFound) as refusal:  # somebody else has ended or deleted it
            log.info("= %s", refusal, extra={"run": run_id})
        except (SQLAlchemyError, OSError) as error:
            log.error("! a run can't be finished now: %s", error, extra={"run": run_id})
            return False
        return True

    async def finish_what_is_over(
        self, ended_for: float = 0.0, here: Callable[[str], bool] = lambda _: False
    ) -> list[str]:
        """Lead those runs to their end whose interview has been over for `ended_for` seconds, nobody being
        `here`: the server was killed, or storage was away, before that could be noted. Returns their ids."""
        statement = (
            select(RunRow.id, EventRow.body, EventRow.at, SessionRow.opened_at)
            .select_from(RunRow)
            .join(EventRow, and_(EventRow.run_id == RunRow.id, EventRow.seq == _end().scalar_subquery()))
            .join(SessionRow, SessionRow.id == EventRow.session_id)
            .where(RunRow.status == "active")
            .order_by(RunRow.id)
        )
        bound = self._clock_ms() - 1000 * ended_for
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        over = [
            (run_id, msgspec.json.decode(body, type=InterviewFinished).outcome)
            for run_id, body, at, opened_at in rows
            if opened_at + 1000 * at <= bound and not here(run_id)
        ]
        return [run_id for run_id, outcome in over if await self.finish(run_id, outcome)]

    async def abandon_idle(self, idle: float, here: Callable[[str], bool]) -> list[str]:
        """Abandon the active runs in which nothing has happened for as long as their channel waits, or for
        `idle` seconds where they have none, nobody being `here`; returns their ids. Not those whose interview
        is over."""
        waits = ChannelRow.body["settings"]["idle_timeout_s"].as_float()
        before = self._clock_ms() - 1000 * func.coalesce(waits, idle)
        any_event = aliased(EventRow)
        last_seq = select(func.max(any_event.seq)).where(any_event.run_id == RunRow.id).scalar_subquery()
        statement = (
            select(RunRow.id, RunRow.updated_at, SessionRow.opened_at, EventRow.at, before)
            .select_from(RunRow)
            .outerjoin(ChannelRow, ChannelRow.id == RunRow.channel_id)
            .outerjoin(EventRow, and_(EventRow.run_id == RunRow.id, EventRow.seq == last_seq))
            .outerjoin(SessionRow, SessionRow.id == EventRow.session_id)
            .where(RunRow.status == "active", RunRow.updated_at <= before, _end().scalar_subquery().is_(None))
            .order_by(RunRow.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        left = [
            (run_id, seen_at)
            for run_id, seen_at, opened_at, at, bound in rows
            if (opened_at is None or opened_at + at * 1000 <= bound) and not here(run_id)
        ]
        return [run_id for run_id, seen_at in left if await self._runs.abandon(run_id, seen_at)]

    async def finish_erasing(
        self, run_id: str | None = None, here: Callable[[str], bool] = lambda _: False
    ) -> None:
        """Erase what was struck before a crash, or where a disk didn't allow it: in a run that is about to
        be gone on with, or in all of them, nobody being `here`. What a disk doesn't allow now is tried again
        the next time."""
        for each in [run_id] if run_id is not None else await self._erasures.due():
            # One at a time: a sitting that begins meanwhile waits here until the log is its own.
            async with self._erasing.setdefault(each, asyncio.Lock()):
                if not here(each):
                    await self._finish_erasing_in(each)

    async def _finish_erasing_in(self, run_id: str) -> None:
        try:
            if turns := await self._erasures.complete(run_id):
                log.info("= erased what was struck before", extra={"run": run_id, "turns": turns})
        except OSError as error:
            log.error("! a struck answer is still in the recording: %s", error, extra={"run": run_id})

    async def keep_progress(self, run_id: str, progress: Mapping[str, Any]) -> None:
        """Note how far a run is; what storage can't take now, the next note has too."""
        try:
            await self._writer.along(progress_note(run_id, progress))
        except (SQLAlchemyError, OSError) as error:
            log.warning("! it can't be noted how far a run is: %s", error, extra={"run": run_id})

    async def history(self, run_id: str) -> list[Event]:
        """Everything stored of a run, in order."""
        return await read_events(self._database, run_id)

    async def open_session(self, run_id: str, storage_changed: StorageChanged) -> EventLog:
        """Begin a sitting. Raises TransitionRefused, RunNotFound."""
        opened = await self._runs.open_session(run_id)
        await self._documents.begin(run_id)
        return self._writer.open(opened, storage_changed)

    async def open_recording(self, run_id: str, failed: Callable[[str], None]) -> OpenRecording:
        """Go on with the run's recording behind its last whole page."""
        tail = await self._recordings.tail(run_id)
        last = parse_last_page(tail.data)
        if last is None or last.sequence < 1:
            recording = OggRecording(zlib.crc32(run_id.encode()))
            return OpenRecording(recording, self._recordings.open(run_id, keep=0, failed=failed), begun=False)
        file = self._recordings.open(run_id, keep=tail.start + last.end, failed=failed)
        return OpenRecording(OggRecording.resumed(last), file, begun=True)


def _end() -> Select[int]:
    """Where in a run's log its interview came to its end; None where it hasn't."""
    event = aliased(EventRow)
    return select(func.max(event.seq)).where(event.run_id == RunRow.id, text(ABOUT_END))
