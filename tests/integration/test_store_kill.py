import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from dialog.events import WordsHeard
from server.store.event_rows import read_events
from server.store.log_writer import LogWriter
from tests.support.store import database_url, open_store, words


@pytest.mark.parametrize("confirmed_first", [1, 20, 57])
async def test_what_was_confirmed_survives_a_kill_without_a_gap(tmp_path: Path, confirmed_first: int) -> None:
    async with open_store(database_url(tmp_path)) as store:
        run = await store.new_run()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.append_until_killed",
            database_url(tmp_path),
            run.id,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        for _ in range(confirmed_first):
            assert await process.stdout.readline()
        process.kill()
        confirmed = (await process.stdout.read()).split()
        await process.wait()
        last_confirmed = max([3 * confirmed_first, *map(int, confirmed)])
        events = await read_events(store.database, run.id)
        async with LogWriter(store.database) as writer:
            log = writer.open(await store.new_session(run))
            log.append(0.0, words("afterwards"))
            await log.durable(log.last_seq)

        assert len(events) >= last_confirmed
        assert list(range(1, len(events) + 1)) == [event.seq for event in events]
        assert [f"number {event.seq}" for event in events] == [
            event.body.text for event in events if isinstance(event.body, WordsHeard)
        ]
        assert log.last_seq == len(events) + 1
        assert (2, 2) == (log.session.number, log.session.epoch)


async def test_the_database_is_whole_after_a_kill(tmp_path: Path) -> None:
    await test_what_was_confirmed_survives_a_kill_without_a_gap(tmp_path, 5)
    with sqlite3.connect(tmp_path / "vivavoce.db") as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()

    assert verdict == [("ok",)]
