"""What comes of runs, and the snapshots that they are shown with: one query for many, on each database."""

import asyncio
from typing import Any

import msgspec
import pytest
from sqlalchemy import event as happenings
from sqlalchemy import select, update

from server.store.delivery_tables import DocumentRow
from server.store.documents import STAGES, Documents, begin_documents, put_document
from server.store.migrations import upgrade
from server.store.run import RunNotFound
from tests.support.store import open_store


async def test_documents_are_begun_once_however_many_begin_them(storage: str) -> None:
    async with open_store(storage) as store:
        run, other = await store.new_run(), await store.new_run()
        documents = Documents(store.database, store.clock)
        begun = await asyncio.gather(*(documents.begin(run.id) for _ in range(5)))
        again = await documents.begin(run.id)
        both = await documents.of_runs([run.id, other.id])

    assert [again] * 5 == begun
    assert {"transcript", "responses"} == again.keys()
    assert {"trn_", "rsp_"} == {document.id[:4] for document in again.values()}
    assert ["processing"] * 2 == [document.status for document in again.values()]
    assert {run.id: again, other.id: {}} == both


async def test_whoever_asks_how_documents_stand_reads_nothing_of_what_is_in_them(storage: str) -> None:
    found: dict[str, Any] = {"results": {"summary": {"content": "Crème brûlée \u0001 “so”"}}, "model": None}
    async with open_store(storage) as store:
        run, other = await store.new_run(), await store.new_run()
        documents = Documents(store.database, store.clock)
        async with store.database.write() as connection:
            await begin_documents(connection, run.id, ["analysis"], "pending", 1)
            await put_document(
                connection, run.id, "analysis", "completed", 2, body=msgspec.json.encode(found).decode()
            )
        asked: list[str] = []
        engine = store.database.engine.sync_engine
        happenings.listen(engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
        stand = await documents.of_runs([run.id, other.id])
        kept = await documents.findings([run.id, other.id])

    (standing, finding) = (each for each in asked if "document" in each)
    assert "body" not in standing
    assert "body" in finding
    assert ("completed", 1, 2) == (
        stand[run.id]["analysis"].status,
        stand[run.id]["analysis"].created_at,
        stand[run.id]["analysis"].updated_at,
    )
    assert {run.id: found} == kept


async def test_what_older_servers_kept_of_transcripts_and_responses_is_forgotten(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()
        async with store.database.write() as connection:
            await begin_documents(connection, run.id, STAGES, "completed", 1)
            await connection.execute(update(DocumentRow).values(body={"said": "My name is Kim."}))
            await connection.exec_driver_sql("DROP TABLE simulation")  # which is younger
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0009'")
        upgrade(storage)
        async with store.database.read() as connection:
            kept = await connection.execute(select(DocumentRow.kind).where(DocumentRow.body.is_not(None)))

    assert ["analysis"] == list(kept.scalars())


async def test_a_run_that_is_gone_has_no_documents_and_gets_none(storage: str) -> None:
    gone = "run_" + "0" * 32
    async with open_store(storage) as store:
        documents = Documents(store.database, store.clock)
        with pytest.raises(RunNotFound):
            await documents.begin(gone)

        assert {gone: {}} == await documents.of_runs([gone])
        assert {} == await documents.of_runs([])
        assert {} == await documents.findings([gone]) == await documents.findings([])


async def test_snapshots_are_found_by_blueprint_and_version_and_the_missing_left_out(storage: str) -> None:
    async with open_store(storage) as store:
        first = store.blueprint
        await store.blueprints.edit(store.tenant, first.id, lambda _: {"name": "Later"})
        await store.blueprints.publish(store.tenant, first.id)
        pins = [(first.id, 1), (first.id, 2), (first.id, 2), (first.id, 3), ("bp_" + "0" * 32, 1)]
        found = await store.blueprints.snapshots.find_many(pins)
        none = await store.blueprints.snapshots.find_many([])

    assert {(first.id, 1): "A small study", (first.id, 2): "Later"} == {
        pin: snapshot.body["name"] for pin, snapshot in found.items()
    }
    assert {} == none
