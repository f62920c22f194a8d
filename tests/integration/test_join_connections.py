"""Connections of one run that follow each other: which of them carries the talk, and what WHIP answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from server.live.wire import Start
from tests.support.gateway import Caller, until
from tests.support.page import TestPage, agreed_page, opened_page
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint

pytestmark = pytest.mark.aloud

STUN = {"urls": ["stun:stun.example.org", "stuns:stun.example.org:5349"]}
TURN = {"urls": ["turn:turn.example.org?transport=udp"], "username": 'a"b', "credential": "c\\d"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with running_server(
        tmp_path / "house", ice_servers=[STUN, TURN], recogniser_processes=1
    ) as running:
        # STUN servers of an example would be asked for in vain
        running.house.webrtc._ice_servers.clear()
        yield running


@asynccontextmanager
async def offering(
    server: RunningServer, study: Study, page: TestPage
) -> AsyncIterator[tuple[Caller, httpx.Response]]:
    """A caller that has offered, and the answer that it has not taken yet."""
    caller = Caller()
    headers = {"Authorization": f"Bearer {page.session['access_token']}", "Content-Type": "application/sdp"}
    offer = await caller.offer()
    try:
        yield caller, await server.http.post(f"/join/{study.run_id}/whip", content=offer, headers=headers)
    finally:
        await caller.close()


def leg_of(answer: httpx.Response) -> str:
    return answer.headers["location"].rsplit("/", 1)[1]


async def test_the_answer_names_the_ice_servers_as_the_session_does(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with offering(server, study, page) as (_, answer):
            links = answer.headers["link"].split(", ")

    assert 201 == answer.status_code
    assert links == [
        '<stun:stun.example.org>; rel="ice-server"',
        '<stuns:stun.example.org:5349>; rel="ice-server"',
        '<turn:turn.example.org?transport=udp>; rel="ice-server"; username="a\\"b"; credential="c\\\\d"; '
        'credential-type="password"',
    ]
    assert [STUN, TURN] == page.session["ice_servers"]


async def test_an_offer_that_never_connects_leaves_the_talk_where_it_is(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.gateway.webrtc.CONNECT_TIMEOUT", 1.0)
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with offering(server, study, page) as (caller, answer):
            await caller.take(answer.text)
            await page.send(Start("voice"))
            await until(lambda: len(caller.pcm) > 32_000)
            session = server.session(study)
            async with offering(server, study, page) as (_, never):
                both = {leg_of(answer), leg_of(never)} <= server.house.legs.keys()
                heard = len(caller.pcm)
                await until(lambda: leg_of(never) not in server.house.legs)
                await until(lambda: len(caller.pcm) > heard + 32_000)
            stayed, hears = leg_of(answer) in server.house.legs, session.hears

    assert both
    assert stayed
    assert hears


async def test_a_new_connection_takes_over_once_it_stands_and_the_old_one_ends(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with offering(server, study, page) as (first, answer):
            await first.take(answer.text)
            await page.send(Start("voice"))
            await until(lambda: len(first.pcm) > 16_000)
            async with offering(server, study, page) as (second, later):
                await asyncio.sleep(0.1)
                before = leg_of(answer) in server.house.legs
                await second.take(later.text)
                await until(lambda: leg_of(answer) not in server.house.legs)
                await until(lambda: len(second.pcm) > 32_000)
                after = leg_of(later) in server.house.legs

    assert before
    assert after


async def test_of_two_offers_under_way_the_newer_wins_whichever_stands_first(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with (
            offering(server, study, page) as (older, first),
            offering(server, study, page) as (newer, second),
        ):
            await newer.take(second.text)
            await until(lambda: len(newer.pcm) > 16_000)
            await older.take(first.text)
            await until(lambda: leg_of(first) not in server.house.legs)
            stayed = leg_of(second) in server.house.legs

    assert stayed


async def test_another_window_need_not_wait_for_the_connection_of_the_first(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with offering(server, study, page) as (caller, answer):
            await caller.take(answer.text)
            await page.send(Start("voice"))
            await until(lambda: len(caller.pcm) > 16_000)
            async with opened_page(server, study) as other, offering(server, study, other):
                await until(lambda: leg_of(answer) not in server.house.legs)
