"""What a deletion takes along, and what it leaves: tried with each kind of database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from server.store import sqlite
from server.store.deletions import Deletions
from server.store.delivery_tables import DeletionRow, HappeningRow, JobRow
from server.store.documents import Documents
from server.store.event_rows import read_events
from server.store.idempotency import Answer, Idempotency, Repeat
from server.store.jobs import Jobs
from server.store.log_writer import LogWriter
from server.store.operator_pages import OperatorPages
from server.store.organizations import Tenant
from server.store.recordings import FILE_NAME, Recordings
from server.store.run import Participant, Run, RunNotFound
from server.store.scrubbing import SCRUB, scrub_all
from tests.support.store import Store, all_files, database_url, open_store, words

SECRET = "My name is Rumpelstiltskin."


@asynccontextmanager
async def talked(storage: str, tmp_path: Path) -> AsyncIterator[tuple[Store, Run, Deletions]]:
    """A store with a run in which a secret was told, and who deletes it."""
    async with open_store(storage) as store, Recordings(tmp_path) as recordings:
        run, _ = await store.runs.create(
            store.tenant, store.blueprint.id, consent_needed=False, participant=Participant("p-7", SECRET)
        )
        async with LogWriter(store.database) as writer:
            log = writer.open(await store.new_session(run))
            log.append(0.0, words(SECRET))
            log.append(1.0, words("And I live in the woods."))
            await log.settled()
            log.close()
        await Documents(store.database, store.clock).begin(run.id)
        yield store, run, Deletions(store.database, recordings, store.clock)


async def test_a_deletion_takes_all_that_came_of_a_run_along_and_counts_it(
    storage: str, tmp_path: Path
) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        other = await store.new_run()
        receipt = await deletions.delete(store.tenant, run.id, "api")
        left = await store.runs.find(other.id)
        async with store.database.read() as connection:
            told = await connection.execute(select(func.count()).where(HappeningRow.subject_id == run.id))
            kept = (await connection.execute(select(DeletionRow))).one()
        with pytest.raises(RunNotFound):
            await store.runs.find(run.id)

        assert [] == await read_events(store.database, run.id)
        assert {} == (await Documents(store.database).of_runs([run.id]))[run.id]

    assert other == left
    assert 0 == told.scalar_one()
    assert (receipt.id, run.id, "api", receipt.counts) == (kept.id, kept.run_id, kept.reason, kept.counts)
    assert {
        "sessions": 1,
        "events": 2,
        "documents": 2,
        "happenings": 3,
        "answers": 0,
        "recording_bytes": 0,
    } == receipt.counts


async def test_jobs_go_with_the_run_that_they_are_about_also_those_that_were_given_up(
    storage: str, tmp_path: Path
) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        other, jobs = await store.new_run(), Jobs(store.database, store.clock)
        hook = {"paging_webhook": "https://example.org/page"}
        await store.organizations.change(store.tenant.organization_id, settings=hook)
        page_id = await OperatorPages(store.database, store.clock).call(
            run.id, seq=1, node_key="opening", level="severe"
        )
        for kind, subject in (("responses", run.id), ("analysis", run.id), ("analysis", other.id)):
            await jobs.add(kind, subject)
        given_up = await jobs.claim(["analysis"])
        assert given_up is not None
        await jobs.give_up(given_up, f"what was said in {SECRET}")
        await deletions.delete(store.tenant, run.id, "api")
        async with store.database.read() as connection:
            left = (await connection.execute(select(JobRow.kind, JobRow.subject))).all()

    assert page_id is not None
    assert run.id == given_up.subject
    assert {(SCRUB, "database"), ("analysis", other.id)} == {tuple(row) for row in left}


async def test_only_its_owner_deletes_a_run(storage: str, tmp_path: Path) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        for stranger in (
            Tenant(store.tenant.organization_id, test_mode=True),
            Tenant((await store.organizations.create("Elsewhere")).id, test_mode=False),
        ):
            with pytest.raises(RunNotFound):
                await deletions.delete(stranger, run.id, "api")

        assert run.id == (await store.runs.find(run.id)).id


async def test_of_two_deletions_at_once_one_has_the_receipt(storage: str, tmp_path: Path) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        outcomes = await asyncio.gather(
            *(deletions.delete(store.tenant, run.id, "api") for _ in range(2)), return_exceptions=True
        )

    assert 1 == sum(isinstance(outcome, RunNotFound) for outcome in outcomes)
    assert 1 == sum(not isinstance(outcome, BaseException) for outcome in outcomes)


async def test_of_many_runs_deleted_at_once_each_is_gone(storage: str, tmp_path: Path) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        runs = [run, *[await store.new_run() for _ in range(5)]]
        receipts = await asyncio.gather(*(deletions.delete(store.tenant, each.id, "api") for each in runs))

    assert [each.id for each in runs] == [receipt.run_id for receipt in receipts]


async def test_a_deletion_that_comes_to_nothing_leaves_the_recording_where_it_was(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OperationalError("insert", {}, OSError("the server closed the connection"))

    async with talked(storage, tmp_path) as (store, run, deletions):
        sound = tmp_path / "recordings" / run.id / FILE_NAME
        sound.parent.mkdir(parents=True)
        sound.write_bytes(b"OggS")
        with monkeypatch.context() as faults:
            faults.setattr("server.store.deletions.ask_for_scrubbing", fail)
            with pytest.raises(OperationalError):
                await deletions.delete(store.tenant, run.id, "api")
        still = await store.runs.find(run.id), sound.exists()
        receipt = await deletions.delete(store.tenant, run.id, "api")

    assert run.id == still[0].id
    assert (True, False) == (still[1], sound.exists())
    assert 4 == receipt.counts["recording_bytes"]


async def test_a_deletion_is_done_whatever_becomes_of_the_scrubbing_which_is_a_job(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: str) -> bool:
        raise OSError(5, "Input/output error")

    async with talked(storage, tmp_path) as (store, run, deletions):
        another = await store.new_run()
        monkeypatch.setattr(store.database, "scrub", fail)
        receipt = await deletions.delete(store.tenant, run.id, "api")
        await deletions.delete(store.tenant, another.id, "api")
        jobs = Jobs(store.database, store.clock)
        job, no_other = await jobs.claim([SCRUB]), await jobs.claim([SCRUB])

    assert run.id == receipt.run_id
    assert job is not None
    assert no_other is None


async def test_scrubbing_comes_to_its_end_on_each_kind_of_database(storage: str, tmp_path: Path) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        await deletions.delete(store.tenant, run.id, "api")

        assert await scrub_all(store.database)


async def test_after_scrubbing_nothing_of_a_deleted_run_is_in_the_files(tmp_path: Path) -> None:
    async with talked(database_url(tmp_path), tmp_path) as (store, run, deletions):
        memory = Idempotency(store.database, store.clock)
        await memory.begin("key", "body")
        await memory.complete("key", Answer(201, {}, b"jt_spinning"), run.id)
        there = all_files(tmp_path)
        await deletions.delete(store.tenant, run.id, "api")
        await scrub_all(store.database)
        left = all_files(tmp_path)

    for text in (b"Rumpelstiltskin", b"in the woods", b"jt_spinning"):
        assert text in there
        assert text not in left


async def test_a_long_read_puts_scrubbing_off_and_no_writer_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "SCRUB_ATTEMPTS", 2)
    async with talked(database_url(tmp_path), tmp_path) as (store, run, deletions):
        async with store.database.read() as connection:
            await connection.execute(select(DeletionRow))
            await deletions.delete(store.tenant, run.id, "api")
            during, _ = await asyncio.gather(scrub_all(store.database), store.new_run())
        after = await scrub_all(store.database)

    assert (False, True) == (during, after)


async def test_an_answer_that_tells_of_a_deleted_run_is_forgotten_and_its_request_not_done_again(
    storage: str, tmp_path: Path
) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        memory = Idempotency(store.database, store.clock)
        for key, subject in (("one", run.id), ("two", run.id), ("three", "chn_" + "0" * 32)):
            await memory.begin(key, "body")
            await memory.complete(key, Answer(201, {"etag": '"1"'}, b"jt_spinning"), subject)
        await memory.begin("late", "body")
        receipt = await deletions.delete(store.tenant, run.id, "api")
        await memory.complete("late", Answer(201, {}, b"jt_spinning"), run.id)
        again = [await memory.begin(key, body) for key in ("one", "two", "late") for body in ("body", "?")]
        other = await memory.begin("three", "body")

    assert 2 == receipt.counts["answers"]
    assert [Repeat.DELETED] * 6 == again
    assert Answer(201, {"etag": '"1"'}, b"jt_spinning") == other


async def test_a_deletion_and_an_answer_at_once_leave_no_answer(storage: str, tmp_path: Path) -> None:
    async with talked(storage, tmp_path) as (store, run, deletions):
        memory = Idempotency(store.database, store.clock)
        await memory.begin("key", "body")
        await asyncio.gather(
            memory.complete("key", Answer(201, {}, b"jt_spinning"), run.id),
            deletions.delete(store.tenant, run.id, "api"),
        )

        assert Repeat.DELETED is await memory.begin("key", "body")
