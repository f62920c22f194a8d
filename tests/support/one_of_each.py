"""One of everything that the Studies API knows, and requests that fit it: made of the examples of the
description, with the ids of what is there in the place of the ids of the story."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import msgspec

from server.api.allowances import Allowances
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer
from tests.support.small_study import small_blueprint
from tests.support.studies import program

Operation = dict[str, Any]

MADE: Final = ("agents", "channels", "connectors", "credentials", "webhooks", "api-keys", "open-links")
"""Collections in which something is made by the example of the operation that makes it."""

_STORY_ID: Final = re.compile(r"([a-z]+_)0198c7f0a1b27c3d8e4f5a6b7c8d9e0f")


class Everything(msgspec.Struct, frozen=True):
    """A program with every scope in the test mode of an organization of its own, and what there is for it."""

    http: httpx.AsyncClient
    live: httpx.AsyncClient
    """The same in the live mode, where there is nothing but the organization."""
    organization_id: str
    document: dict[str, Any]
    by_prefix: dict[str, str]
    """An id for each prefix."""

    def operations(self) -> list[tuple[str, str, Operation]]:
        """Every operation: method, path, what is said of it."""
        return [
            (method.upper(), path, said)
            for path, methods in self.document["paths"].items()
            for method, said in methods.items()
        ]

    def program(self, method: str, path: str) -> httpx.AsyncClient:
        """Who may do this."""
        return self.live if (method, path) == ("PATCH", "/organization") else self.http

    def address(self, path: str, said: Operation, **other: str) -> str:
        """The path with the ids of what is there, unless it is to have others."""
        named = {
            each["name"]: self.fitted(each["example"])
            for each in said.get("parameters", ())
            if each["in"] == "path"
        }
        return path.format(**named | {"node_id": "q1"} | other)

    def body(self, said: Operation) -> Any:
        """A body that fits, None where none is taken."""
        content = said.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return None
        body = self.fitted(content["example"])
        ours = {"key": "q1", "mode": "test"}
        return body | {name: value for name, value in ours.items() if name in body}

    def fitted(self, value: Any) -> Any:
        """The same with ids of what is there."""
        match value:
            case str():
                return _STORY_ID.sub(lambda found: self.by_prefix.get(found[1], found[0]), value)
            case dict():
                return {name: self.fitted(each) for name, each in value.items()}
            case list():
                return [self.fitted(each) for each in value]
            case _:
                return value


def without_limits(server: RunningServer) -> None:
    """Let every key ask as often as it likes."""
    object.__setattr__(server.house, "requests", Allowances(per_second=1e6, burst=1e6))


@asynccontextmanager
async def one_of_each(server: RunningServer) -> AsyncIterator[Everything]:
    """Make one of each; a run has been talked in and is over."""
    without_limits(server)
    study = await server.study(small_blueprint(consent=False))
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.answer_all(["A pencil.", "It broke."])
    async with asyncio.timeout(60):
        while (run := await server.house.runs.find(study.run_id)).status != "completed":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    document = (await server.http.get("/api/v1/openapi.json")).json()
    by_prefix = {
        "run_": run.id,
        "bp_": run.blueprint_id,
        "agt_": run.agent_id,
        "org_": run.organization_id,
    }
    owner = run.organization_id
    async with (
        program(server, organization_id=owner) as http,
        program(server, organization_id=owner, test_mode=False) as live,
    ):
        everything = Everything(http, live, owner, document, by_prefix)
        for name in MADE:
            if "post" in document["paths"].get(f"/{name}", {}):
                said = document["paths"][f"/{name}"]["post"]
                made = await http.post(f"/{name}", json=everything.body(said))
                assert 201 == made.status_code, made.text
                prefix, _, _ = made.json()["id"].partition("_")
                by_prefix[prefix + "_"] = made.json()["id"]
        tried = await http.post(f"/blueprints/{run.blueprint_id}/simulations", json={"seeds": 1})
        by_prefix["sim_"] = tried.json()["id"]
        told = await http.post(f"/webhooks/{by_prefix['whk_']}/test")
        by_prefix["whd_"] = told.json()["id"]
        yield everything
