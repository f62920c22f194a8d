"""Work in steps leaves the loop free between and during them, and never does more at once than it may."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from server.api.studies.in_steps import STEP_SIZE, in_a_thread, in_steps


async def test_the_work_is_done_in_other_threads_and_gathered() -> None:
    threads: set[int] = set()

    def pieces() -> Iterator[bytes]:
        for _ in range(1_000):
            threads.add(threading.get_ident())
            yield bytes(1_000)

    got = [piece async for piece in in_steps(asyncio.Semaphore(1), pieces())]

    assert 1_000_000 == sum(map(len, got))
    assert max(map(len, got)) < STEP_SIZE + 1_000
    assert threading.get_ident() not in threads


async def test_the_loop_goes_on_while_a_step_is_being_done() -> None:
    may_end = threading.Event()

    def piece() -> Iterator[bytes]:
        may_end.wait()  # which only the loop can bring about
        yield b"done"

    async def read() -> bytes:
        return b"".join([each async for each in in_steps(asyncio.Semaphore(1), piece())])

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(read())
        await asyncio.sleep(0)
        may_end.set()

    assert b"done" == reading.result()


async def test_no_more_steps_are_done_at_once_than_there_are_places() -> None:
    places, both = asyncio.Semaphore(2), threading.Barrier(2)
    busy, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        both.wait()  # two are always at it together
        with lock:
            busy -= 1

    await asyncio.gather(*(in_a_thread(places, work) for _ in range(8)))

    assert 2 == most


async def test_a_reader_that_takes_its_time_holds_no_place() -> None:
    places = asyncio.Semaphore(1)
    slow = in_steps(places, iter([bytes(STEP_SIZE), bytes(STEP_SIZE)]))
    await anext(slow)

    assert not places.locked()
    assert 7 == await in_a_thread(places, lambda: 7)
    await slow.aclose()  # type: ignore[attr-defined]


async def test_a_step_comes_to_its_end_though_nobody_waits_for_it_any_more() -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        may_end.wait()
        ended.set()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(in_a_thread(asyncio.Semaphore(1), work))
        await asyncio.to_thread(began.wait)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        may_end.set()

    assert task.cancelled()
    assert ended.is_set()


async def test_what_a_step_raises_is_raised() -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(STEP_SIZE)
        raise OSError("the disk is full")

    pieces = in_steps(asyncio.Semaphore(1), broken())
    await anext(pieces)

    with pytest.raises(OSError, match="full"):
        await anext(pieces)
