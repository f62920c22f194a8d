import asyncio
from pathlib import Path

from dialog.transcript import rfc3339
from server.store.deletions import Deletions
from server.store.recordings import Recordings
from tests.support.command_line import run_command
from tests.support.store import database_url, open_store


async def test_of_a_run_that_was_deleted_it_is_told_when_and_that_nothing_is_left(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, Recordings(tmp_path) as recordings:
        run = await store.new_run()
        receipt = await Deletions(store.database, recordings, store.clock).delete(store.tenant, run.id, "api")
    told = await asyncio.to_thread(run_command, "replay", run.id, "--data-dir", tmp_path)
    never = await asyncio.to_thread(run_command, "replay", "run_" + "0" * 32, "--data-dir", tmp_path)

    assert f"was deleted at {rfc3339(receipt.created_at)}" in told.output
    assert (1, 1) == (told.exit_code, never.exit_code)
    assert "neither a file nor a run" in never.output
