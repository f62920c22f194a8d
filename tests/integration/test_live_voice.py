import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dialog.commands import Duck, HoldSpeech, ResumeSpeech
from dialog.events import AnswerCommitted, NodeEntered, SpeechHeard
from dialog.signals import PacketsReturned, PacketsStopped, ParticipantJoined, SpeechEnded
from server.live.wire import Caption, Ended, Floor, Level, Mute, Question, Start, TypedText
from tests.support.page import TestPage, agreed_page, opened_page
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import QUESTIONS, small_blueprint
from tests.support.talkers import SocketTalker, socket_talker, webrtc_talker

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.aloud]

LONG_OPENING = "Hello. " + "This sentence is here so that there is something to interrupt. " * 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house"), recogniser_processes=1) as running:
        yield running


async def begin(page: TestPage) -> None:
    await page.until(Level)
    await page.send(Start("voice"))


async def until_yours(page: TestPage) -> None:
    await page.until(Floor, lambda floor: floor.detail == "open")


async def test_speech_over_the_agent_makes_it_yield_and_then_go_on_to_the_end(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(small_blueprint(intro_message=LONG_OPENING))
    async with opened_page(server, study) as page:
        await page.agree(recording=False)
        async with socket_talker(server, study, page, tmp_path) as talker:
            await begin(page)
            await page.until(Caption, lambda caption: caption.role == "agent")
            await asyncio.sleep(2)
            while "silence" not in talker.controls:  # once may pass for a cough where time is short
                await talker.say("There is something that I want to say before you go on.")
            await page.until(Floor, lambda floor: floor.detail == "speaking")
            await page.until(Caption, lambda caption: caption.role == "agent" and caption.final)
    events = await server.events(study)
    held = [type(e.body) for e in events if isinstance(e.body, Duck | HoldSpeech | ResumeSpeech)]
    opening = next(e.body for e in events if isinstance(e.body, SpeechHeard))

    stopped = held.index(HoldSpeech)
    assert [Duck, HoldSpeech, ResumeSpeech] == held[stopped - 1 : stopped + 2]
    assert ["silence", "unsilence"] == talker.controls[:2]
    assert opening.text.startswith(LONG_OPENING.strip())
    assert not opening.cut
    assert not server.house.recordings.path(study.run_id).exists(), "no recording was agreed to"


async def test_a_cut_speech_is_on_record_as_far_as_it_was_heard(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(small_blueprint(intro_message=LONG_OPENING))
    async with opened_page(server, study) as page:
        await page.agree()
        async with socket_talker(server, study, page, tmp_path) as talker:
            await begin(page)
            await page.until(Caption, lambda caption: caption.role == "agent")
            await asyncio.sleep(3)
            await page.send(TypedText("A hammer and a saw, nearly every day.", "1"))
            cut = await page.until(Caption, lambda caption: caption.cut)
            heard = talker.audible_frames

    assert LONG_OPENING.startswith(cut.text)
    assert len(cut.text) > 20
    assert 7 < len(cut.text) / (heard / 50) < 30, "as many letters as can be heard in so many frames"
    assert "silence" in talker.controls


async def test_an_interview_moves_from_voice_to_writing_and_back_in_one_sitting(
    server: RunningServer, tmp_path: Path
) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with socket_talker(server, study, page, tmp_path):
            await begin(page)
            await page.until(Question)
            await page.send(Start("text"))
            await until_yours(page)
        await page.send(TypedText("A hammer and a saw, nearly every day.", "1"))
        await page.until(Question, lambda question: question.node_key == "q2")
        async with socket_talker(server, study, page, tmp_path) as talker:
            await begin(page)
            await until_yours(page)
            await talker.say("Last week the saw was broken.")
            ended = await page.until(Ended)
    events = await server.events(study)
    channels = [event.body.channel for event in events if isinstance(event.body, ParticipantJoined)]

    assert "completed" == ended.outcome
    assert ["websocket", "text", "websocket"] == channels
    assert [True, False] == [e.body.typed for e in events if isinstance(e.body, AnswerCommitted)]
    assert ["q1", "q2"] == [e.body.node_key for e in events if isinstance(e.body, NodeEntered)]


async def test_a_sound_connection_that_breaks_and_returns_goes_on_in_the_same_talk(
    server: RunningServer, tmp_path: Path
) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with socket_talker(server, study, page, tmp_path):
            await begin(page)
            await page.until(Question)
            await until_yours(page)
        async with webrtc_talker(server, study, page, tmp_path) as talker:
            await page.until(Level)
            await talker.say("I use a hammer every day.")
            await page.until(Question, lambda question: question.node_key == "q2")
    events = await server.events(study)
    seen = [type(e.body) for e in events if isinstance(e.body, PacketsStopped | PacketsReturned)]

    assert [PacketsStopped, PacketsReturned] == seen[:2]
    assert "hammer" in next(e.body.text for e in events if isinstance(e.body, AnswerCommitted))


async def test_a_muted_microphone_is_not_heard(server: RunningServer, tmp_path: Path) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with socket_talker(server, study, page, tmp_path) as talker:
            await begin(page)
            await page.until(Question)
            await until_yours(page)
            await page.send(Mute(True))
            await talker.say("Nobody must hear this hammer.")
            await page.send(Mute(False))
            await talker.say("Everybody may hear this.")
            await page.until(Caption, lambda caption: caption.role == "participant" and caption.final)

    assert not any("hammer" in text for text in page.captions("participant"))


async def test_two_legs_at_once_leave_one_and_the_voice_goes_over_the_newer(
    server: RunningServer, tmp_path: Path
) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        async with socket_talker(server, study, page, tmp_path) as first:
            await begin(page)
            await page.until(Question)
            async with socket_talker(server, study, page, tmp_path) as second:
                await page.until(Caption, lambda caption: QUESTIONS[0] in caption.text and caption.final)
                await _audible(second)
                before = first.audible_frames
                await asyncio.sleep(0.5)
                after = first.audible_frames
    events = await server.events(study)

    assert before == after
    assert any(isinstance(e.body, SpeechEnded) and e.body.speech_id == 2 for e in events)


async def _audible(talker: SocketTalker) -> None:
    assert talker.audible_frames > 10
