"""Who counts as being there for a run, and for how long."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from websockets.exceptions import ConnectionClosed

from dialog.consent import ConsentAnswer
from dialog.events import SessionClosed, SessionOpened
from server.live import visit as visit_module
from server.live.session import SessionPolicy
from server.live.wire import Floor, Start
from server.store.event_log import EventLog, StorageChanged
from server.store.run import Run
from tests.support.hostile import code_of
from tests.support.page import agreed_page, opened_page
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint
from tests.support.still_leg import StillLeg


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path / "house") as running:
        running.house.registry.policy = SessionPolicy(linger=0.2)
        yield running


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
    await server.forgotten(study)
    events = await server.events(study)

    assert ["left"] == [e.body.reason for e in events if isinstance(e.body, SessionClosed)]


async def test_a_link_that_is_only_looked_at_keeps_no_visit(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    await server.open_session(study)

    assert server.house.registry.find(study.run_id) is None


async def test_a_visit_that_nobody_enters_is_forgotten_and_means_nobody_is_here(
    server: RunningServer,
) -> None:
    study = await server.study(small_blueprint())
    await server.house.visit(await server.house.runs.find(study.run_id))
    here = server.house.registry.is_here(study.run_id)
    await server.forgotten(study)

    assert not here


async def test_consent_that_could_not_be_stored_allows_nothing(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(run_id: str, answer: ConsentAnswer) -> Run:
        raise OperationalError("update", {}, OSError("disk full"))

    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        visit = server.house.registry.find(study.run_id)
        assert visit is not None
        with monkeypatch.context() as faults:
            faults.setattr(server.house.keeper, "settle_consent", fail)
            with pytest.raises(ConnectionClosed) as closed:
                await page.agree()
        allowed_unstored = await visit.may_begin()
    async with opened_page(server, study) as page:
        await page.agree()
        visit = server.house.registry.find(study.run_id)
        assert visit is not None
        allowed_stored = await visit.may_begin()

    assert closed.value.rcvd is not None
    assert "storage_unavailable" == closed.value.rcvd.reason
    assert (False, True) == (allowed_unstored, allowed_stored)


async def test_a_sitting_outlives_whoever_asked_for_it_and_gave_up(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_open = asyncio.Event(), asyncio.Event()
    open_session = server.house.keeper.open_session

    async def open_late(run_id: str, storage_changed: StorageChanged) -> EventLog:
        asked.set()
        await may_open.wait()
        return await open_session(run_id, storage_changed)

    monkeypatch.setattr(server.house.keeper, "open_session", open_late)
    async with agreed_page(server, small_blueprint()) as (study, page):
        visit = server.house.registry.find(study.run_id)
        assert visit is not None
        starter = asyncio.get_running_loop().create_task(visit.attach(StillLeg()))
        await asked.wait()
        starter.cancel()
        await asyncio.wait({starter})
        await page.send(Start("text"))
        may_open.set()
        ended = await page.answer_all(["A hammer and a saw.", "It broke last week."])
    events = await server.events(study)

    assert "completed" == ended.outcome
    assert 1 == sum(isinstance(event.body, SessionOpened) for event in events)


async def test_connections_are_not_offered_without_end(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        path = f"/join/{study.run_id}/whip"
        headers = {
            "Authorization": f"Bearer {page.session['access_token']}",
            "Content-Type": "application/sdp",
        }
        posts = (server.http.post(path, content="v=0", headers=headers) for _ in range(30))
        answers = await asyncio.gather(*posts)
    refused = [answer for answer in answers if answer.status_code != 400]

    assert 5 <= len(answers) - len(refused)
    assert {(429, "rate_limited")} == {code_of(answer) for answer in refused}
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60


async def test_a_run_is_finished_when_its_log_is_stored_to_the_last_line_and_not_before(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, back = server.house, asyncio.Event()
    write_log = house.database.write_log

    async with agreed_page(server, small_blueprint()) as (study, page):
        await page.send(Start("text"))
        await page.until(Floor)
        session = server.session(study)

        async def write_while_it_lasts(work: Callable[[Connection], Any]) -> Any:
            if session.outcome is not None:
                await back.wait()
            return await write_log(work)

        monkeypatch.setattr(visit_module, "_STORING", 0.2)
        monkeypatch.setattr(house.database, "write_log", write_while_it_lasts)
        ended = await page.answer_all(["A hammer and a saw.", "It broke last week."])
    await server.forgotten(study)
    before, unseen = await server.run_status(study), await house.keeper.finish_what_is_over()
    back.set()
    await session.log.settled()
    found = await house.keeper.finish_what_is_over()
    shown = await server.until_over(study)

    assert "completed" == ended.outcome
    assert ("active", []) == (before, unseen)
    assert [study.run_id] == found
    assert "completed" == shown["status"]
