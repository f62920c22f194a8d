import asyncio

import pytest
from sqlalchemy import select

from server.store.delivery_tables import JobRow
from server.store.jobs import LEASE_MS, LONGEST_ERROR, Job, Jobs, enqueue
from tests.support.store import Store, open_store

KINDS = ["deliver", "analyse"]


def jobs(store: Store) -> Jobs:
    return Jobs(store.database, store.clock)


async def test_a_job_is_had_once_and_gone_when_it_is_done(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("deliver", "whd_1")
        job = await jobs(store).claim(KINDS)
        nobody = await jobs(store).claim(KINDS)

        assert job is not None
        assert ("deliver", "whd_1", 0) == (job.kind, job.subject, job.attempts)
        assert nobody is None
        assert await jobs(store).complete(job)
        assert not await jobs(store).complete(job)
        assert 0 == await jobs(store).waiting()


async def test_many_hands_never_have_the_same_job(storage: str) -> None:
    async with open_store(storage) as store:
        for number in range(6):
            await jobs(store).add("deliver", f"whd_{number}")
        claims: list[Job] = []
        while await jobs(store).waiting() > len(claims):
            taken = await asyncio.gather(*(jobs(store).claim(KINDS) for _ in range(3)))
            claims += [job for job in taken if job is not None]

    assert [f"whd_{number}" for number in range(6)] == sorted(job.subject for job in claims)


async def test_what_has_been_due_longest_comes_first_and_nothing_before_its_time(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("deliver", "later", delay_ms=2_000)
        await jobs(store).add("deliver", "sooner", delay_ms=1_000)
        early = await jobs(store).claim(KINDS)
        store.clock.now += 2_000
        first, second = await jobs(store).claim(KINDS), await jobs(store).claim(KINDS)

    assert early is None
    assert first is not None
    assert second is not None
    assert ["sooner", "later"] == [first.subject, second.subject]


async def test_only_what_a_worker_can_do_is_given_to_it(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("analyse", "run_1")

        assert await jobs(store).claim(["deliver"]) is None
        assert await jobs(store).claim(["analyse"]) is not None


async def test_a_dead_workers_job_is_anothers_and_the_late_one_lets_go(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("deliver", "whd_1")
        dead = await jobs(store).claim(KINDS)
        store.clock.now += LEASE_MS
        heir = await jobs(store).claim(KINDS)
        assert dead is not None
        assert heir is not None
        late = [
            await jobs(store).keep(dead),
            await jobs(store).retry(dead, "x", delay_ms=0),
            await jobs(store).give_up(dead, "x"),
            await jobs(store).complete(dead),
        ]

        assert (dead.id, 1) == (heir.id, heir.attempts)
        assert [False] * 4 == late
        assert await jobs(store).complete(heir)


async def test_a_job_whose_worker_says_so_stays_its_own(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("deliver", "whd_1")
        job = await jobs(store).claim(KINDS)
        assert job is not None
        for _ in range(3):
            store.clock.now += LEASE_MS // 2
            assert await jobs(store).keep(job)

        assert await jobs(store).claim(KINDS) is None


async def test_what_failed_is_tried_again_later_and_what_is_given_up_never(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("deliver", "whd_1")
        first = await jobs(store).claim(KINDS)
        assert first is not None
        await jobs(store).retry(first, "no answer", delay_ms=5_000)
        early = await jobs(store).claim(KINDS)
        store.clock.now += 5_000
        second = await jobs(store).claim(KINDS)
        assert second is not None
        await jobs(store).give_up(second, "e" * 5_000)
        store.clock.now += 10 * LEASE_MS
        never = await jobs(store).claim(KINDS)
        async with store.database.read() as connection:
            kept = (await connection.execute(select(JobRow.last_error))).scalar_one()

    assert (None, 1, None) == (early, second.attempts, never)
    assert "e" * LONGEST_ERROR == kept


async def test_what_is_put_off_counts_as_no_try_and_what_failed_before_still_does(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("deliver", "whd_1")
        for _ in range(2):
            failed = await jobs(store).claim(KINDS)
            assert failed is not None
            await jobs(store).retry(failed, "no answer", delay_ms=0)
        seen = []
        for _ in range(10):
            waiting = await jobs(store).claim(KINDS)
            assert waiting is not None
            seen.append(waiting.attempts)
            await jobs(store).put_off(waiting, "somebody reads", delay_ms=1_000)
            assert await jobs(store).claim(KINDS) is None
            store.clock.now += 1_000

    assert [2] * 10 == seen


async def test_asked_for_again_a_job_begins_anew_and_leaves_the_hands_that_have_it(storage: str) -> None:
    async with open_store(storage) as store:
        await jobs(store).add("deliver", "whd_1")
        former = await jobs(store).claim(KINDS)
        await jobs(store).add("deliver", "whd_1")
        anew = await jobs(store).claim(KINDS)
        assert former is not None
        assert anew is not None
        done = await jobs(store).complete(former)

        assert (former.id, 0) == (anew.id, anew.attempts)
        assert not done
        assert await jobs(store).complete(anew)


async def test_asked_for_by_many_at_once_there_is_one_job(storage: str) -> None:
    async with open_store(storage) as store:
        await asyncio.gather(*(jobs(store).add("scrub", "database") for _ in range(8)))

        assert 1 == await jobs(store).waiting()


async def test_a_job_is_not_there_when_its_transaction_was_not(storage: str) -> None:
    async def fail_halfway(store: Store) -> None:
        async with store.database.write() as connection:
            await enqueue(connection, "deliver", "whd_1", store.clock.now)
            raise RuntimeError("nothing of this happened")

    async with open_store(storage) as store:
        with pytest.raises(RuntimeError):
            await fail_halfway(store)

        assert await jobs(store).claim(KINDS) is None
