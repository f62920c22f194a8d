"""A run whose interview is over comes to its end, whatever kept that from being noted at once: tried with
each kind of database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from dialog.events import InterviewFinished, SessionClosed
from server.store.keeper import RunKeeper
from server.store.log_writer import LogWriter
from server.store.recordings import Recordings
from server.store.run import Run
from tests.support.store import Store, open_store


@asynccontextmanager
async def over(storage: str, tmp_path: Path) -> AsyncIterator[tuple[Store, RunKeeper, Run]]:
    """A store with an active run whose interview came to its end 30 s into its only sitting."""
    async with (
        open_store(storage) as store,
        Recordings(tmp_path) as recordings,
        LogWriter(store.database) as writer,
    ):
        run = await store.new_run()
        log = writer.open(await store.new_session(run))
        log.append(30.0, InterviewFinished("completed"))
        log.append(33.0, SessionClosed("finished"))
        await log.settled()
        log.close()
        yield store, RunKeeper(store.database, store.runs, writer, recordings, store.clock), run


def nobody(_: str) -> bool:
    return False


async def test_a_talk_that_is_over_is_finished_by_the_next_look_unless_somebody_is_still_there(
    storage: str, tmp_path: Path
) -> None:
    async with over(storage, tmp_path) as (store, keeper, run):
        store.clock.now += 89_999
        early = await keeper.finish_what_is_over(60.0, nobody)
        store.clock.now += 1
        still_here = await keeper.finish_what_is_over(60.0, lambda run_id: run_id == run.id)
        found = await keeper.finish_what_is_over(60.0, nobody)
        again = await keeper.finish_what_is_over(60.0, nobody)
        status = (await store.runs.find(run.id)).status

    assert ([], [], [run.id], []) == (early, still_here, found, again)
    assert "processing" == status


async def test_what_storage_refuses_is_no_fault_of_the_talk_and_done_by_a_later_look(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: str) -> Run:
        raise OperationalError("update", {}, OSError("the server closed the connection"))

    async with over(storage, tmp_path) as (store, keeper, run):
        store.clock.now += 90_000
        with monkeypatch.context() as faults:
            faults.setattr(store.runs, "transition", refuse)
            at_once = await keeper.finish(run.id, "completed")
            refused = await keeper.finish_what_is_over(60.0, nobody)
        later = await keeper.finish_what_is_over(60.0, nobody)

    assert (False, [], [run.id]) == (at_once, refused, later)


async def test_a_run_whose_interview_is_over_is_never_abandoned(storage: str, tmp_path: Path) -> None:
    async with over(storage, tmp_path) as (store, keeper, run):
        store.clock.now += 10 * 86_400_000
        abandoned = await keeper.abandon_idle(60.0, here=nobody)
        status = (await store.runs.find(run.id)).status

    assert [] == abandoned
    assert "active" == status


async def test_a_run_that_somebody_else_has_ended_meanwhile_stays_as_it_is(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with over(storage, tmp_path) as (store, keeper, run):
        find = store.runs.find

        async def find_and_be_late(run_id: str) -> Run:
            found = await find(run_id)
            await store.runs.transition(run_id, "cancelled")
            return found

        monkeypatch.setattr(store.runs, "find", find_and_be_late)
        await keeper.finish(run.id, "completed")
        status = (await find(run.id)).status

    assert "cancelled" == status
