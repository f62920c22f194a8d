"""The event loop on virtual time that other tests run on."""

import asyncio

import pytest

from server.clock import loop_time
from tests.support.virtual_time import in_virtual_time


def test_sleepers_wake_in_the_order_of_their_time_and_at_it() -> None:
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        woken.append((name, loop_time()))

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sleep("a day", 86_400.0))
            tasks.create_task(sleep("a blink", 0.1))

    in_virtual_time(main)

    assert [("a blink", 0.1), ("a day", 86_400.0)] == woken


def test_a_timeout_comes_before_a_later_word_and_not_before_an_earlier_one() -> None:
    async def main() -> list[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        heard: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(1.0, queue.put_nowait, "in time")
        loop.call_later(5.0, queue.put_nowait, "too late")
        for _ in range(2):
            try:
                async with asyncio.timeout(2.0):
                    heard.append(await queue.get())
            except TimeoutError:
                heard.append(f"nothing by {loop.time()}")
        return heard

    assert ["in time", "nothing by 3.0"] == in_virtual_time(main)


def test_no_time_passes_while_there_is_something_to_do() -> None:
    async def main() -> float:
        for _ in range(1_000):
            await asyncio.sleep(0)
        return loop_time()

    assert 0.0 == in_virtual_time(main)


def test_waiting_for_nobody_is_an_error_and_no_standstill() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nobody will ever come"):
        in_virtual_time(main)


def test_threads_are_refused() -> None:
    async def main() -> None:
        await asyncio.to_thread(print)

    with pytest.raises(RuntimeError, match="no threads"):
        in_virtual_time(main)
