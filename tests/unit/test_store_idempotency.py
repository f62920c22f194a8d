import asyncio

import pytest

from server.store.idempotency import ABANDONED_MS, LIFETIME_MS, Answer, Idempotency, Repeat
from tests.support.store import Store, open_store

ANSWER = Answer(201, {"etag": '"1"'}, b'{"id":"agt_1"}')


def memory(store: Store) -> Idempotency:
    return Idempotency(store.database, store.clock)


async def test_a_request_that_comes_again_gets_the_same_answer(storage: str) -> None:
    async with open_store(storage) as store:
        first = await memory(store).begin("key", "body")
        await memory(store).complete("key", ANSWER)
        second = await memory(store).begin("key", "body")

    assert first is None
    assert ANSWER == second


async def test_another_body_under_the_same_name_is_noticed_before_and_after_the_answer(storage: str) -> None:
    async with open_store(storage) as store:
        await memory(store).begin("key", "body")
        before = await memory(store).begin("key", "other")
        await memory(store).complete("key", ANSWER)
        after = await memory(store).begin("key", "other")

    assert Repeat.OTHER_BODY is before is after


async def test_of_many_at_once_one_is_done(storage: str) -> None:
    async with open_store(storage) as store:
        outcomes = await asyncio.gather(*(memory(store).begin("key", "body") for _ in range(5)))

    assert 1 == outcomes.count(None)
    assert 4 == outcomes.count(Repeat.UNDER_WAY)


async def test_what_was_forgotten_is_done_anew(storage: str) -> None:
    async with open_store(storage) as store:
        await memory(store).begin("key", "body")
        await memory(store).forget("key")

        assert await memory(store).begin("key", "other") is None


async def test_a_request_whose_server_was_killed_is_done_by_whoever_asks_later(storage: str) -> None:
    async with open_store(storage) as store:
        await memory(store).begin("key", "body")
        store.clock.now += ABANDONED_MS - 1
        still = await memory(store).begin("key", "body")
        store.clock.now += 1
        free = await memory(store).begin("key", "body")

    assert Repeat.UNDER_WAY is still
    assert free is None


async def test_a_request_of_which_something_was_done_before_the_kill_is_not_done_again(storage: str) -> None:
    async with open_store(storage) as store:
        with memory(store).doing("key"):
            await memory(store).begin("key", "body")
            await store.new_run()
        at_once = await memory(store).begin("key", "body")
        store.clock.now += ABANDONED_MS
        later = await memory(store).begin("key", "body")
        other = await memory(store).begin("key", "other")

    assert (Repeat.UNDER_WAY, Repeat.UNANSWERED, Repeat.OTHER_BODY) == (at_once, later, other)


async def test_a_request_that_failed_when_something_of_it_was_done_is_not_done_again(storage: str) -> None:
    async with open_store(storage) as store:
        await memory(store).begin("key", "body")
        with memory(store).doing("key"):
            await store.new_run()
        await memory(store).forget("key")
        at_once = await memory(store).begin("key", "body")
        store.clock.now += LIFETIME_MS - 1
        later = await memory(store).begin("key", "body")
        other = await memory(store).begin("key", "other")
        store.clock.now += 1
        anew = await memory(store).begin("key", "body")

    assert Repeat.UNANSWERED is at_once is later
    assert Repeat.OTHER_BODY is other
    assert anew is None


async def test_what_comes_to_nothing_leaves_a_request_to_be_done(storage: str) -> None:
    async with open_store(storage) as store:
        await memory(store).begin("key", "body")
        with memory(store).doing("key"), pytest.raises(RuntimeError):
            async with store.database.write():
                raise RuntimeError("killed before the commit")
        store.clock.now += ABANDONED_MS

        assert None is await memory(store).begin("key", "body")


async def test_after_a_day_an_answer_is_forgotten_and_swept_away(storage: str) -> None:
    async with open_store(storage) as store:
        for name in ("a", "b"):
            await memory(store).begin(name, "body")
            await memory(store).complete(name, ANSWER)
        store.clock.now += LIFETIME_MS - 1
        kept, none = await memory(store).begin("a", "body"), await memory(store).sweep()
        store.clock.now += 1
        anew, swept = await memory(store).begin("a", "body"), await memory(store).sweep()

    assert (ANSWER, 0) == (kept, none)
    assert (None, 1) == (anew, swept)
