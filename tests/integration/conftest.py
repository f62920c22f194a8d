"""A server that gets what nobody should send, beside a talk that must not notice."""

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.live.wire import Ping, Pong, Question
from tests.support.page import TestPage, opened_page, start_text
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def besieged(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house"), max_sessions=200) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bystander(besieged: RunningServer) -> AsyncIterator[TestPage]:
    """Somebody else's talk, which goes on through all of this."""
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Question)
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def unharmed(
    besieged: RunningServer, bystander: TestPage, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[None]:
    """After the test the server answers, the other talk goes on, and no fault of ours was logged."""
    talks_before = besieged.house.registry.talks
    yield
    await bystander.send(Ping(talks_before))
    answer = await bystander.until(Pong)

    assert talks_before == answer.n
    assert 200 == (await besieged.http.get("/healthz")).status_code
    assert [] == [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
