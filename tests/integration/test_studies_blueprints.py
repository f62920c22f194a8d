"""Blueprints over HTTP: edited piece by piece, validated, published, gone on with, archived."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.support.running_server import RunningServer, running_server
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT = {
    "name": "Robin",
    "persona": {"system_prompt": "You interview people.", "tone": "neutral"},
    "techniques": ["tell_me_more"],
    "probing_depth": "light",
}
SILENT = {"enabled": False, "max_follow_ups": 0}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    """A program of an organization of its own."""
    async with program(server) as client:
        yield client


def node(key: str, text: str = "How do you work?") -> dict[str, Any]:
    return {"type": "question", "key": key, "text": text, "probing": SILENT}


def graph(*keys: str, edges: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "entry_node": keys[0],
        "nodes": {key: node(key) for key in keys},
        "edges": [{"from": start, "to": end} for start, end in edges],
    }


async def draft(http: httpx.AsyncClient, design: dict[str, Any] | None = None) -> dict[str, Any]:
    agent = (await http.post("/agents", json=AGENT)).json()
    body = {"agent_id": agent["id"], "name": "Work", "graph": design or graph("a", "b", edges=[("a", "b")])}
    answer = await http.post("/blueprints", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def refusal(answer: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], [(e["code"], e["path"]) for e in error.get("errors") or ()]


async def test_a_graph_is_edited_piece_by_piece_and_each_edit_answers_with_the_blueprint(
    http: httpx.AsyncClient,
) -> None:
    blueprint = await draft(http)
    at = f"/blueprints/{blueprint['id']}/graph"
    added = await http.patch(f"{at}/nodes/c", json=node("c", "Anything else?"))
    reworded = await http.patch(f"{at}/nodes/a", json=node("a", "What do you work with?"))
    joined = await http.put(
        f"{at}/edges", json={"edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]}
    )
    taken = await http.delete(f"{at}/nodes/b")
    replaced = await http.put(at, json=graph("x", edges=[]))
    read = await http.get(f"/blueprints/{blueprint['id']}")

    assert {200} == {answer.status_code for answer in (added, reworded, joined, taken, replaced)}
    assert ["a", "b", "c"] == list(added.json()["graph"]["nodes"])
    assert "What do you work with?" == reworded.json()["graph"]["nodes"]["a"]["text"]
    assert [("a", "b"), ("b", "c")] == [(e["from"], e["to"]) for e in joined.json()["graph"]["edges"]]
    assert (["a", "c"], []) == (list(taken.json()["graph"]["nodes"]), taken.json()["graph"]["edges"])
    assert replaced.json() == read.json()
    assert ["x"] == list(read.json()["graph"]["nodes"])


async def test_an_edit_that_makes_no_sense_is_refused_and_changes_nothing(http: httpx.AsyncClient) -> None:
    blueprint = await draft(http)
    at = f"/blueprints/{blueprint['id']}/graph"
    other_key = await http.patch(f"{at}/nodes/a", json=node("b"))
    unknown = await http.delete(f"{at}/nodes/z")
    wrong = await http.patch(f"{at}/nodes/a", json={**node("a"), "type": "riddle", "probing": {"enabled": 1}})
    stale = await http.put(at, json=graph("x", edges=[]), headers={"If-Match": '"7"'})
    read = await http.get(f"/blueprints/{blueprint['id']}")

    assert (422, "invalid_graph", [("key_mismatch", "/key")]) == refusal(other_key)
    assert (404, "not_found", []) == refusal(unknown)
    assert (400, "invalid_request") == (wrong.status_code, wrong.json()["error"]["code"])
    assert {"/type", "/probing/enabled"} == {each["param"] for each in wrong.json()["error"]["errors"]}
    assert (412, "precondition_failed", []) == refusal(stale)
    assert blueprint == read.json()


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        (graph("a", "b", edges=[("a", "b"), ("b", "a")]), [("cycle", "/graph/edges/1")]),
        (graph("a", edges=[("a", "a")]), [("self_loop", "/graph/edges/0/to")]),
        (graph("a", edges=[("a", "z")]), [("unknown_node", "/graph/edges/0/to")]),
        (graph("a", edges=[]) | {"entry_node": "z"}, [("missing_entry_node", "/graph/entry_node")]),
    ],
    ids=["cycle", "self-loop", "unknown node", "missing entry"],
)
async def test_a_graph_with_faults_is_kept_as_a_draft_told_of_whole_and_not_published(
    http: httpx.AsyncClient, design: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    blueprint = await draft(http, design)
    at = f"/blueprints/{blueprint['id']}"
    told = (await http.post(f"{at}/validate")).json()
    refused = await http.post(f"{at}/publish")
    run = await http.post("/interview-runs", json={"blueprint_id": blueprint["id"]})
    read = await http.get(at)

    assert ("graph_validation", False) == (told["object"], told["valid"])
    assert expected == [(fault["code"], fault["path"]) for fault in told["errors"]]
    assert (422, "invalid_graph", expected) == refusal(refused)
    assert (409, "not_published", []) == refusal(run)
    assert blueprint == read.json()


@pytest.mark.parametrize("how", ["made", "replaced"])
async def test_a_graph_of_ten_thousand_nodes_is_refused_and_nothing_changed(
    http: httpx.AsyncClient, how: str
) -> None:
    blueprint = await draft(http)
    keys = [f"n{number}" for number in range(10_000)]
    huge = {
        "entry_node": "n0",
        "nodes": {key: {"type": "question", "key": key, "text": "?"} for key in keys},
        "edges": [],
    }
    body = {"agent_id": blueprint["agent_id"], "name": "Huge", "graph": huge}
    refused = (
        await http.post("/blueprints", json=body)
        if how == "made"
        else await http.put(f"/blueprints/{blueprint['id']}/graph", json=huge)
    )
    there = (await http.get("/blueprints")).json()["data"]

    at = "/graph/nodes" if how == "made" else "/nodes"
    assert (422, "invalid_graph", [("too_many_nodes", at)]) == refusal(refused)
    assert [blueprint] == there


async def test_what_is_published_stays_and_the_first_edit_after_it_opens_the_next_draft(
    http: httpx.AsyncClient,
) -> None:
    blueprint = await draft(http)
    at = f"/blueprints/{blueprint['id']}"
    published = (await http.post(f"{at}/publish")).json()
    run = (await http.post("/interview-runs", json={"blueprint_id": blueprint["id"]})).json()
    edited = (await http.patch(f"{at}/graph/nodes/a", json=node("a", "What else?"))).json()
    meanwhile = (await http.post("/interview-runs", json={"blueprint_id": blueprint["id"]})).json()
    again = (await http.post(f"{at}/publish")).json()
    later = (await http.post("/interview-runs", json={"blueprint_id": blueprint["id"]})).json()
    first = (await http.get(f"{at}/versions/1")).json()
    pinned = (await http.get(f"/interview-runs/{run['id']}", params={"expand[]": "blueprint"})).json()

    assert [("draft", 0), ("published", 1), ("draft", 1), ("published", 2)] == [
        (each["status"], each["version"]) for each in (blueprint, published, edited, again)
    ]
    assert published["published_at"] is not None
    assert [1, 1, 2] == [each["blueprint_version"] for each in (run, meanwhile, later)]
    assert ("blueprint_version", 1) == (first["object"], first["version"])
    assert blueprint["graph"] == first["graph"] == pinned["blueprint"]["graph"] != again["graph"]


async def test_what_is_published_is_what_was_validated_however_it_is_edited_meanwhile(
    server: RunningServer, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    blueprint = await draft(http)
    at = f"/blueprints/{blueprint['id']}"
    publish, broken = server.house.blueprints.publish, graph("a", edges=[("a", "z")])

    async def after_an_edit(*given: Any, **named: Any) -> Any:
        monkeypatch.undo()
        assert (await http.put(f"{at}/graph", json=broken)).is_success
        return await publish(*given, **named)

    monkeypatch.setattr(type(server.house.blueprints), "publish", staticmethod(after_an_edit))
    refused = await http.post(f"{at}/publish")
    read = (await http.get(at)).json()

    assert (422, "invalid_graph", [("unknown_node", "/graph/edges/0/to")]) == refusal(refused)
    assert (0, "draft") == (read["version"], read["status"])


async def test_versions_are_paged_newest_first(http: httpx.AsyncClient) -> None:
    blueprint = await draft(http)
    at = f"/blueprints/{blueprint['id']}"
    for _ in range(3):
        await http.post(f"{at}/publish")
    first = (await http.get(f"{at}/versions", params={"limit": 2})).json()
    rest = (await http.get(f"{at}/versions", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    none = await http.get(f"{at}/versions/4")

    assert ([3, 2], True) == ([each["version"] for each in first["data"]], first["has_more"])
    assert ([1], False, None) == (
        [each["version"] for each in rest["data"]],
        rest["has_more"],
        rest["next_cursor"],
    )
    assert (404, "not_found", []) == refusal(none)


async def test_what_is_archived_is_read_and_never_changed_again(http: httpx.AsyncClient) -> None:
    blueprint = await draft(http)
    at = f"/blueprints/{blueprint['id']}"
    await http.post(f"{at}/publish")
    archived = await http.post(f"{at}/archive")
    again = await http.post(f"{at}/archive")
    refused = [
        await http.patch(at, json={"name": "Anew"}),
        await http.put(f"{at}/graph", json=graph("x", edges=[])),
        await http.patch(f"{at}/graph/nodes/a", json=node("a")),
        await http.delete(f"{at}/graph/nodes/a"),
        await http.put(f"{at}/graph/edges", json={"edges": []}),
        await http.post(f"{at}/publish"),
        await http.post("/interview-runs", json={"blueprint_id": blueprint["id"]}),
    ]
    listed = (await http.get("/blueprints", params={"status": "archived"})).json()["data"]

    assert ("archived", 200) == (archived.json()["status"], again.status_code)
    assert {(409, "archived")} == {refusal(answer)[:2] for answer in refused}
    assert [archived.json()] == listed


async def test_an_agent_or_blueprint_that_is_in_use_is_not_deleted(http: httpx.AsyncClient) -> None:
    blueprint = await draft(http)
    at, agent = f"/blueprints/{blueprint['id']}", f"/agents/{blueprint['agent_id']}"
    held = await http.delete(agent)
    await http.post(f"{at}/publish")
    run = (await http.post("/interview-runs", json={"blueprint_id": blueprint["id"]})).json()
    in_use = await http.delete(at)
    await http.post(f"/interview-runs/{run['id']}/cancel")
    await http.delete(f"/interview-runs/{run['id']}")
    gone = [await http.delete(at), await http.delete(agent)]

    assert {(409, "in_use")} == {refusal(answer)[:2] for answer in (held, in_use)}
    assert [204, 204] == [answer.status_code for answer in gone]
    assert [404, 404] == [(await http.get(each)).status_code for each in (at, agent)]
