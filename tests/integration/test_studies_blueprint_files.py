"""A blueprint's file goes to a running server as it is: its agent is made along with it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from server.cli.demo import SAMPLE
from tests.support.running_server import running_server
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = sorted(SAMPLE.parent.glob("*/blueprint.json"))
ANOTHER = "agt_" + "1" * 32


def design(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    async with running_server(tmp_path_factory.mktemp("house")) as server, program(server) as client:
        yield client


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
async def test_the_examples_are_taken_as_they_lie_and_can_be_published(
    http: httpx.AsyncClient, file: Path
) -> None:
    sent = design(file)

    made = await http.post("/blueprints", json=sent)
    agent = (await http.get(f"/agents/{made.json()['agent_id']}")).json()
    published = await http.post(f"/blueprints/{made.json()['id']}/publish")

    assert (201, 200) == (made.status_code, published.status_code)
    assert (sent["name"], sent["agent"]["name"]) == (made.json()["name"], agent["name"])
    assert {"generation", "assessment"} == set(agent["model_config"])


async def test_a_design_that_names_no_time_is_shown_with_what_its_graph_takes(
    http: httpx.AsyncClient,
) -> None:
    sent = design(FILES[0])
    del sent["settings"]["estimated_duration_m"]
    made = (await http.post("/blueprints", json=sent)).json()
    less = {"settings": sent["settings"] | {"max_duration_m": 3}}
    shorter = (await http.patch(f"/blueprints/{made['id']}", json=less)).json()

    assert 3 < made["settings"]["estimated_duration_m"] < 15
    assert 3 == shorter["settings"]["estimated_duration_m"]


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"agent": {"name": "", "voice": 5}}, {"/agent/name", "/agent/voice", "/agent/persona"}),
        ({"agent_id": ANOTHER}, {None}),
        ({"agent": None}, {None}),
        ({"agent": None, "agent_id": ANOTHER}, {None}),
    ],
)
async def test_a_design_has_one_agent_and_every_fault_of_it_has_its_place(
    http: httpx.AsyncClient, changed: dict[str, Any], places: set[str | None]
) -> None:
    sent = design(FILES[0])
    agents = len((await http.get("/agents?limit=100")).json()["data"])

    refused = await http.post("/blueprints", json=sent | changed)

    assert 400 == refused.status_code
    assert places <= {fault["param"] for fault in refused.json()["error"]["errors"]}
    assert agents == len((await http.get("/agents?limit=100")).json()["data"])


async def test_a_design_without_any_agent_is_told_that_it_needs_one(http: httpx.AsyncClient) -> None:
    refused = await http.post("/blueprints", json={"nme": "x"})

    assert {"/agent_id", "/name", "/nme"} == {fault["param"] for fault in refused.json()["error"]["errors"]}
