"""What the office does beside the talks comes to its end, also when it can't be done at once."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from server.pipeline.office import _scrubbing
from server.pipeline.worker import Worker
from server.store.database import Database
from server.store.deletions import Deletions
from server.store.delivery_tables import JobRow
from server.store.jobs import Jobs
from server.store.recordings import Recordings
from server.store.scrubbing import SCRUB
from tests.support.store import open_store


async def waiting(database: Database) -> int:
    """How many jobs of the kind there still are."""
    async with database.read() as connection:
        return len((await connection.execute(select(JobRow.id).where(JobRow.kind == SCRUB))).all())


async def test_a_scrubbing_that_failed_is_done_again_and_then_over(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(storage) as store, Recordings(tmp_path) as recordings:
        run = await store.new_run()
        scrub, tried, done = store.database.scrub, 0, asyncio.Event()

        async def fail_once(*tables: str) -> bool:
            nonlocal tried
            tried += 1
            if tried == 1:
                raise OSError(5, "Input/output error")
            whole = await scrub(*tables)
            done.set()
            return whole

        monkeypatch.setattr(store.database, "scrub", fail_once)
        worker = Worker(Jobs(store.database), {SCRUB: _scrubbing(store.database)})
        async with worker.working():
            await Deletions(store.database, recordings).delete(store.tenant, run.id, "api")
            async with asyncio.timeout(30):
                await done.wait()
                while await waiting(store.database):  # noqa: ASYNC110 - the job's end is on the disk alone
                    await asyncio.sleep(0.05)

    assert 2 == tried
