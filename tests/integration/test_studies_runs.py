"""Interview runs over HTTP: made, listed, expanded, and read beside what comes of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import event as happenings

from dialog.transcript import rfc3339
from server.api.studies.run_expansions import NAMES
from server.clock import wall_clock_ms
from server.store.organizations import Tenant
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint

ANSWERS = ["I use a notebook and a pencil.", "The pencil broke in a meeting."]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


async def call(
    server: RunningServer, study: Study, method: str, path: str, body: Any = None, **headers: str
) -> httpx.Response:
    content = {} if body is None else {"json": body}
    return await server.http.request(
        method, f"/api/v1{path}", headers={"Authorization": f"Bearer {study.key}", **headers}, **content
    )


async def talked(server: RunningServer) -> Study:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.answer_all(ANSWERS)
    await server.until_over(study)
    return study


async def blueprint_of(server: RunningServer, study: Study) -> str:
    return (await server.house.runs.find(study.run_id)).blueprint_id


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_list_expands_is_what_is_read_by_itself(server: RunningServer) -> None:
    study = await talked(server)
    answer = await call(server, study, "GET", "/interview-runs?" + "&".join(f"expand[]={n}" for n in NAMES))
    shown = answer.json()["data"][0]

    assert ANSWERS == [e["content"] for e in shown["transcript"]["entries"] if e["role"] == "participant"]
    assert shown["transcript_id"] == shown["transcript"]["id"]
    assert shown["responses_id"] == shown["responses"]["id"]
    assert shown["analysis_id"] == shown["analysis"]["id"]
    assert 1 == shown["blueprint"]["version"]
    assert 2 == shown["progress"]["nodes_visited"]
    assert 0 == shown["progress"]["estimated_remaining_s"]
    for part in ("transcript", "responses", "analysis"):
        assert shown[part] == (await server.read(study, f"/{part}")).json()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_not_expanded_is_absent_and_what_there_is_not_is_null(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    plain = (await server.read(study)).json()
    whole = (await server.read(study, "?" + "&".join(f"expand={name}" for name in NAMES))).json()

    assert not {"blueprint", "agent", "channel", "connector", "transcript"} & plain.keys()
    for name in ("connector", "transcript", "responses", "analysis"):
        assert whole[name] is None
    assert "paused" not in plain["progress"]
    assert (400, "invalid_request") == code_of(await server.read(study, "?expand[]=secrets"))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_list_asks_as_many_queries_for_many_runs_as_for_one(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    blueprint_id = await blueprint_of(server, study)
    asked: list[str] = []
    others = (
        asyncio.all_tasks()
    )  # those that look after the store meanwhile; each request has a task of its own

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if asyncio.current_task() not in others:
            asked.append(statement)

    async def queries() -> int:
        asked.clear()
        expand = "&".join(f"expand[]={name}" for name in NAMES)
        path = f"/interview-runs?blueprint_id={blueprint_id}&{expand}"
        assert 200 == (await call(server, study, "GET", path)).status_code
        return sum(statement.lstrip().upper().startswith("SELECT") for statement in asked)

    engine = server.house.database.engine.sync_engine
    happenings.listen(engine, "before_cursor_execute", note)
    try:
        first = await call(server, study, "POST", "/interview-runs", {"blueprint_id": blueprint_id})
        few = await queries()
        for _ in range(6):
            await call(server, study, "POST", "/interview-runs", {"blueprint_id": blueprint_id})
        many = await queries()
    finally:
        happenings.remove(engine, "before_cursor_execute", note)

    assert 201 == first.status_code
    assert few == many


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_is_made_as_it_was_asked_for(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    opens = rfc3339(wall_clock_ms() + 3_600_000)
    asked = {
        "blueprint_id": await blueprint_of(server, study),
        "participant": {"external_id": "e-17", "name": "Kim", "metadata": {"team": "support"}},
        "scheduled_at": opens,
        "meeting_url": "https://meet.example.org/abc",
        "metadata": {"wave": 2},
    }
    made = await call(server, study, "POST", "/interview-runs", asked)
    run = made.json()
    channel = (await call(server, study, "GET", f"/channels/{run['channel_id']}")).json()
    again = (await call(server, study, "POST", "/interview-runs", asked)).json()

    assert 201 == made.status_code
    assert "scheduled" == run["status"]
    assert asked["participant"] == run["participant"]
    assert (opens, "https://meet.example.org/abc", {"wave": 2}) == (
        run["scheduled_at"],
        run["meeting_url"],
        run["metadata"],
    )
    assert 9 == len(run["dial_in_pin"])
    assert run["join_url"].endswith(f"/join/{run['id']}#{run['join_token']}")
    assert "webrtc_voice" == channel["type"]
    assert channel["id"] == again["channel_id"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_that_cannot_be_made_is_refused_with_its_reason(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    good = {"blueprint_id": await blueprint_of(server, study)}
    nobodys = "0" * 32
    for body, expected, param in (
        ({}, (400, "invalid_request"), "/blueprint_id"),
        ({"blueprint_id": "x"}, (400, "invalid_request"), "/blueprint_id"),
        ({"blueprint_id": f"bp_{nobodys}"}, (404, "not_found"), "/blueprint_id"),
        ({"channel_id": f"chn_{nobodys}"}, (404, "not_found"), "/channel_id"),
        ({"connector_id": f"con_{nobodys}"}, (404, "not_found"), "/connector_id"),
        ({"agent_id": f"agt_{nobodys}"}, (404, "not_found"), "/agent_id"),
        (
            {"channel_id": f"chn_{nobodys}", "connector_id": f"con_{nobodys}"},
            (400, "invalid_request"),
            "/connector_id",
        ),
        ({"expires_at": "2020-01-01T00:00:00Z"}, (400, "invalid_request"), "/expires_at"),
        ({"scheduled_at": "tomorrow"}, (400, "invalid_request"), "/scheduled_at"),
        ({"expires_at": "9999-99-99T00:00:00Z"}, (400, "invalid_request"), "/expires_at"),
        ({"meeting_url": "javascript:alert(1)"}, (400, "invalid_request"), "/meeting_url"),
        ({"consent": True}, (400, "invalid_request"), "/consent"),
        ({"participant": {"age": 7}}, (400, "invalid_request"), "/participant/age"),
    ):
        whole = body if not body or "blueprint_id" in body else good | body
        answer = await call(server, study, "POST", "/interview-runs", whole)
        assert expected == code_of(answer), body
        assert param == answer.json()["error"]["param"], body
    await call(server, study, "POST", f"/blueprints/{good['blueprint_id']}/archive")
    assert (409, "archived") == code_of(await call(server, study, "POST", "/interview-runs", good))


@pytest.mark.asyncio(loop_scope="module")
async def test_the_doors_of_a_run_are_named_to_those_who_may_write(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    run = await server.house.runs.find(study.run_id)
    _, reader = await server.house.organizations.create_key(
        run.organization_id, test_mode=True, scopes=["read"]
    )
    seen = await call(server, Study(study.run_id, "", reader), "GET", f"/interview-runs/{study.run_id}")

    assert 200 == seen.status_code
    assert [None, None, None] == [seen.json()[name] for name in ("join_url", "join_token", "dial_in_pin")]
    assert study.token == (await server.read(study)).json()["join_token"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_is_held_by_its_own_agent(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    agent = {
        "name": "Sascha",
        "persona": {"system_prompt": "You interview.", "tone": "formal"},
        "techniques": [],
        "probing_depth": "light",
    }
    made = (await call(server, study, "POST", "/agents", agent)).json()
    asked = {"blueprint_id": await blueprint_of(server, study), "agent_id": made["id"]}
    run = (await call(server, study, "POST", "/interview-runs?expand[]=agent", asked)).json()
    case = await server.house.case(await server.house.runs.find(run["id"]))

    assert made["id"] == run["agent_id"]
    assert "Sascha" == case.blueprint.agent.name


@pytest.mark.asyncio(loop_scope="module")
async def test_lists_are_filtered_and_hold_their_place(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    blueprint_id = await blueprint_of(server, study)
    for _ in range(2):
        await call(server, study, "POST", "/interview-runs", {"blueprint_id": blueprint_id})
    path = f"/interview-runs?blueprint_id={blueprint_id}&status=awaiting_participant"
    first = (await call(server, study, "GET", f"{path}&limit=2")).json()
    rest = (await call(server, study, "GET", f"{path}&starting_after={first['next_cursor']}")).json()
    none = (
        await call(server, study, "GET", f"/interview-runs?blueprint_id={blueprint_id}&status=active")
    ).json()

    assert first["has_more"]
    assert [study.run_id] == [run["id"] for run in rest["data"]]
    assert [] == none["data"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_scheduled_run_is_opened_by_the_clock(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    tenant = (await server.house.runs.find(study.run_id)).organization_id
    run, _ = await server.house.runs.create(
        Tenant(tenant, test_mode=True), await blueprint_of(server, study), scheduled_at=wall_clock_ms() - 1
    )
    opened: list[str] = []
    async with asyncio.timeout(30):
        while (await server.house.runs.find(run.id)).status == "scheduled":
            opened += await server.house.runs.open_due()
            await asyncio.sleep(0.05)

    assert "awaiting_participant" == (await server.house.runs.find(run.id)).status


@pytest.mark.asyncio(loop_scope="module")
async def test_events_are_streamed_and_gone_on_with_behind_the_last_seen(server: RunningServer) -> None:
    study = await talked(server)
    page = (await server.read(study, "/events?limit=1000")).json()["data"]
    stream = await server.read(study, "/events", Accept="text/event-stream")
    lines = stream.text.splitlines()
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    last = str(page[-1]["seq"])
    behind = {"Accept": "text/event-stream", "Last-Event-ID": str(page[-1]["seq"] - 1)}
    rest = await server.read(study, "/events", **behind)
    none = await server.read(study, "/events", **{**behind, "Last-Event-ID": last})

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert page == told
    assert [f"id: {last}"] == [line for line in rest.text.splitlines() if line.startswith("id: ")]
    assert 204 == none.status_code


@pytest.mark.asyncio(loop_scope="module")
async def test_a_transcript_comes_in_the_form_that_is_asked_for(server: RunningServer) -> None:
    study = await talked(server)
    vtt = await server.read(study, "/transcript", Accept="text/vtt")
    plain = await server.read(study, "/transcript", Accept="text/plain")
    lines = await server.read(study, "/transcript", Accept="application/x-ndjson")
    whole = (await server.read(study, "/transcript")).json()

    assert vtt.text.startswith("WEBVTT")
    assert f"Participant: {ANSWERS[0]}" in plain.text.splitlines()
    assert whole["entries"] == [json.loads(line) for line in lines.text.splitlines()]
    assert "completed" == whole["status"]
