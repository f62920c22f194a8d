"""Every operation that names something, tried by those to whom it doesn't belong: another organization, and
the other mode of the same one."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from server.store.organizations import ApiKey
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint
from tests.support.studies import program

AGENT: Final = {
    "name": "Robin",
    "persona": {"system_prompt": "You interview.", "tone": "neutral"},
    "techniques": [],
    "probing_depth": "light",
}
MADE: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "agent_id": ("/agents", AGENT),
    "channel_id": ("/channels", {"name": "Browser", "type": "webrtc_voice"}),
    "connector_id": (
        "/connectors",
        {"name": "Meet", "type": "google_meet", "bot_config": {"display_name": "Robin"}},
    ),
    "credentials_id": (
        "/credentials",
        {"name": "Carrier", "provider": "twilio", "secrets": {"account_sid": "AC1", "auth_token": "secret"}},
    ),
    "webhook_id": ("/webhooks", {"url": "https://example.org/hook", "events": ["interview_run.completed"]}),
    "key_id": ("/api-keys", {"name": "Theirs", "mode": "test", "scopes": ["read"]}),
}
GRAPH: Final = small_blueprint().model_dump(mode="json", by_alias=True)["graph"]
BODIES: Final[dict[str, dict[str, Any]]] = {
    "PUT /blueprints/{blueprint_id}/graph": GRAPH,
    "PUT /blueprints/{blueprint_id}/graph/edges": {"edges": []},
    "PATCH /blueprints/{blueprint_id}/graph/nodes/{node_id}": GRAPH["nodes"]["q1"],
    "POST /interview-runs/{run_id}/consent": {"granted": True},
    "POST /interview-runs/{run_id}/message": {"content": "Hello"},
    "POST /interview-runs/{run_id}/respond": {"node_id": "q1", "data": {}},
}

NAMED: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("/blueprints", "agent_id", {"name": "Tools"}),
    ("/channels", "provider.credentials_id", {"name": "Line", "type": "telephony"}),
    ("/connectors", "auth.credentials_id", MADE["connector_id"][1]),
    ("/open-links", "blueprint_id", {"name": "Panel"}),
    ("/interview-runs", "blueprint_id", {}),
    ("/interview-runs", "agent_id", {}),
    ("/interview-runs", "channel_id", {}),
    ("/interview-runs", "connector_id", {}),
]
"""Where a thing is made, the field that names another one, and what else it takes."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


async def everything(server: RunningServer) -> tuple[ApiKey, dict[str, str]]:
    """One of each, and their ids by the names that paths have for them; the run has been talked in."""
    study = await server.study(small_blueprint(consent=False))
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.answer_all(["A pencil.", "It broke."])
    await server.until_over(study)
    run = await server.house.runs.find(study.run_id)
    owner = await server.house.organizations.verify_key(study.key)
    assert owner is not None
    ids = {"run_id": run.id, "blueprint_id": run.blueprint_id, "version": "1", "node_id": "q1"}
    ids["delivery_id"] = "whd_" + "0" * 32
    async with program(server, organization_id=run.organization_id) as http:
        for name, (path, body) in MADE.items():
            made = await http.post(path, json=body)
            assert 201 == made.status_code, made.text
            ids[name] = made.json()["id"]
        tried = await http.post(f"/blueprints/{run.blueprint_id}/simulations", json={"seeds": 1})
        assert 202 == tried.status_code, tried.text
        ids["simulation_id"] = tried.json()["id"]
        link = {"name": "Panel", "blueprint_id": run.blueprint_id}
        ids["open_link_id"] = (await http.post("/open-links", json=link)).json()["id"]
    return owner, ids


@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_of_anothers_or_of_the_other_mode_is_there_for_any_operation(
    server: RunningServer,
) -> None:
    owner, ids = await everything(server)
    described = (await server.http.get("/api/v1/openapi.json")).json()["paths"]
    operations = [
        (method.upper(), path) for path, methods in described.items() if "{" in path for method in methods
    ]
    found = []
    async with (
        program(server) as stranger,
        program(server, organization_id=owner.organization_id, test_mode=False) as live,
    ):
        for method, path in operations:
            for name, http in (("stranger", stranger), ("live", live)):
                if name == "live" and path.startswith("/api-keys"):
                    continue  # a live key sees to all keys of its organization
                body = BODIES.get(f"{method} {path}", {}) if method in ("PATCH", "PUT", "POST") else None
                answer = await http.request(method, path.format(**ids), json=body)
                if (404, "not_found") != (answer.status_code, answer.json()["error"]["code"]):
                    found.append(f"{name}: {method} {path}: {answer.status_code} {answer.text[:200]}")
        lists = [path for path, methods in described.items() if "{" not in path and "get" in methods]
        for path in lists:
            if path in ("/organization", "/api-keys"):
                continue
            for http in (stranger, live):
                assert [] == (await http.get(path)).json()["data"], path

    assert len(operations) > 40
    assert [] == found
    async with program(server, organization_id=owner.organization_id) as http:
        assert "completed" == (await http.get(f"/interview-runs/{ids['run_id']}")).json()["status"]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_anothers_is_named_in_vain_as_if_it_were_nobodys(server: RunningServer) -> None:
    owner, ids = await everything(server)
    async with (
        program(server) as stranger,
        program(server, organization_id=owner.organization_id, test_mode=False) as live,
    ):
        for http in (stranger, live):
            agent_id = (await http.post("/agents", json=AGENT)).json()["id"]
            design = {"agent_id": agent_id, "name": "Tools", "graph": GRAPH}
            own = (await http.post("/blueprints", json=design)).json()["id"]
            await http.post(f"/blueprints/{own}/publish")
            before = (await http.get("/interview-runs")).json()["data"]
            for path, field, rest in NAMED:
                part, _, name = field.rpartition(".")
                answers = []
                for thing in (ids[name], ids[name][:4].partition("_")[0] + "_" + "f" * 32):
                    named = {part: {"name": "twilio", name: thing}} if part == "provider" else {name: thing}
                    named = {part: {name: thing}} if part == "auth" else named
                    body = {"blueprint_id": own} if path == "/interview-runs" else {}
                    answer = await http.post(path, json=body | rest | named)
                    error = answer.json()["error"]
                    answers.append((answer.status_code, error["code"], error["message"], error["param"]))

                assert answers[0] == answers[1], (path, field)
                assert answers[0][0] in (400, 404), (path, field, answers[0])
                assert answers[0][3].endswith(name), (path, field, answers[0])
            assert before == (await http.get("/interview-runs")).json()["data"]
