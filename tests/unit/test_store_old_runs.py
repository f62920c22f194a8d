"""Runs that were made before their progress and their documents were kept are shown as all others."""

from typing import Any, Final

from sqlalchemy import MetaData, create_engine, insert

from dialog.events import Event, NodeEntered, SessionOpened
from server.api.studies.run_shapes import progress_shown
from server.pipeline.aftermath import Aftermath
from server.store.database import Database
from server.store.documents import STAGES, Documents
from server.store.event_rows import line_of
from server.store.jobs import Jobs
from server.store.migrations import upgrade
from server.store.organizations import Tenant
from server.store.paging import Window
from server.store.runs import Runs
from server.store.vault import Vault
from tests.support.analysts import RulesHere
from tests.support.finished_talk import design_with, spoken
from tests.support.store import NOON_MS, SECRET

OWNER: Final = {"organization_id": "org_" + "1" * 32, "test_mode": False}
NOW: Final = {"created_at": NOON_MS, "updated_at": NOON_MS}
TALKED, JOINED = "run_" + "1" * 32, "run_" + "2" * 32


def run_of_before(run_id: str, status: str, sittings: int) -> dict[str, Any]:
    return {
        "id": run_id,
        **OWNER,
        "blueprint_id": "bp_" + "1" * 32,
        "blueprint_version": 1,
        "status": status,
        "consent_status": "not_required",
        "participant": {"external_id": None, "name": None, "metadata": {}},
        "token_hash": run_id,
        "token_encrypted": b"token",
        "session_count": sittings,
        "writer_epoch": sittings,
        "metadata": {},
        **NOW,
    }


def fill_as_before(url: str) -> list[Event]:
    """A study in a database of the third step: one run that was talked in, one that nobody has begun. The
    events of the first."""
    upgrade(url, to="0003")
    design = design_with(analysis=False)
    body = design.model_dump(mode="json", by_alias=True)
    blueprint = {"id": "bp_" + "1" * 32, **OWNER, "name": design.name, "status": "published", **NOW}
    version = {"blueprint_id": blueprint["id"], "version": 1, "organization_id": OWNER["organization_id"]}
    session_id = "ses_" + "1" * 32
    opened = SessionOpened(session_id, "text", NOON_MS, 1)
    events = [Event(seq, seq / 2, told) for seq, told in enumerate([opened, *spoken(design)], start=1)]
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    tables = MetaData()
    with engine.begin() as connection:
        tables.reflect(connection)

        def put(table: str, row: dict[str, Any]) -> None:
            connection.execute(insert(tables.tables[table]).values(row))

        put("organization", {"id": OWNER["organization_id"], "name": "Field & Co.", **NOW})
        put("blueprint", blueprint | {"version": 1, "body": body, "published_at": NOON_MS})
        put("blueprint_version", version | {"body": body, "published_at": NOON_MS})
        put("interview_run", run_of_before(TALKED, "abandoned", 1))
        put("interview_run", run_of_before(JOINED, "awaiting_participant", 0))
        put("interview_session", {"id": session_id, "run_id": TALKED, "number": 1, "opened_at": NOON_MS})
        for event in events:
            line = line_of(TALKED, session_id, event)
            row = {"run_id": TALKED, "session_id": session_id, "seq": event.seq, "at": event.at}
            put("event", row | {"kind": line.kind, "body": line.body})
    engine.dispose()
    return events


async def test_a_run_of_before_shows_how_far_it_is_and_gets_its_documents(empty_storage: str) -> None:
    events = fill_as_before(empty_storage)
    path = [event.body.node_key for event in events if isinstance(event.body, NodeEntered)]
    upgrade(empty_storage)
    async with Database(empty_storage) as database:
        page = await Runs(database, Vault(SECRET)).page(Tenant(**OWNER), Window(10, None))  # type: ignore[arg-type]
        shown = {run.id: progress_shown(run.progress) for run in page.data}
        aftermath, jobs = Aftermath(database, RulesHere()), Jobs(database)
        taken_up = await aftermath.take_up()
        while (job := await jobs.claim(STAGES)) is not None:
            await aftermath.make(job)
            await jobs.complete(job)
        documents = await Documents(database).of_runs([TALKED, JOINED])

    assert len(path) > 1
    assert (path, len(set(path)), path[-1]) == (
        shown[TALKED]["path_taken"],
        shown[TALKED]["nodes_visited"],
        shown[TALKED]["current_node"],
    )
    assert round(events[-1].at) == shown[TALKED]["duration_s"]
    assert (0, [], None) == tuple(shown[JOINED][n] for n in ("nodes_visited", "path_taken", "current_node"))
    assert len(design_with().graph.nodes) == shown[JOINED]["nodes_total"] == shown[TALKED]["nodes_total"]
    assert 1 == taken_up
    assert {"transcript": "completed", "responses": "completed"} == {
        kind: document.status for kind, document in documents[TALKED].items()
    }
    assert {} == documents[JOINED]
