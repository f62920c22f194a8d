"""A draft tried on simulated participants over the API, and the gate that this can be before publishing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


async def drafted(http: httpx.AsyncClient) -> str:
    """The path of a new draft."""
    made = await http.post("/blueprints", json=small_blueprint().model_dump(mode="json", by_alias=True))
    assert 201 == made.status_code, made.text
    return f"/blueprints/{made.json()['id']}"


async def gated(server: RunningServer, http: httpx.AsyncClient, gate: dict[str, Any] | None) -> Any:
    """Have the organization ask for simulations before publishing, or for none."""
    organization_id = (await http.get("/organization")).json()["id"]
    async with program(server, organization_id=organization_id, test_mode=False) as live:
        answer = await live.patch("/organization", json={"settings": {"simulation_gate": gate}})
    return answer


async def tried(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """The draft's simulation once it is over."""
    asked = await http.post(f"{path}/simulations", json=body)
    assert 202 == asked.status_code, asked.text
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = (await http.get(f"{path}/simulations/{asked.json()['id']}")).json()
            if found["status"] not in ("pending", "processing"):
                return found
            await asyncio.sleep(0.1)


async def test_publishing_waits_for_a_simulation_of_this_very_draft(server: RunningServer) -> None:
    async with program(server) as http:
        path = await drafted(http)
        await gated(server, http, {"seeds": 1})
        before = await http.post(f"{path}/publish")
        found = await tried(http, path)
        published = await http.post(f"{path}/publish")
        await http.patch(path, json={"name": "Other tools"})
        edited = await http.post(f"{path}/publish")
        outdated = (await http.get(f"{path}/simulations/{found['id']}")).json()
        await tried(http, path)
        agent_id = published.json()["agent_id"]
        await http.patch(f"/agents/{agent_id}", json={"probing_depth": "deep"})
        with_another_agent = await http.post(f"{path}/publish")
        await tried(http, path)
        again = await http.post(f"{path}/publish")
        listed = (await http.get(f"{path}/simulations")).json()["data"]

    refused = [answer.json()["error"]["code"] for answer in (before, edited, with_another_agent)]
    assert [409, 409, 409] == [answer.status_code for answer in (before, edited, with_another_agent)]
    assert ["simulation_required"] * 3 == refused
    assert ("completed", 1, False) == (found["status"], found["seeds"], found["outdated"])
    assert {"passed": True, "shortcomings": []} == found["verdict"]
    assert (200, 1, 200, 2) == (
        published.status_code,
        published.json()["version"],
        again.status_code,
        again.json()["version"],
    )
    assert outdated["outdated"]
    assert [False, True, True] == [each["outdated"] for each in listed]


async def test_what_simulated_participants_found_wanting_is_told_and_not_published(
    server: RunningServer,
) -> None:
    async with program(server) as http:
        path = await drafted(http)
        set_up = await gated(server, http, {"seeds": 2, "thresholds": {"cut_ins": 0}})
        too_few = await tried(http, path, seeds=1)
        refused = await http.post(f"{path}/publish")
        await gated(server, http, None)
        without = await http.post(f"{path}/publish")

    assert 200 == set_up.status_code, set_up.text
    wanted = set_up.json()["settings"]["simulation_gate"]
    assert (2, 0, 1) == (wanted["seeds"], wanted["thresholds"]["cut_ins"], wanted["thresholds"]["coverage"])
    assert not too_few["verdict"]["passed"]
    error = refused.json()["error"]
    assert (409, "simulation_required", "conflict") == (refused.status_code, error["code"], error["type"])
    assert too_few["verdict"]["shortcomings"] == [each["message"] for each in error["errors"]]
    assert "There were 1 talks with each participant, not 2." in too_few["verdict"]["shortcomings"]
    assert 200 == without.status_code


async def test_a_simulation_is_asked_for_once_under_one_name_and_by_who_may_write(
    server: RunningServer,
) -> None:
    async with program(server) as http, program(server) as stranger:
        path = await drafted(http)
        named = {"Idempotency-Key": "try-it-once"}
        first = await http.post(f"{path}/simulations", headers=named)
        second = await http.post(f"{path}/simulations", headers=named)
        theirs = await stranger.post(f"{path}/simulations", json={})
        organization_id = (await http.get("/organization")).json()["id"]
        async with program(server, organization_id=organization_id, scopes=("read",)) as reader:
            read = await reader.get(f"{path}/simulations/{first.json()['id']}")
            unread = await reader.post(f"{path}/simulations", json={})
        wrong = await http.post(f"{path}/simulations", json={"seeds": 21, "persona": "all"})

    assert (202, 202) == (first.status_code, second.status_code)
    assert first.json() == second.json()
    assert (404, 200, 403, 400) == (
        theirs.status_code,
        read.status_code,
        unread.status_code,
        wrong.status_code,
    )
    assert {"/seeds", "/persona"} == {each["param"] for each in wrong.json()["error"]["errors"]}


async def test_a_draft_with_faults_is_not_tried_and_a_large_one_not_for_ever(server: RunningServer) -> None:
    large = small_blueprint().model_dump(mode="json", by_alias=True)
    nodes = {
        f"n{number}": {"type": "question", "key": f"n{number}", "text": "What then?"} for number in range(250)
    }
    edges = [{"from": f"n{number}", "to": f"n{number + 1}"} for number in range(249)]
    large["graph"] = {"entry_node": "n0", "nodes": nodes, "edges": edges}
    async with program(server) as http:
        path = await drafted(http)
        agent_id = (await http.get(path)).json()["agent_id"]
        empty = await http.post("/blueprints", json={"name": "Empty", "agent_id": agent_id})
        untried = await http.post(f"/blueprints/{empty.json()['id']}/simulations", json={})
        made = await http.post("/blueprints", json=large)
        too_often = await http.post(f"/blueprints/{made.json()['id']}/simulations", json={"seeds": 9})

    assert (422, "invalid_graph") == (untried.status_code, untried.json()["error"]["code"])
    assert untried.json()["error"]["errors"]
    assert (400, "/seeds") == (too_often.status_code, too_often.json()["error"]["param"])
