"""What lies between a request and the operation that it is for, of a server that runs."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.running_server import RunningServer, running_server

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
