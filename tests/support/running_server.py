"""The whole server on a loopback port, in this process, with a study ready to be joined."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from dialog.blueprint import Blueprint
from dialog.events import Event
from server.api.house import House
from server.app import run_server
from server.live.session import Session
from server.settings import Settings
from server.store.event_rows import read_events
from server.store.organizations import Tenant
from tests.support.patterns import brought_to_shape

PATIENCE = 90
"""Seconds that a client waits for an answer: what takes one on a free machine has taken twenty on a busy
one."""


class Study(msgspec.Struct, frozen=True):
    """A published blueprint, a run of it, and a key that may see it."""

    run_id: str
    token: str
    key: str


class Door:
    """A server from outside: what a page or a program does with it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = httpx.AsyncClient(base_url=origin, timeout=PATIENCE)

    async def open_session(self, study: Study) -> dict[str, Any]:
        """POST the link's secret; the answer's body."""
        answer = await self.http.post(f"/join/{study.run_id}/session", json={"token": study.token})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def read(self, study: Study, path: str = "", **headers: str) -> httpx.Response:
        """GET something of the run with the study's key."""
        return await self.http.get(
            f"/api/v1/interview-runs/{study.run_id}{path}",
            headers={"Authorization": f"Bearer {study.key}", **headers},
        )

    async def until_over(self, study: Study) -> dict[str, Any]:
        """The run as it is shown once its talk is over and all is made that is to come of it."""
        documents = ("transcript", "responses", "analysis")
        query = "?" + "&".join(f"expand[]={name}" for name in documents)
        async with asyncio.timeout(60):
            while True:
                run: dict[str, Any] = (await self.read(study, query)).json()
                stages = [run["status"], *(run[name]["status"] for name in documents if run[name])]
                if not {"active", "pending", "processing"} & set(stages):
                    return run
                await asyncio.sleep(0.05)


class RunningServer(Door):
    """A server in this process."""

    def __init__(self, house: House, origin: str) -> None:
        super().__init__(origin)
        self.house = house

    async def study(self, blueprint: Blueprint, metadata: dict[str, Any] | None = None) -> Study:
        """Publish a blueprint and make one run of it."""
        organization = await self.house.organizations.first("Field & Co.")
        tenant = Tenant(organization.id, test_mode=True)
        made = await self.house.blueprints.create(tenant, blueprint)
        await self.house.blueprints.publish(tenant, made.id)
        run, token = await self.house.runs.create(
            tenant, made.id, consent_needed=blueprint.settings.consent, metadata=metadata
        )
        _, secret = await self.house.organizations.create_key(
            organization.id, test_mode=True, scopes=["read", "write"]
        )
        return Study(run.id, token, secret)

    def session(self, study: Study) -> Session:
        """The sitting of a run that is being talked in."""
        visit = self.house.registry.find(study.run_id)
        assert visit is not None
        assert visit.session is not None
        return visit.session

    async def forgotten(self, study: Study) -> None:
        """Wait until nobody is waited for any more in a run."""
        async with asyncio.timeout(10):
            while self.house.registry.find(study.run_id) is not None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)

    async def events(self, study: Study) -> list[Event]:
        """Everything that has happened in the run up to now, once it is stored."""
        visit = self.house.registry.find(study.run_id)
        if visit is not None and visit.session is not None:
            await visit.session.log.settled()
        return await read_events(self.house.database, study.run_id)

    async def run_status(self, study: Study) -> str:
        return (await self.house.runs.find(study.run_id)).status


@asynccontextmanager
async def running_server(
    data_dir: Path, *, recogniser_processes: int = 0, **settings: Any
) -> AsyncIterator[RunningServer]:
    """Serve on a free port until the block is left. Where nobody speaks it needs no recogniser."""
    ready: asyncio.Future[tuple[House, str]] = asyncio.get_running_loop().create_future()
    given = Settings.load(data_dir=data_dir, port=0, recogniser_processes=recogniser_processes, **settings)
    await asyncio.to_thread(brought_to_shape, given.database_url)
    async with asyncio.TaskGroup() as tasks:
        server = run_server(given, lambda house, url: ready.set_result((house, url)))
        serving = tasks.create_task(server.serve())
        both: set[asyncio.Future[Any]] = {ready, serving}
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if ready not in done:
            raise RuntimeError("the server did not start")
        running = RunningServer(*ready.result())
        try:
            yield running
        finally:
            await running.http.aclose()
            server.should_exit = True
            await serving
