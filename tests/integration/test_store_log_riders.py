import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from server.store.event_rows import read_events
from server.store.log_writer import LogWriter
from server.store.runs import progress_note
from tests.emulators.full_disk import FullDisk
from tests.support.store import database_url, open_store, words


async def test_how_far_a_run_is_goes_along_with_its_events(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        log = writer.open(await store.new_session(run))
        event = log.append(0.0, words("an answer"))
        await writer.along(progress_note(run.id, {"answered": 1}))

        assert {"answered": 1} == (await store.runs.find(run.id)).progress
        assert event.seq == log.stored_seq


async def test_what_goes_along_needs_no_events(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        notes = (progress_note(run.id, {"answered": count}) for count in range(5))
        await asyncio.gather(*map(writer.along, notes))

        assert {"answered": 4} == (await store.runs.find(run.id)).progress


async def test_what_goes_along_and_fails_costs_no_event(storage: str) -> None:
    def nonsense(connection: Connection) -> None:
        connection.execute(text("SELECT * FROM nowhere"))

    async with open_store(storage) as store, LogWriter(store.database) as writer:
        log = writer.open(await store.new_session())
        event = log.append(0.0, words("kept"))
        with pytest.raises(SQLAlchemyError):
            await writer.along(nonsense)
        await log.durable(event.seq)

        assert [event] == await read_events(store.database, log.session.run_id)


async def test_on_a_full_disk_a_note_is_given_up_and_the_events_wait(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        log = writer.open(await store.new_session(run))
        disk = FullDisk(store.database)
        disk.fill()
        event = log.append(0.0, words("long " * 10_000))
        with pytest.raises(SQLAlchemyError):
            await writer.along(progress_note(run.id, {"answered": 1}))
        disk.free()
        await log.durable(event.seq)

        assert [event] == await read_events(store.database, run.id)
