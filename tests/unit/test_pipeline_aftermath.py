"""What follows a talk, on each database: the stages that its design wants, done once whatever is killed."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.analysis import Evidence, Findings, Theme
from dialog.contents import responses_content, transcript_content
from dialog.events import AnswerStruck, Event, SpeechHeard
from server.pipeline.aftermath import MOST_TRIES, Aftermath, AlreadyAtIt, StillTalking
from server.pipeline.analyst import Analyst
from server.pipeline.worker import PutOff
from server.store.database import Database
from server.store.delivery_tables import DocumentRow, HappeningRow, JobRow
from server.store.documents import STAGES, Documents, OfRun
from server.store.erasures import erase_words
from server.store.event_rows import line_of, read_events, read_facts
from server.store.event_rows import store as store_lines
from server.store.jobs import LEASE_MS, Jobs
from server.store.run import Run
from server.store.run_status import RunStatus
from tests.emulators.mortal_database import Killed, MortalDatabase
from tests.support.analysts import Failing, RulesHere, Tampering
from tests.support.finished_talk import ANSWERS, design_with, published, spoken, talked
from tests.support.store import Clock, Store, open_store

ALL = ["transcript.completed", "responses.completed", "analysis.completed", "interview_run.completed"]


async def held(store: Store, **pipeline: bool) -> Run:
    """A run whose talk is over, and whose aftermath wants these stages."""
    design = design_with(**pipeline)
    run = await talked(store, await published(store, design), spoken(design))
    await store.runs.transition(run.id, "processing")
    return run


async def one_life(
    database: Database, clock: Clock, analyst: Analyst | None = None, stand_in: Analyst | None = None
) -> int:
    """Do every job that is due, as the office's worker does; returns how many there were."""
    asked = analyst or RulesHere()
    aftermath = Aftermath(
        database, stand_in or asked, clock, analyst_of=None if stand_in is None else lambda _: asked
    )
    jobs = Jobs(database, clock)
    done = 0
    while (job := await jobs.claim(STAGES)) is not None:
        done += 1
        try:
            await aftermath.make(job)
        except Exception as error:
            await jobs.retry(job, str(error), delay_ms=0)
        else:
            await jobs.complete(job)
    return done


async def told(store: Store, run_id: str) -> list[str]:
    """What the outbox tells of a run since its talk was over, in order."""
    async with store.database.read() as connection:
        rows = await connection.execute(
            select(HappeningRow.type).where(HappeningRow.subject_id == run_id).order_by(HappeningRow.id)
        )
        return [each for each in rows.scalars() if each not in BEFORE]


BEFORE = {"interview_run.created", "interview_run.participant_joined", "interview_run.started"}


async def documents_of(store: Store, run_id: str) -> OfRun:
    return (await Documents(store.database, store.clock).of_runs([run_id]))[run_id]


async def found_in(store: Store, run_id: str) -> Any:
    """What the run's analysis has found, None if nothing."""
    return (await Documents(store.database).findings([run_id])).get(run_id)


async def jobs_left(store: Store) -> list[str]:
    async with store.database.read() as connection:
        return list((await connection.execute(select(JobRow.kind).where(JobRow.kind.in_(STAGES)))).scalars())


async def test_a_talk_that_is_over_leaves_its_documents_and_only_then_is_the_run_completed(
    storage: str,
) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        before = (await store.runs.find(run.id)).status
        at_once = {kind: each.status for kind, each in (await documents_of(store, run.id)).items()}
        await one_life(store.database, store.clock)
        made = await documents_of(store, run.id)
        after = await store.runs.find(run.id)
        happened = await told(store, run.id)
        left = await jobs_left(store)
        analysis = await found_in(store, run.id)
        facts = (await read_facts(store.database, [run.id]))[run.id]
        async with store.database.read() as connection:
            bodies = await connection.execute(select(DocumentRow.kind).where(DocumentRow.body.is_not(None)))

    assert "processing" == before
    assert {"transcript": "processing", "responses": "processing", "analysis": "pending"} == at_once
    assert {"completed"} == {each.status for each in made.values()}
    assert ("completed", store.clock.now) == (after.status, after.completed_at)
    assert ALL == happened
    assert [] == left
    assert ["analysis"] == list(bodies.scalars()), "a second copy of what was said"
    said = [entry for entry in transcript_content("en", facts)["entries"] if entry["role"] == "participant"]
    assert list(ANSWERS) == [entry["content"] for entry in said]
    items = responses_content(design_with(), facts)["items"]
    assert list(ANSWERS) == [item["answer"]["verbatim"] for item in items]
    assert "embedded" == analysis["model"]
    themes = analysis["results"]["themes"]["items"]
    assert "coffee machine" == themes[0]["label"]
    assert [entry["id"] for entry in said] == [each["entry_id"] for each in themes[0]["evidence"]]


@pytest.mark.parametrize("flags", [p for p in itertools.product((True, False), repeat=3) if not all(p)])
async def test_a_stage_that_is_switched_off_leaves_no_trace(storage: str, flags: Sequence[bool]) -> None:
    wanted = dict(zip(STAGES, flags, strict=True))
    async with open_store(storage) as store:
        run = await held(store, **wanted)
        await one_life(store.database, store.clock)
        made = await documents_of(store, run.id)
        happened = await told(store, run.id)
        status = (await store.runs.find(run.id)).status

    stages = [kind for kind in STAGES if wanted[kind]]
    assert set(stages) == made.keys()
    assert [f"{kind}.completed" for kind in stages] + ["interview_run.completed"] == happened
    assert "completed" == status


async def test_a_run_keeps_the_stages_of_the_version_that_it_is_pinned_to(storage: str) -> None:
    async with open_store(storage) as store:
        design = design_with(analysis=False)
        blueprint_id = await published(store, design)
        run = await talked(store, blueprint_id, spoken(design))
        await store.blueprints.edit(store.tenant, blueprint_id, lambda _: {"pipeline": {"analysis": True}})
        await store.blueprints.publish(store.tenant, blueprint_id)
        await store.runs.transition(run.id, "processing")
        await one_life(store.database, store.clock)

        assert {"transcript", "responses"} == (await documents_of(store, run.id)).keys()


@pytest.mark.parametrize("committed", [False, True], ids=["before its commit", "after it"])
async def test_a_kill_at_any_transaction_loses_nothing_and_doubles_nothing(
    storage: str, committed: bool
) -> None:
    async with open_store(storage) as store:
        design = design_with()
        blueprint_id, bodies = await published(store, design), spoken(design)
        for dies_at in itertools.count(1):
            run = await talked(store, blueprint_id, bodies)
            await store.runs.transition(run.id, "processing")
            killed = False
            async with MortalDatabase(storage, dies_at, committed=committed) as mortal:
                try:
                    await one_life(mortal, store.clock)
                except Killed:
                    killed = True
            store.clock.now += LEASE_MS + 1
            await one_life(store.database, store.clock)

            assert ALL == await told(store, run.id), f"killed at transaction {dies_at}"
            assert "completed" == (await store.runs.find(run.id)).status
            assert {"completed"} == {each.status for each in (await documents_of(store, run.id)).values()}
            assert [] == await jobs_left(store)
            if not killed:
                break

    assert dies_at > 9


async def test_two_workers_that_have_the_same_job_do_it_once(storage: str) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        jobs = Jobs(store.database, store.clock)
        aftermath = Aftermath(store.database, RulesHere(), store.clock)
        for _ in STAGES:
            job = await jobs.claim(STAGES)
            assert job is not None
            await asyncio.gather(*(aftermath.make(job) for _ in range(3)))
            await jobs.complete(job)
        happened = await told(store, run.id)

    assert ALL == happened


async def test_an_analyst_that_fails_is_asked_again_and_then_the_run_completes_without(storage: str) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        hopeless, shaky = Failing(failures=2 * MOST_TRIES), Failing(failures=MOST_TRIES - 1)
        await one_life(store.database, store.clock, hopeless)
        other = await held(store)
        await one_life(store.database, store.clock, shaky)
        failed, found = (await documents_of(store, run.id))["analysis"], await found_in(store, run.id)
        made = (await documents_of(store, other.id))["analysis"]
        happened = await told(store, run.id), await told(store, other.id)
        statuses = [(await store.runs.find(each.id)).status for each in (run, other)]

    assert (MOST_TRIES, MOST_TRIES) == (hopeless.asked, shaky.asked)
    assert ("failed", None) == (failed.status, found)
    assert "AnalysisFailed: The analyst ended with -9." == failed.error
    assert "completed" == made.status
    assert [each.replace("analysis.completed", "analysis.failed") for each in ALL] == happened[0]
    assert ALL == happened[1]
    assert ["completed", "completed"] == statuses


async def test_what_a_vendor_s_model_cannot_analyse_is_analysed_by_rules_at_the_last_try(
    storage: str,
) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        vendor = Failing(failures=2 * MOST_TRIES, model="vendor/model")
        await one_life(store.database, store.clock, vendor, RulesHere())
        made, found = (await documents_of(store, run.id))["analysis"], await found_in(store, run.id)

    assert MOST_TRIES == vendor.asked
    assert ("completed", None) == (made.status, made.error)
    assert "embedded" == found["model"]


async def test_a_talk_that_kills_its_server_each_time_is_taken_up_no_more(storage: str) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        jobs = Jobs(store.database, store.clock)
        for _ in range(MOST_TRIES):
            assert await jobs.claim(STAGES) is not None  # and nothing is heard of it again
            store.clock.now += LEASE_MS + 1
        await one_life(store.database, store.clock)
        made = await documents_of(store, run.id)
        happened = await told(store, run.id)

        assert "completed" == (await store.runs.find(run.id)).status
    assert ("failed", "The server ended 4 times.") == (made["transcript"].status, made["transcript"].error)
    assert ["completed"] * 2 == [made[kind].status for kind in ("responses", "analysis")]
    assert ALL[1:] == happened


class Away(Database):
    """A database that takes nothing while there is a fault."""

    fault: Exception | None = None

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        if self.fault is not None:
            raise self.fault
        async with super().write() as connection:
            yield connection


@pytest.mark.parametrize("fault", [OperationalError("BEGIN", None, OSError()), ConnectionRefusedError()])
async def test_a_database_that_is_away_is_no_fault_of_the_document_s(storage: str, fault: Exception) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        job = await Jobs(store.database, store.clock).claim(STAGES)
        assert job is not None
        async with Away(storage) as away:
            away.fault = fault
            with pytest.raises(PutOff):
                await Aftermath(away, RulesHere(), store.clock).make(
                    msgspec.structs.replace(job, attempts=MOST_TRIES - 1)
                )

        assert "processing" == (await documents_of(store, run.id))["transcript"].status


async def test_a_model_s_invented_quotes_reach_nobody(storage: str) -> None:
    def invent(findings: Findings) -> Findings:
        first, *rest = findings.themes
        false = Evidence(first.evidence[0].entry_id, first.evidence[0].quote.replace("coffee", "coffée"))
        tampered = msgspec.structs.replace(first, evidence=(false, *first.evidence[1:]))
        invented = Theme("regret", 0.9, (Evidence(first.evidence[0].entry_id, "I regret it."),))
        return msgspec.structs.replace(findings, themes=(tampered, invented, *rest))

    async with open_store(storage) as store:
        run = await held(store)
        await one_life(store.database, store.clock, Tampering(invent))
        analysis = await found_in(store, run.id)

    themes = analysis["results"]["themes"]["items"]
    assert "a model that invents" == analysis["model"]
    assert "regret" not in [theme["label"] for theme in themes]
    assert [1] == [theme["evidence_count"] for theme in themes if theme["label"] == "coffee machine"]


async def test_an_analysis_is_made_later_and_anew_but_not_twice_at_once(storage: str) -> None:
    async with open_store(storage) as store:
        run = await held(store, analysis=False)
        aftermath = Aftermath(store.database, RulesHere(), store.clock)
        await one_life(store.database, store.clock)
        first = await aftermath.ask_for_analysis(run.id)
        with pytest.raises(AlreadyAtIt):
            await aftermath.ask_for_analysis(run.id)
        await one_life(store.database, store.clock)
        made = (await documents_of(store, run.id))["analysis"]
        again = await aftermath.ask_for_analysis(run.id)
        await one_life(store.database, store.clock)
        happened = await told(store, run.id)

    assert "pending" == first.status
    assert (first.id, "completed") == (made.id, made.status)
    assert (first.id, "pending") == (again.id, again.status)
    assert [each for each in ALL if each != "analysis.completed"] + ["analysis.completed"] * 2 == happened


async def test_what_an_analysis_had_found_is_kept_until_another_has_found_something(storage: str) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        await one_life(store.database, store.clock)
        first = await found_in(store, run.id)
        await Aftermath(store.database, RulesHere(), store.clock).ask_for_analysis(run.id)
        meanwhile = await found_in(store, run.id)
        await one_life(store.database, store.clock, Failing(failures=2 * MOST_TRIES))
        failed, kept = (await documents_of(store, run.id))["analysis"], await found_in(store, run.id)
        await Aftermath(store.database, RulesHere(), store.clock).ask_for_analysis(run.id)
        await one_life(store.database, store.clock, Tampering(lambda findings: findings))
        after = await found_in(store, run.id)

    assert first == meanwhile == kept
    assert "failed" == failed.status
    assert ("embedded", "a model that invents") == (first["model"], after["model"])


async def test_no_analysis_is_made_of_a_talk_that_goes_on_or_never_was(storage: str) -> None:
    async with open_store(storage) as store:
        design = design_with()
        going_on = await talked(store, await published(store, design), [])
        untouched = await store.new_run()
        await store.runs.transition(untouched.id, "cancelled")
        aftermath = Aftermath(store.database, RulesHere(), store.clock)
        for run in (going_on, untouched):
            with pytest.raises(StillTalking):
                await aftermath.ask_for_analysis(run.id)

        assert {} == await documents_of(store, untouched.id)
        assert 0 == await one_life(store.database, store.clock)


@pytest.mark.parametrize("status", ["abandoned", "cancelled", "failed"])
async def test_what_was_said_in_a_talk_that_broke_off_is_kept_and_its_run_stays_as_it_ended(
    storage: str, status: RunStatus
) -> None:
    async with open_store(storage) as store:
        design = design_with()
        run = await talked(store, await published(store, design), spoken(design))
        await store.runs.transition(run.id, status)
        await one_life(store.database, store.clock)
        made = await documents_of(store, run.id)
        happened = await told(store, run.id)

        assert status == (await store.runs.find(run.id)).status
        assert await found_in(store, run.id)
    assert ["completed"] * 3 == [each.status for each in made.values()]
    assert [f"interview_run.{status}", *ALL[:3]] == happened


async def test_a_deleted_run_takes_its_jobs_along(storage: str) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        async with store.database.write() as connection:
            await connection.exec_driver_sql(f"DELETE FROM event WHERE run_id = '{run.id}'")
            await connection.exec_driver_sql(f"DELETE FROM interview_session WHERE run_id = '{run.id}'")
            await connection.exec_driver_sql(f"DELETE FROM document WHERE run_id = '{run.id}'")
            await connection.exec_driver_sql(f"DELETE FROM interview_run WHERE id = '{run.id}'")

        assert 1 == await one_life(store.database, store.clock)
        assert [] == await jobs_left(store)


async def test_what_nobody_has_in_hand_is_taken_up_at_the_start(storage: str) -> None:
    async with open_store(storage) as store:
        lost, in_hand = await held(store), await held(store)
        jobs = Jobs(store.database, store.clock)
        for _ in range(2):
            job = await jobs.claim(STAGES)
            assert job is not None
            if job.subject == lost.id:
                await jobs.give_up(job, "it would not work")
        aftermath = Aftermath(store.database, RulesHere(), store.clock)
        taken_up = await aftermath.take_up()
        again = await aftermath.take_up()
        await one_life(store.database, store.clock)

        assert (1, 0) == (taken_up, again)
        assert ALL == await told(store, lost.id)
        assert [] == await told(store, in_hand.id)


def quoted(answer: str) -> SpeechHeard:
    """The interviewer says again what was answered."""
    return SpeechHeard(900, "probe", f"You said: {answer}. Tell me more.", "morning", 9.0, cut=False)


async def words_left(store: Store, run_id: str) -> str:
    """Everything that is kept of what was said in a run."""
    events = await read_events(store.database, run_id)
    return f"{events} {await found_in(store, run_id)}"


async def test_documents_are_made_of_a_log_in_which_no_word_is_left_to_be_erased(storage: str) -> None:
    async with open_store(storage) as store:
        design = design_with()
        bodies = [*spoken(design), quoted(ANSWERS[0]), AnswerStruck(1)]
        run = await talked(store, await published(store, design), bodies)
        await store.runs.transition(run.id, "processing")
        before = await words_left(store, run.id)
        job = await Jobs(store.database, store.clock).claim(STAGES)
        assert job is not None
        await Aftermath(store.database, RulesHere(), store.clock).make(job)
        after = await words_left(store, run.id)

    assert ANSWERS[0] in before
    assert ANSWERS[0] not in after
    assert ANSWERS[1] in after


async def test_an_analysis_that_was_made_before_an_erasure_is_made_anew(storage: str) -> None:
    async with open_store(storage) as store:
        run = await held(store)
        await one_life(store.database, store.clock)
        before = await found_in(store, run.id)
        session = await store.runs.find(run.id)
        last = (await read_events(store.database, run.id))[-1]
        struck = line_of(
            run.id, str(session.current_session_id), Event(last.seq + 1, last.at, AnswerStruck(1))
        )
        await store.database.write_log(lambda connection: store_lines(connection, [struck]))
        turns = await erase_words(store.database, run.id)
        between = (await documents_of(store, run.id))["analysis"], await found_in(store, run.id)
        taken_up = await Aftermath(store.database, RulesHere(), store.clock).take_up()
        await one_life(store.database, store.clock)
        after = await found_in(store, run.id)
        again = await erase_words(store.database, run.id)
        untouched = (await documents_of(store, run.id))["analysis"].status

    assert "annoyed" in str(before)
    assert [1] == turns == again
    assert ("pending", None) == (between[0].status, between[1])
    assert 1 == taken_up
    assert "annoyed" not in str(after)
    assert "lovely evening" in str(after)
    assert "completed" == untouched
