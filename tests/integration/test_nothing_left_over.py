"""Whoever comes and goes, however they go, leaves nothing running or open behind."""

import asyncio
from pathlib import Path

from server.live.session import SessionPolicy
from tests.support.census import at_rest, fill_thread_pool, left_of_talks, take_census
from tests.support.running_server import RunningServer, running_server
from tests.support.short_visits import Visit, talk_and_vanish, visit_number, write_and_end
from tests.support.small_study import small_blueprint


async def receive(server: RunningServer, visits: list[Visit]) -> None:
    """Let them come, four at a time, and wait until everybody has been given up."""
    room = asyncio.Semaphore(4)

    async def come(visit: Visit) -> None:
        async with room:
            await visit(server, await server.study(small_blueprint()))

    async with asyncio.TaskGroup() as tasks:
        for visit in visits:
            tasks.create_task(come(visit))
    registry = server.house.registry
    async with asyncio.timeout(30):  # for the last visit, and for words that are still prepared for the next
        while registry._visits or registry._running:  # noqa: ASYNC110 - nobody tells when the last is over
            await asyncio.sleep(0.05)
    await server.http.aclose()
    await asyncio.sleep(1.0)  # connections that were closed at the other end are noticed
    await at_rest(server.house.database)


async def test_twenty_visits_leave_no_task_thread_file_or_socket_and_no_talk_in_memory(
    tmp_path: Path,
) -> None:
    left_before = left_of_talks()  # by other tests
    async with running_server(tmp_path, recogniser_processes=1) as server:
        server.house.registry.policy = SessionPolicy(linger=0.5)
        await fill_thread_pool()
        await receive(server, [write_and_end, *(visit_number(n, 2) for n in range(4))])
        before = take_census(server.house.registry)
        server.http = type(server.http)(base_url=server.origin, timeout=20)
        await receive(server, [visit_number(number, 5) for number in range(19)] + [talk_and_vanish])
        after, left = take_census(server.house.registry), left_of_talks()

    assert not left - left_before
    assert before.tasks == after.tasks
    assert before.counts == after.counts
