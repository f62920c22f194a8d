from itertools import product

import pytest
from sqlalchemy import update

from server.store.run_status import (
    RUN_STATUSES,
    RUN_TRANSITIONS,
    TERMINAL,
    RunStatus,
    TransitionRefused,
    sources_of,
)
from server.store.tables import RunRow
from tests.support.store import open_store


def test_the_table_names_every_status_once() -> None:
    assert set(RUN_TRANSITIONS) == set(RUN_STATUSES)
    assert len(RUN_STATUSES) == 11


def test_whatever_is_not_over_can_fail_and_be_cancelled() -> None:
    going = set(RUN_STATUSES) - TERMINAL

    assert sources_of("failed") == going
    assert sources_of("cancelled") == going


def test_nothing_leaves_a_status_that_ends() -> None:
    assert {"completed", "expired", "abandoned", "failed", "cancelled"} == TERMINAL


def test_an_active_run_never_expires() -> None:
    assert "expired" not in RUN_TRANSITIONS["active"]


async def test_of_all_pairs_only_those_of_the_table_are_carried_out(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()

        async def attempt(was: RunStatus, wanted: RunStatus) -> bool:
            async with store.database.write() as connection:
                await connection.execute(update(RunRow).where(RunRow.id == run.id).values(status=was))
            try:
                moved = await store.runs.transition(run.id, wanted)
            except TransitionRefused as refusal:
                unchanged = was == refusal.was == (await store.runs.find(run.id)).status
                return not unchanged
            return moved.status == wanted

        carried_out = {pair for pair in product(RUN_STATUSES, RUN_STATUSES) if await attempt(*pair)}

        assert {(was, to) for was, onward in RUN_TRANSITIONS.items() for to in onward} == carried_out


async def test_the_database_itself_refuses_a_status_that_there_is_not(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()

        with pytest.raises(Exception, match="ck_interview_run_status"):
            async with store.database.write() as connection:
                await connection.execute(update(RunRow).where(RunRow.id == run.id).values(status="lost"))
