"""Who counts as being there for a run, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialog.events import SessionClosed
from server.live.session import SessionPolicy
from server.live.wire import Floor, Start
from tests.support.page import opened_page
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint
from tests.support.still_leg import StillLeg


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path / "house") as running:
        running.house.registry.policy = SessionPolicy(linger=0.2)
        yield running


async def forgotten(server: RunningServer, study: Study) -> None:
    async with asyncio.timeout(10):
        while server.house.registry.find(study.run_id) is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("modes", [("voice", "text"), ()], ids=["after switching to typing", "before start"])
async def test_a_tab_that_is_closed_when_its_sound_is_over_is_missed(
    server: RunningServer, modes: tuple[str, ...]
) -> None:
    study, leg = await server.study(small_blueprint()), StillLeg()
    async with opened_page(server, study) as page:
        await page.agree()
        visit = server.house.registry.find(study.run_id)
        assert visit is not None
        carrying = await visit.attach(leg)
        for mode in modes:
            await page.send(Start(mode))  # type: ignore[arg-type]
            await page.until(Floor)
        await leg.close("closed")
        await carrying
    await forgotten(server, study)
    events = await server.events(study)

    assert ["left"] == [e.body.reason for e in events if isinstance(e.body, SessionClosed)]
