"""What follows a talk: its transcript, its responses and its analysis, made one after the other as its
design wants them, each by a job. What is in them is known elsewhere.

A stage may be begun any number of times and is done once: that it is done, that webhooks are told, and that
the next one is to follow is one transaction. A kill leaves a leased job that somebody takes up when its
lease is over.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dialog.analysis import Findings, Talk, results, talk_of, vetted
from dialog.blueprint import Blueprint
from dialog.contents import responses_content, transcript_content
from dialog.events import Event
from dialog.study import Study, study_of
from server.clock import wall_clock_ms
from server.pipeline.analyst import AnalysisFailed, Analyst
from server.pipeline.worker import PutOff, Work
from server.store.database import Database
from server.store.delivery_tables import DocumentRow, JobRow
from server.store.documents import (
    OPEN,
    STAGES,
    Document,
    DocumentKind,
    DocumentStatus,
    begin_documents,
    documents_in,
    put_document,
)
from server.store.erasures import erase_words
from server.store.event_rows import read_facts
from server.store.holding import held_by
from server.store.jobs import Job, enqueue
from server.store.lifecycle import go_on
from server.store.organizations import Tenant
from server.store.outbox import HappeningType, announce
from server.store.run import RunNotFound, run_of, run_row
from server.store.run_status import TERMINAL
from server.store.snapshots import Snapshots
from server.store.tables import RunRow

log = logging.getLogger(__name__)

MOST_TRIES: Final = 4
"""How often a stage is tried that fails, or whose server dies; then its document is `failed`."""
DATABASE_PAUSE: Final = 5.0
"""Seconds until a stage is tried again whose database was away."""

_TOLD: Final[dict[tuple[DocumentKind, DocumentStatus], HappeningType]] = {
    ("transcript", "completed"): "transcript.completed",
    ("responses", "completed"): "responses.completed",
    ("analysis", "completed"): "analysis.completed",
    ("analysis", "failed"): "analysis.failed",
}
_OBJECTS: Final[dict[DocumentKind, str]] = {
    "transcript": "transcript",
    "responses": "response",
    "analysis": "analysis",
}


class StillTalking(Exception):
    """The run's talk isn't over, or nobody has talked."""


class AlreadyAtIt(Exception):
    """The document is being made."""


class Aftermath:
    """Makes the documents of one database's runs. Where `analyst_of` names somebody for a study, they analyse
    its talks, and `analyst` what they still can't at the last try."""

    def __init__(
        self,
        database: Database,
        analyst: Analyst,
        clock_ms: Callable[[], int] = wall_clock_ms,
        *,
        analyst_of: Callable[[Study], Analyst] | None = None,
    ) -> None:
        self._database = database
        self._snapshots = Snapshots(database)
        self._analyst = analyst
        self._analyst_of = analyst_of
        self._clock_ms = clock_ms

    def work(self) -> dict[str, Work]:
        """Who does which kind of job."""
        return dict.fromkeys(STAGES, self.make)

    async def take_up(self) -> int:
        """Have everything made that is to come of talks that are over and that nobody has in hand: what was
        given up, what an erasure has made void. Returns of how many runs."""
        in_hand = exists().where(
            JobRow.subject == RunRow.id, JobRow.kind.in_(STAGES), JobRow.gave_up_at.is_(None)
        )
        unmade = (
            select(RunRow.id)
            .join(DocumentRow, DocumentRow.run_id == RunRow.id)
            .where(DocumentRow.status.in_(OPEN), RunRow.status.in_({"processing", *TERMINAL}), ~in_hand)
        )
        waiting = select(RunRow.id).where(RunRow.status == "processing", ~in_hand)
        async with self._database.read() as connection:
            run_ids = set((await connection.execute(unmade.union(waiting))).scalars())
        for run_id in sorted(run_ids):
            async with self._database.write() as connection:
                await go_on(connection, await run_row(connection, run_id, lock=True), self._clock_ms())
        return len(run_ids)

    async def ask_for_analysis(self, run_id: str) -> Document:
        """Have the analysis of a run made, for the first time or anew. Raises RunNotFound, StillTalking,
        AlreadyAtIt."""
        now = self._clock_ms()
        async with self._database.write() as connection:
            run = await run_row(connection, run_id, lock=True)
            if run.session_count == 0 or run.status not in {"processing", *TERMINAL}:
                raise StillTalking(run_id)
            there = await documents_in(connection, run_id)
            if "analysis" in there and there["analysis"].status in OPEN:
                raise AlreadyAtIt(run_id)
            await begin_documents(connection, run_id, ["analysis"], "pending", now)
            await put_document(connection, run_id, "analysis", "pending", now)
            await enqueue(connection, "analysis", run_id, now)
            return (await documents_in(connection, run_id))["analysis"]

    async def make(self, job: Job) -> None:
        """Make the document that a job is about, unless it is made. Raises what keeps it from being made, as
        long as another try may help; PutOff where that is the database."""
        kind: DocumentKind = next(stage for stage in STAGES if stage == job.kind)
        if job.attempts >= MOST_TRIES:  # nobody lived to say what went wrong
            log.error("! no %s can be made: the server ended each time", kind, extra={"run": job.subject})
            await self._end(job.subject, kind, "failed", error=f"The server ended {job.attempts} times.")
            return
        try:
            if not await self._begin(job.subject, kind):
                return
            body = await self._body(job.subject, kind, last_try=job.attempts + 1 >= MOST_TRIES)
        except RunNotFound:
            return
        except (
            OperationalError,
            InterfaceError,
            PoolTimeout,
            OSError,
        ) as error:  # no fault of the document's
            raise PutOff(f"the database is away: {type(error).__name__}", DATABASE_PAUSE) from error
        except Exception as error:
            if job.attempts + 1 < MOST_TRIES:
                raise
            log.exception("! no %s can be made", kind, extra={"run": job.subject})
            await self._end(job.subject, kind, "failed", error=f"{type(error).__name__}: {error}"[:1_000])
        else:
            await self._end(job.subject, kind, "completed", body=body)

    async def _begin(self, run_id: str, kind: DocumentKind) -> bool:
        """Note that it is being made; False if it is no more to be."""
        async with self._database.write() as connection:
            await run_row(connection, run_id, lock=True)
            document = (await documents_in(connection, run_id)).get(kind)
            if document is None or document.status not in OPEN:
                return False
            if document.status == "pending":
                await put_document(connection, run_id, kind, "processing", self._clock_ms())
            return True

    async def _body(self, run_id: str, kind: DocumentKind, *, last_try: bool) -> str | None:
        """What is to be kept of a document, as JSON. Of a transcript and of responses that is nothing: they
        are read off the log, and here it is only tried whether they can be."""
        # A crash may have come between the striking of an answer and its erasure.
        await erase_words(self._database, run_id)
        async with self._database.read() as connection:
            run = run_of(await run_row(connection, run_id))
        design = held_by(run, await self._snapshots.design(run.blueprint_id, run.blueprint_version))
        events = (await read_facts(self._database, [run_id])).get(run_id, [])
        match kind:
            case "transcript":
                await asyncio.to_thread(transcript_content, design.settings.language, events)
                return None
            case "responses":
                await asyncio.to_thread(responses_content, design, events)
                return None
            case "analysis":
                talk = await asyncio.to_thread(_talk, design, events)
                findings, model = await self._analysed(design, talk, last_try=last_try)
                return await asyncio.to_thread(_written, findings, talk, model)

    async def _analysed(self, design: Blueprint, talk: Talk, *, last_try: bool) -> tuple[Findings, str]:
        """What is found in a talk, and by whom."""
        rules = self._analyst
        if self._analyst_of is None:
            return await rules.analyse(talk), rules.model
        analyst = self._analyst_of(study_of(design))
        try:
            return await analyst.analyse(talk), analyst.model
        except AnalysisFailed as failed:
            if not last_try:
                raise
            log.warning("! %s is in place of %s: %s", rules.model, analyst.model, failed)
            return await rules.analyse(talk), rules.model

    async def _end(
        self,
        run_id: str,
        kind: DocumentKind,
        status: DocumentStatus,
        *,
        body: str | None = None,
        error: str | None = None,
    ) -> None:
        """The stage is over: put down what came of it, tell of it, and have the next one follow."""
        now = self._clock_ms()
        async with self._database.write() as connection:
            try:
                run = await run_row(connection, run_id, lock=True)
            except RunNotFound:
                return
            document = (await documents_in(connection, run_id)).get(kind)
            if document is None or document.status not in OPEN:
                return  # somebody else, who had the job meanwhile, was faster
            await put_document(connection, run_id, kind, status, now, body=body, error=error)
            if (happening := _TOLD.get((kind, status))) is not None:
                told = {"object": _OBJECTS[kind], "id": document.id, "run_id": run_id, "status": status}
                tenant = Tenant(run.organization_id, run.test_mode)
                await announce(connection, tenant, happening, run_id, told, now)
            await go_on(connection, run, now)


def _talk(design: Blueprint, events: list[Event]) -> Talk:
    """What an analyst is given."""
    language = design.settings.language
    said, answered = transcript_content(language, events), responses_content(design, events)
    return talk_of(language, said["entries"], answered["items"])


def _written(findings: Findings, talk: Talk, model: str) -> str:
    """What stands of an analyst's findings, as JSON."""
    body = {"results": results(vetted(findings, talk)), "model": model}
    return msgspec.json.encode(body).decode()
