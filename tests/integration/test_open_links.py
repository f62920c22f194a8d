"""Open links: made by a program, opened by visitors, each with a run and an end of their own."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from server.api.allowances import Allowances
from server.live.wire import Claim, Ended, Question
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPLETION = {"redirect_url": "https://panel.example.org/done?who={external_id}", "code": "C1A2B3"}
KIM, LEE = "0" * 31 + "1", "0" * 31 + "2"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house"), max_sessions=100) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    """A program of an organization of its own."""
    async with program(server) as client:
        yield client


async def published(server: RunningServer, http: httpx.AsyncClient) -> str:
    """The id of a published blueprint of this program's."""
    design = small_blueprint(consent=False).model_dump(mode="json", by_alias=True)
    agent = (await http.post("/agents", json={k: v for k, v in design["agent"].items() if v})).json()
    body = {"agent_id": agent["id"], "name": design["name"], "graph": design["graph"]}
    made = await http.post("/blueprints", json=body | {"settings": design["settings"]})
    assert 201 == made.status_code, made.text
    assert 200 == (await http.post(f"/blueprints/{made.json()['id']}/publish")).status_code
    return str(made.json()["id"])


async def link(server: RunningServer, http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    body = {"name": "Panel", "blueprint_id": await published(server, http), **more}
    answer = await http.post("/open-links", json=body)
    assert 201 == answer.status_code, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def enter(server: RunningServer, made: dict[str, Any], **body: Any) -> httpx.Response:
    address, _, token = made["url"].partition("#")
    sent = {"token": token, "visitor": KIM, "query": {}} | body
    return await server.http.post(address.removeprefix(server.origin) + "/runs", json=sent)


async def test_a_visitor_talks_in_a_run_of_their_own_and_is_given_what_the_link_promises(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    made = await link(server, http, external_id_key="PID", metadata_keys=["country"], completion=COMPLETION)
    query = {"PID": "kim/1", "country": "NZ", "utm_source": "mail", "external_id": "somebody else"}
    entered = (await enter(server, made, query=query)).json()
    again = (await enter(server, made)).json()
    study = Study(entered["run_id"], entered["join_token"], "")
    async with opened_page(server, study) as page:
        await start_text(page)
        ended = await page.answer_all(["A pencil.", "It broke."])
    run = (await http.get(f"/interview-runs/{entered['run_id']}")).json()
    late = await server.http.post(f"/join/{study.run_id}/session", json={"token": study.token})
    shown = (await http.get(f"/open-links/{made['id']}")).json()

    assert entered == again
    assert {"external_id": "kim/1", "name": None, "metadata": {"country": "NZ"}} == run["participant"]
    assert {"open_link_id": made["id"]} == run["metadata"]
    assert (
        Ended(
            "completed",
            "That was everything. Thank you for taking part.",
            "https://panel.example.org/done?who=kim%2F1",
            "C1A2B3",
        )
        == ended
    )
    assert 410 == late.status_code
    assert "C1A2B3" in late.json()["error"]["message"], "who reloads the last page has it still"
    assert 1 == shown["runs_made"]


async def test_nobody_is_given_anything_for_a_talk_that_they_stopped(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    made = await link(server, http, completion=COMPLETION)
    entered = (await enter(server, made)).json()
    async with opened_page(server, Study(entered["run_id"], entered["join_token"], "")) as page:
        await start_text(page)
        await page.until(Question)
        await page.send(Claim("stop"))
        ended = await page.until_over()

    assert "stopped" == ended.outcome
    assert ended.onward is None
    assert ended.code is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "closed"}, "link_closed"),
        ({"max_runs": 1}, "link_full"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "link_expired"),
    ],
)
async def test_a_link_is_shut_to_newcomers_in_plain_words(
    server: RunningServer, http: httpx.AsyncClient, change: dict[str, Any], code: str
) -> None:
    made = await link(server, http)
    first = await enter(server, made)
    changed = await http.patch(f"/open-links/{made['id']}", json=change)
    refused = await enter(server, made, visitor=LEE)
    again = await enter(server, made)

    assert 200 == changed.status_code, changed.text
    assert (410, code) == (refused.status_code, refused.json()["error"]["code"])
    assert refused.json()["error"]["message"].startswith("Th")
    assert (201, first.json()) == (again.status_code, again.json())


@pytest.mark.parametrize(
    "body",
    [
        {"token": "ol_wrong"},
        {"token": ""},
        {"token": "x" * 10_000},
        {"visitor": "me"},
        {"visitor": KIM + "0"},
        {"query": {"external_id": "x" * 301}},
        {"query": {"external_id": "a\u0000b"}},
        {"query": {"external_id": "a\nb"}},
        {"query": {f"k{n}": "v" for n in range(101)}},
        {"query": {"external_id": ["a"]}},
        {"query": []},
        {"query": {"external_id": "x" * 20_000}},
    ],
)
async def test_nothing_comes_of_a_hostile_visit(
    server: RunningServer, http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    made = await link(server, http)
    refused = await enter(server, made, **body)
    runs = (await http.get("/interview-runs")).json()["data"]

    assert refused.status_code in (400, 404, 413)
    assert {"type", "code", "message", "param", "request_id"} <= set(refused.json()["error"])
    assert [] == runs


@pytest.mark.parametrize("path", ["/join/open/lnk_x/runs", "/join/open/%00/runs", "/join/open/run_1/runs"])
async def test_there_is_no_study_at_an_address_that_is_none(server: RunningServer, path: str) -> None:
    answer = await server.http.post(path, json={"token": "t", "visitor": KIM})

    assert (404, "link_unknown") == (answer.status_code, answer.json()["error"]["code"])


async def test_so_many_come_in_from_one_address_and_then_wait(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    made = await link(server, http)
    kept = server.house.entrances
    server.house.entrances._by_key.clear()
    narrow = Allowances(per_second=0.0, burst=2.0)
    kept._per_second, kept._burst = narrow._per_second, narrow._burst
    try:
        answers = [await enter(server, made) for _ in range(3)]
    finally:
        kept._per_second, kept._burst = 1000.0, 1000.0
        kept._by_key.clear()

    assert [201, 201, 429] == [answer.status_code for answer in answers]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_the_address_is_for_those_who_may_write_and_the_page_behind_it_is_small(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    made = await link(server, http)
    async with program(server, organization_id=made["organization_id"], scopes=("read",)) as reader:
        seen = (await reader.get("/open-links")).json()["data"]
    page = await server.http.get(made["url"].partition("#")[0])
    script = await server.http.get("/static/open/entrance.js")

    assert made["test_mode"]
    assert [(made["id"], None)] == [(each["id"], each["url"]) for each in seen]
    assert made["url"].startswith(f"{server.house.settings.public_url}/join/open/{made['id']}#ol_")
    assert (200, 200) == (page.status_code, script.status_code)
    assert len(page.content) + len(script.content) < 8_000


@pytest.mark.parametrize(
    "url",
    [
        "http://panel.example.org/",
        "javascript:alert(1)",
        "https://",
        "https://user@panel.example.org/",
        "https://{external_id}.example.org/",
        "https://panel.example.org/{name}",
        "https://panel.example.org/{external_id",
        "https://panel.example.org/a b",
        "https://panel.example.org/\u2028",
        "https://panel.example.org/" + "x" * 2_000,
    ],
)
async def test_visitors_are_led_to_no_address_that_is_none(
    server: RunningServer, http: httpx.AsyncClient, url: str
) -> None:
    made = await link(server, http)
    refused = await http.patch(f"/open-links/{made['id']}", json={"completion": {"redirect_url": url}})

    assert 400 == refused.status_code
    assert "/completion/redirect_url" == refused.json()["error"]["param"]


async def test_a_link_is_made_of_a_published_blueprint_and_names_every_fault(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    agent = (await http.post("/agents", json={"name": "R", "persona": {"system_prompt": "x", "tone": "neutral"}, "techniques": [], "probing_depth": "light"})).json()  # fmt: skip  # noqa: E501
    graph = small_blueprint().model_dump(mode="json", by_alias=True)["graph"]
    draft = (
        await http.post("/blueprints", json={"agent_id": agent["id"], "name": "D", "graph": graph})
    ).json()
    unpublished = await http.post("/open-links", json={"name": "P", "blueprint_id": draft["id"]})
    wrong = await http.post(
        "/open-links",
        json={
            "name": "",
            "blueprint_id": "x",
            "max_runs": 0,
            "metadata_keys": ["a b"],
            "status": "on",
            "extra": 1,
        },
    )

    assert (409, "not_published") == (unpublished.status_code, unpublished.json()["error"]["code"])
    assert {"/name", "/blueprint_id", "/max_runs", "/metadata_keys/0", "/status", "/extra"} == {
        fault["param"] for fault in wrong.json()["error"]["errors"]
    }


async def test_a_change_meets_no_change_of_anybody_elses_and_who_comes_in_is_none(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    made = await link(server, http)
    path = f"/open-links/{made['id']}"
    seen = (await http.get(path)).headers["etag"]
    await enter(server, made)
    news = await http.get(path, headers={"If-None-Match": seen})
    first = await http.patch(path, json={"name": "One"}, headers={"If-Match": seen})
    second = await http.patch(path, json={"name": "Two"}, headers={"If-Match": seen})

    assert (200, 1) == (news.status_code, news.json()["runs_made"])
    assert [200, 412] == [first.status_code, second.status_code]


async def test_a_link_is_deleted_only_when_nobody_is_under_way_by_it(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    made = await link(server, http)
    entered = (await enter(server, made)).json()
    in_use = await http.delete(f"/open-links/{made['id']}")
    blueprint_in_use = await http.delete(f"/blueprints/{made['blueprint_id']}")
    channel = (await http.post("/channels", json={"name": "Browser", "type": "webrtc_voice"})).json()["id"]
    await http.patch(f"/open-links/{made['id']}", json={"channel_id": channel})
    channel_in_use = await http.delete(f"/channels/{channel}")
    await http.post(f"/interview-runs/{entered['run_id']}/cancel")
    deleted = await http.delete(f"/open-links/{made['id']}")
    run = await http.get(f"/interview-runs/{entered['run_id']}")

    assert (409, "in_use") == (in_use.status_code, in_use.json()["error"]["code"])
    assert [409, 409] == [blueprint_in_use.status_code, channel_in_use.status_code]
    assert 204 == deleted.status_code, deleted.text
    assert 200 == run.status_code
    assert 404 == (await http.get(f"/open-links/{made['id']}")).status_code
