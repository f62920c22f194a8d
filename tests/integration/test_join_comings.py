from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from dialog.events import AnswerCommitted, NodeEntered, QuestionAsked, SessionClosed, SessionOpened
from server.live.session import SessionPolicy
from server.live.wire import (
    AnyToPage,
    Caption,
    Claim,
    Displaced,
    Ended,
    Floor,
    Question,
    Start,
    TypedText,
    Welcome,
)
from tests.support.mortal_server import mortal_server
from tests.support.page import TestPage, agreed_page, opened_page
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = "I use a hammer every day, and a saw."
SECOND = "Last week the saw broke."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


async def answer_first(page: TestPage) -> None:
    """Answer the first question, and wait for the second to be asked."""
    await page.until(Question)
    await page.until(Floor, lambda floor: floor.detail == "open")
    await page.send(TypedText(FIRST, "first"))
    await page.until(Question, lambda question: question.node_key == "q2")


async def until_yours(page: TestPage) -> None:
    await page.until(Floor, lambda floor: floor.detail == "open")


def last_seq(page: TestPage) -> int:
    return max(getattr(message, "seq", 0) for message in page.seen if not isinstance(message, Welcome))


async def test_a_reload_shows_the_talk_so_far_and_goes_on_in_the_same_sitting(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        await page.send(Start("text"))
        await answer_first(page)
    async with opened_page(server, study) as page:
        welcome = page.seen[0]
        await page.send(Start("text"))
        await until_yours(page)
        await page.send(TypedText(SECOND, "second"))
        ended = await page.until_over()
    events = await server.events(study)

    assert isinstance(welcome, Welcome)
    assert welcome.resumed
    assert "completed" == ended.outcome
    assert [FIRST, SECOND] == page.captions("participant")
    assert 1 == sum(isinstance(event.body, SessionOpened) for event in events)
    assert ["q1", "q2"] == [e.body.node_key for e in events if isinstance(e.body, NodeEntered)]


async def test_a_page_whose_socket_was_lost_gets_only_what_it_has_missed(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        await page.send(Start("text"))
        await answer_first(page)
        seen = last_seq(page)
    async with opened_page(server, study, after_seq=seen) as page:
        await page.send(Start("text"))
        await until_yours(page)
        fresh = [message for message in page.seen if isinstance(message, Caption)]

    assert all(caption.seq > seen for caption in fresh)
    assert not [caption for caption in fresh if caption.text == FIRST]


async def test_a_message_sent_again_after_a_reconnect_counts_once(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        await page.send(Start("text"))
        await answer_first(page)
        await until_yours(page)
        await page.send(TypedText(FIRST, "first"))
        await page.send(TypedText(SECOND, "second"))
        await page.until_over()
    events = await server.events(study)

    assert [FIRST, SECOND] == [e.body.text for e in events if isinstance(e.body, AnswerCommitted)]


async def test_a_second_window_takes_over_and_the_first_is_told(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as first:
        await first.agree()
        await first.send(Start("text"))
        await answer_first(first)
        async with opened_page(server, study) as second:
            displaced = await first.until(Displaced)
            with pytest.raises(ConnectionClosed):
                await first.until(Ended)
            await second.send(Start("text"))
            await until_yours(second)
            await second.send(TypedText(SECOND, "second"))
            ended = await second.until_over()

    assert "another window" in displaced.text
    assert "completed" == ended.outcome


async def test_an_empty_sitting_is_closed_and_the_run_goes_on_in_the_next(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    server.house.registry.policy = SessionPolicy(linger=0.2)
    async with opened_page(server, study) as page:
        await page.agree()
        await page.send(Start("text"))
        await answer_first(page)
    await server.forgotten(study)
    server.house.registry.policy = SessionPolicy()
    async with opened_page(server, study) as page:
        await page.send(Start("text"))
        await until_yours(page)
        await page.send(TypedText(SECOND, "second"))
        ended = await page.until_over()
        replayed = page.captions("participant")
    events = await server.events(study)

    assert "completed" == ended.outcome
    assert [FIRST, SECOND] == replayed
    assert "left" == next(e.body.reason for e in events if isinstance(e.body, SessionClosed))
    assert list(range(1, len(events) + 1)) == [event.seq for event in events]
    assert 2 == len([e for e in events if isinstance(e.body, SessionOpened)])


async def test_stopping_for_good_ends_the_run_as_abandoned_with_what_was_said(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        await page.send(Start("text"))
        await answer_first(page)
        await until_yours(page)
        await page.send(Claim("stop"))
        ended = await page.until_over()

    assert "stopped" == ended.outcome
    assert "abandoned" == await server.run_status(study)


async def test_a_struck_answer_is_gone_from_the_stored_log_and_from_the_page(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        await page.send(Start("text"))
        await answer_first(page)
        await until_yours(page)
        await page.send(Claim("strike"))
        await page.until(Caption, lambda caption: caption.role == "participant" and caption.gone)
        await page.send(TypedText(SECOND, "second"))
        await page.until_over()
    stored = (await server.read(study, "/events?limit=1000")).text
    await server.until_over(study)
    made = [(await server.read(study, part)).text for part in ("/transcript", "/responses", "/analysis")]

    assert "hammer" not in stored
    assert [] == [text for text in made if "hammer" in text]
    assert all(SECOND in text for text in made)
    assert FIRST not in page.captions("participant")


async def test_a_server_that_stops_closes_the_sitting_and_the_run_can_be_gone_on_with(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        study = await server.study(small_blueprint())
        async with opened_page(server, study) as page:
            await page.agree()
            await page.send(Start("text"))
            await answer_first(page)
            await server.house.registry.close()
            with pytest.raises(ConnectionClosed) as closed:
                await page.until(Ended)
        events = await server.events(study)
        refused = await server.http.post(f"/join/{study.run_id}/session", json={"token": study.token})

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1001, 1013)
    assert isinstance(events[-1].body, SessionClosed)
    assert 503 == refused.status_code


async def test_after_a_kill_the_run_goes_on_where_it_was_and_asks_nothing_twice(tmp_path: Path) -> None:
    async with mortal_server(tmp_path) as server:
        study = await server.study(small_blueprint())
        await server.start()
        async with opened_page(server, study) as page:
            await page.agree()
            await page.send(Start("text"))
            await answer_first(page)
            await until_yours(page)
            await server.kill()
        await server.start()
        async with opened_page(server, study) as page:
            await page.send(Start("text"))
            await until_yours(page)
            said_again: list[AnyToPage] = [m for m in page.seen if isinstance(m, Question)]
            await page.send(TypedText(SECOND, "second"))
            ended = await page.until_over()
        run = await server.until_over(study)
        events = (await server.read(study, "/events?limit=1000")).json()["data"]

    asked = [e["body"] for e in events if e["body"]["type"] == QuestionAsked.__name__]
    committed = [e["body"]["text"] for e in events if e["body"]["type"] == AnswerCommitted.__name__]
    assert "completed" == ended.outcome
    assert [FIRST, SECOND] == committed
    assert ["q1", "q2"] == [body["node_key"] for body in asked]
    assert all(isinstance(m, Question) and m.node_key == "q2" for m in said_again)
    assert ("completed", 2) == (run["status"], run["session_count"])
    assert list(range(1, len(events) + 1)) == [event["seq"] for event in events]
