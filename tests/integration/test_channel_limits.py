"""What a channel allows, seen by those who come by it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import update

from dialog.events import NodeEntered
from server.clock import wall_clock_ms
from server.live.wire import Caption, Ended, Floor, Question, TypedText
from server.store.tables import RunRow
from tests.support.blueprints import blueprint, question
from tests.support.channels import study_on_channel
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house"), max_sessions=100) as running:
        yield running


async def expire_link(server: RunningServer, run_id: str) -> None:
    """Let the last instant at which the run may begin be over."""
    over = update(RunRow).where(RunRow.id == run_id).values(expires_at=wall_clock_ms() - 1)
    async with server.house.database.write() as connection:
        await connection.execute(over)


async def test_a_talk_past_the_channels_time_goes_to_the_required_questions_and_ends_kindly(
    server: RunningServer,
) -> None:
    design = blueprint(
        question("a", "What is first?"),
        question("b", "What is second?", required=False),
        question("c", "What is third?"),
        consent=False,
    )
    study, _ = await study_on_channel(server, design, max_duration_s=1)
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.until(Question)
        await page.until(Floor, lambda floor: floor.detail == "open")
        await asyncio.sleep(1)  # all the time that the channel gives
        await page.send(TypedText("First a pencil.", "1"))
        ended = await page.answer_all(["Third a ruler."])
    events = await server.events(study)

    assert ["a", "c"] == [event.body.node_key for event in events if isinstance(event.body, NodeEntered)]
    assert "time" == ended.outcome
    assert "Thank you, good-bye." in " ".join(page.captions("agent"))


async def test_where_a_channel_records_nothing_nobody_is_asked_for_it_and_no_sound_is_kept(
    server: RunningServer,
) -> None:
    study, _ = await study_on_channel(server, small_blueprint(), recording=False)
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.answer_all(["A pencil.", "It broke."])
    consent = page.session["consent"]
    run = await server.house.runs.find(study.run_id)
    recording = await server.read(study, "/recording")

    assert isinstance(consent, dict)
    assert not consent["recording_offered"]
    assert "recorded" not in consent["text"]
    assert run.consent is not None
    assert not run.consent.recording, "though the page asked for it"
    assert 404 == recording.status_code


async def test_a_channel_that_records_no_more_records_nothing_of_who_had_agreed(
    server: RunningServer,
) -> None:
    study, channel = await study_on_channel(server, small_blueprint())
    async with opened_page(server, study) as page:
        await page.agree()
    await channel.change(settings={"recording": False, "max_duration_s": 60, "idle_timeout_s": 60})
    case = await server.house.case(await server.house.runs.find(study.run_id))

    assert (await server.house.runs.find(study.run_id)).records
    assert not case.recording


async def test_nobody_comes_in_by_a_disabled_channel_and_who_had_begun_may_go_on(
    server: RunningServer,
) -> None:
    study, channel = await study_on_channel(server, small_blueprint())
    begun, theirs = await study_on_channel(server, small_blueprint(consent=False))
    async with opened_page(server, begun) as page:
        await start_text(page)
        await page.until(Question)
    await channel.change(status="disabled")
    await theirs.change(status="disabled")
    refused = await server.http.post(f"/join/{study.run_id}/session", json={"token": study.token})
    async with opened_page(server, begun) as page:
        await start_text(page)
        ended = await page.answer_all(["A pencil.", "It broke."])

    error = refused.json()["error"]
    assert (409, "channel_disabled") == (refused.status_code, error["code"])
    assert "This interview is closed at present. Please ask the person who invited you." == error["message"]
    assert "awaiting_participant" == await server.run_status(study)
    assert "completed" == ended.outcome


async def test_the_end_of_its_link_does_not_end_a_talk_that_has_begun(server: RunningServer) -> None:
    study, _ = await study_on_channel(server, small_blueprint(consent=False))
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.until(Floor, lambda floor: floor.detail == "open")
        await expire_link(server, study.run_id)
        expired = await server.house.runs.expire_due()
        await page.send(TypedText("A pencil.", "1"))
        await page.until(Caption, lambda caption: caption.text == "A pencil.")
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.send(TypedText("It broke.", "2"))
        ended = await page.until(Ended)

    assert study.run_id not in expired
    assert "completed" == ended.outcome
