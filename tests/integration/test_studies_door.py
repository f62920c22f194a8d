"""What lies between a request and the operation that it is for, of a server that runs."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import anyio
import httpx
import pytest
import pytest_asyncio
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import Receive, Scope, Send

from server.api.allowances import Allowances
from server.api.errors import EXCEPTION_HANDLERS
from server.store import sqlite
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


async def test_only_the_description_itself_is_given_without_a_key(server: RunningServer) -> None:
    described = await server.http.get("/api/v1/openapi.json")
    others = [
        await server.http.get(f"/api/v1{path}/openapi.json")
        for path in ("/agents", "/interview-runs/run_1", "/openapi.json")
    ]

    assert 200 == described.status_code
    assert [(401, "unauthorized")] * 3 == [
        (other.status_code, other.json()["error"]["code"]) for other in others
    ]


async def test_while_all_connections_are_in_use_a_request_is_told_to_come_again(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = server.house.database.engine
    async with program(server) as http:
        async with AsyncExitStack() as held:
            for _ in range(2 * sqlite.CONNECTIONS):
                await held.enter_async_context(engine.connect())
            monkeypatch.setattr(engine.pool, "_timeout", 0.05)
            refused = await http.get("/agents")
        monkeypatch.undo()
        taken = await http.get("/agents")

    assert (503, "storage_unavailable") == (refused.status_code, refused.json()["error"]["code"])
    assert int(refused.headers["retry-after"]) > 0
    assert 200 == taken.status_code


@pytest.mark.parametrize("fault", [InterfaceError, PoolTimeoutError, OperationalError])
async def test_a_database_that_is_away_is_no_fault_of_ours(fault: type[SQLAlchemyError]) -> None:
    async def operation(scope: Scope, receive: Receive, send: Send) -> None:
        raise fault("select 1", None, ConnectionError("the connection is closed"))

    app = ExceptionMiddleware(operation, handlers=EXCEPTION_HANDLERS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
        refused = await http.get("/")

    assert (503, "storage_unavailable") == (refused.status_code, refused.json()["error"]["code"])


async def test_the_faults_of_a_graph_are_an_error_of_their_own_kind(server: RunningServer) -> None:
    persona = {"system_prompt": "You ask about tools.", "tone": "neutral"}
    interviewer = {"name": "Robin", "persona": persona, "techniques": [], "probing_depth": "light"}
    nowhere = {"entry_node": "q9", "nodes": {}, "edges": []}
    async with program(server) as http:
        agent = (await http.post("/agents", json=interviewer)).json()
        design = {"agent_id": agent["id"], "name": "Tools", "graph": nowhere}
        blueprint = (await http.post("/blueprints", json=design)).json()
        refused = await http.post(f"/blueprints/{blueprint['id']}/publish")
        invalid = await http.post("/blueprints", json={})
    error = refused.json()["error"]

    assert (422, "invalid_graph", "invalid_graph") == (refused.status_code, error["type"], error["code"])
    assert error["errors"]
    assert (400, "invalid_request") == (invalid.status_code, invalid.json()["error"]["type"])


async def test_a_key_that_asks_too_often_is_told_when_to_come_again_and_no_other_is(
    server: RunningServer,
) -> None:
    async with program(server) as hasty, program(server) as calm:
        before = server.house.requests
        object.__setattr__(server.house, "requests", Allowances(per_second=0.001, burst=3.0))
        try:
            answers = [await hasty.get("/agents") for _ in range(4)]
            others = await calm.get("/agents")
        finally:
            object.__setattr__(server.house, "requests", before)
    error = answers[3].json()["error"]

    assert [200, 200, 200, 429] == [answer.status_code for answer in answers]
    assert ("rate_limited", "rate_limited") == (error["type"], error["code"])
    assert int(answers[3].headers["retry-after"]) >= 1
    assert 200 == others.status_code


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorded(server: RunningServer) -> Study:
    study = await server.study(small_blueprint())
    path = server.house.recordings.path(study.run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(range(256)) * 400)
    return study


async def test_a_recording_is_not_opened_for_who_has_it(
    server: RunningServer, recorded: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    async def noted(path: Any, *more: Any, **named: Any) -> Any:
        opened.append(path)
        return await open_file(path, *more, **named)

    open_file = anyio.open_file
    monkeypatch.setattr(anyio, "open_file", noted)
    whole = await server.read(recorded, "/recording")
    etag = whole.headers["etag"]
    known = await server.read(recorded, "/recording", **{"If-None-Match": f'"other", W/{etag}'})
    no_part = await server.read(recorded, "/recording", **{"If-None-Match": etag, "Range": "bytes=0-3"})
    once = list(opened)
    other = await server.read(recorded, "/recording", **{"If-None-Match": '"other"', "Range": "bytes=0-3"})

    assert [200, 304, 304, 206] == [each.status_code for each in (whole, known, no_part, other)]
    assert [server.house.recordings.path(recorded.run_id)] == once
    assert (etag, b"") == (known.headers["etag"], known.content)
    assert b"\x00\x01\x02\x03" == other.content


async def test_whatever_a_range_is_answered_with_is_described(server: RunningServer, recorded: Study) -> None:
    paths = (await server.http.get("/api/v1/openapi.json")).json()["paths"]
    said = paths["/interview-runs/{run_id}/recording"]["get"]
    answers = {
        asked: await server.read(recorded, "/recording", Range=asked)
        for asked in ("bytes=0-3", "bytes=5-2", "lines=1-2", "bytes=999999-")
    }

    assert ["Range"] == [each["name"] for each in said["parameters"] if each["name"].lower() == "range"]
    assert [206, 400, 400, 416] == [each.status_code for each in answers.values()]
    assert set() == {str(each.status_code) for each in answers.values()} - set(said["responses"])
    assert {"Content-Range", "ETag"} <= set(said["responses"]["206"]["headers"])
    assert {"content-range", "etag"} <= set(answers["bytes=0-3"].headers)


async def test_what_is_sent_while_it_is_made_is_sent_whatever_is_known(
    server: RunningServer, recorded: Study
) -> None:
    run = (await server.read(recorded)).json()
    export = f"/api/v1/blueprints/{run['blueprint_id']}/export"
    key = {"Authorization": f"Bearer {recorded.key}", "If-None-Match": "*"}
    sent = await server.http.get(export, headers=key)

    assert 200 == sent.status_code
    assert "etag" not in sent.headers
    assert sent.text.startswith("run_id,")


@pytest.mark.parametrize(
    ("note", "counted"),
    [
        ("{[" * 4_000, False),
        ('"' * 6_000 + "{[" * 4_000 + "\\" * 1_000, False),
        ([[]] * 21_000, True),
        ({"a": '"' + "{" * 9, "b": [[]] * 21_000}, True),
    ],
)
async def test_what_stands_in_a_text_is_no_part_of_a_body(
    server: RunningServer, note: object, counted: bool
) -> None:
    body = json.dumps({"name": "N" if counted else "{" * 20_001, "note": note}).encode()
    async with program(server) as http:
        headers = {"Content-Type": "application/json"}
        refused = await http.post("/agents", content=body, headers=headers)
        cut_off = await http.post("/agents", content=b'["' + b'\\"{' * 100_000, headers=headers)

    assert counted == ("objects and lists" in refused.text)
    assert (400, "invalid_json") == (cut_off.status_code, cut_off.json()["error"]["code"])
