"""Who does the jobs stays at it, whatever the database is up to meanwhile."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Update, select
from sqlalchemy.exc import OperationalError

from server.pipeline import worker as worker_module
from server.pipeline.worker import RETRY_DELAYS, PutOff, Worker
from server.store.delivery_tables import JobRow
from server.store.jobs import Job, Jobs
from tests.support.store import open_store

KIND = "analysis"


async def test_a_lease_that_cannot_be_renewed_ends_neither_the_work_nor_who_does_it(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, over = 0, asyncio.Event()

    async with open_store(storage) as store:
        jobs = Jobs(store.database, store.clock)
        asked_twice = asyncio.Event()

        async def refuse(_: Job) -> bool:
            nonlocal refused
            refused += 1
            if refused == 2:
                asked_twice.set()
            raise OperationalError("update", {}, OSError("the server closed the connection"))

        async def work(_: Job) -> None:
            await asked_twice.wait()

        complete = jobs.complete

        async def note_completion(job: Job) -> bool:
            done = await complete(job)
            over.set()
            return done

        monkeypatch.setattr(worker_module, "LEASE_MS", 30)
        monkeypatch.setattr(jobs, "keep", refuse)
        monkeypatch.setattr(jobs, "complete", note_completion)
        await jobs.add(KIND, "run_1")
        async with asyncio.timeout(20), Worker(jobs, {KIND: work}).working():
            await over.wait()

        assert 0 == await jobs.waiting()
    assert 2 <= refused


async def test_what_was_put_off_again_and_again_is_not_given_up_when_it_fails_at_last(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, failed = 0, asyncio.Event()

    async def work(_: Job) -> None:
        nonlocal begun
        begun += 1
        if begun > len(RETRY_DELAYS) + 3:
            raise ZeroDivisionError("a fault at last")
        raise PutOff("somebody reads", 0.0)

    async with open_store(storage) as store:
        jobs = Jobs(store.database, store.clock)
        settle = jobs._if_ours

        async def note_failure(job: Job, statement: Update) -> bool:
            ours = await settle(job, statement)
            if begun > len(RETRY_DELAYS) + 3:
                failed.set()
            return ours

        monkeypatch.setattr(jobs, "_if_ours", note_failure)
        await jobs.add(KIND, "run_1")
        async with asyncio.timeout(60), Worker(jobs, {KIND: work}, hands=1).working():
            await failed.wait()
        async with store.database.read() as connection:
            row = (await connection.execute(select(JobRow.gave_up_at, JobRow.attempts))).one()

    assert (None, 1) == tuple(row)


async def test_what_is_in_hand_when_the_server_ends_is_free_at_once_and_has_not_failed(storage: str) -> None:
    begun = asyncio.Event()

    async def work(_: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with open_store(storage) as store:
        jobs = Jobs(store.database, store.clock)
        await jobs.add(KIND, "run_1")
        async with asyncio.timeout(20), Worker(jobs, {KIND: work}, hands=1).working():
            await begun.wait()
        again = await jobs.claim([KIND])

    assert again is not None
    assert ("run_1", 0) == (again.subject, again.attempts)


async def test_of_many_free_hands_one_looks_for_work_and_every_job_is_found(storage: str) -> None:
    looking = most = 0
    done: set[str] = set()
    all_done = asyncio.Event()

    async def work(job: Job) -> None:
        done.add(job.subject)
        if len(done) == 5:
            all_done.set()

    class Looks(Jobs):
        async def claim(self, kinds: Sequence[str]) -> Job | None:
            nonlocal looking, most
            looking += 1
            most = max(most, looking)
            try:
                return await super().claim(kinds)
            finally:
                looking -= 1

    async with open_store(storage) as store:
        jobs = Looks(store.database, store.clock)
        async with asyncio.timeout(20), Worker(jobs, {KIND: work}, hands=4).working():
            for number in range(5):
                await jobs.add(KIND, f"run_{number}")
            await all_done.wait()

    assert 1 == most
