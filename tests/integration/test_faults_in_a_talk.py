"""What the server rests on fails in mid-talk: the talk goes on, and says in its log what happened."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dialog.blueprint import Blueprint
from dialog.dead_air import dead_air
from dialog.events import AnswerCommitted, Event, FallbackUsed, NoticeGiven, QuestionAsked
from dialog.signals import SpeechEnded, StorageFaltered, StorageRecovered
from server.live.wire import Caption, Floor, Level, Question, Start, TypedText
from server.providers.fallback import FallbackVoice
from server.providers.protocols import LanguageModel, TextToSpeech
from server.store.event_rows import read_events
from tests.emulators.full_disk import FullDisk
from tests.emulators.stalling_providers import AskingModel, StalledModel, VoiceWithoutSurprises
from tests.support.blueprints import blueprint, question
from tests.support.hostile import code_of
from tests.support.page import TestPage, opened_page, start_text
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import QUESTIONS, small_blueprint
from tests.support.talkers import SocketTalker, socket_talker

pytestmark = pytest.mark.aloud

LONG = "I keep my tools in order, one by one. " * 100


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path / "house", recogniser_processes=1) as running:
        yield running


def children(program: str) -> list[int]:
    """This process's children that run `program`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and program in (folder / "cmdline").read_text():
                found.append(int(folder.name))
    return found


@asynccontextmanager
async def killing(*programs: str) -> AsyncIterator[None]:
    """Kill these children, and whatever is started in their place, until the block is left."""

    async def kill_on() -> None:
        while True:
            for pid in [pid for program in programs for pid in children(program)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)

    task = asyncio.get_running_loop().create_task(kill_on())
    try:
        yield
    finally:
        task.cancel()


@asynccontextmanager
async def spoken_talk(
    server: RunningServer, study: Study, folder: Path
) -> AsyncIterator[tuple[TestPage, SocketTalker]]:
    async with opened_page(server, study) as page:
        await page.agree(recording=False)
        async with socket_talker(server, study, page, folder) as talker:
            await page.until(Level)
            yield page, talker


async def until_open(page: TestPage) -> None:
    await page.until(Floor, lambda floor: floor.detail == "open")


async def test_without_a_voice_the_words_are_shown_and_the_talk_goes_on(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(small_blueprint(intro_message="Hello."))
    async with killing("espeak_process"), spoken_talk(server, study, tmp_path) as (page, _):
        await page.send(Start("voice"))
        for number, answer in enumerate(["I use a hammer.", "It broke."]):
            await page.until(Caption, lambda c, asked=QUESTIONS[number]: asked in c.text)  # type: ignore[misc]
            await until_open(page)
            await page.send(TypedText(answer, str(number)))
        ended = await page.until_over()
    events = await read_events(server.house.database, study.run_id)

    assert "completed" == ended.outcome
    assert [e for e in events if isinstance(e.body, FallbackUsed) and e.body.reason.startswith("voice: ")]
    assert all(e.body.heard for e in events if isinstance(e.body, SpeechEnded))


async def say_until_taken(page: TestPage, talker: SocketTalker, words: str, following: str) -> None:
    """Say it, and again whenever it is asked for again, until the following question comes."""
    while not any(isinstance(m, Question) and m.node_key == following for m in page.seen):
        await talker.say(words)
        while not isinstance(message := await page.next(), Question):
            if isinstance(message, Floor) and message.detail == "open":
                break


async def test_a_recogniser_that_dies_on_an_answer_does_not_end_the_talk(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(small_blueprint(intro_message="Hello."))
    async with spoken_talk(server, study, tmp_path) as (page, talker):
        await page.send(Start("voice"))
        await page.until(Question)
        await until_open(page)
        async with killing("sphinx_process"):
            await talker.say("I use a hammer every day.")
        await say_until_taken(page, talker, "I use a hammer every day.", "q2")
        await until_open(page)
        await page.send(TypedText("It broke.", "second"))
        ended = await page.until_over()
    events = await read_events(server.house.database, study.run_id)
    answers = [e.body.text for e in events if isinstance(e.body, AnswerCommitted)]

    assert "completed" == ended.outcome
    assert "hammer" in answers[0]
    assert "It broke." in answers[-1]


@pytest.mark.long
async def test_without_voice_and_recogniser_the_talk_goes_on_in_writing(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(small_blueprint(intro_message="Hello."))
    async with (
        killing("espeak_process", "sphinx_process"),
        spoken_talk(server, study, tmp_path) as (page, talker),
    ):
        await page.send(Start("voice"))
        await page.until(Question)
        await until_open(page)
        await talker.say("I use a hammer every day.")
        await page.until(Floor, lambda floor: floor.detail == "speaking")
        await until_open(page)
        await page.send(TypedText("I use a hammer.", "first"))
        await page.until(Question, lambda question: question.node_key == "q2")
        await until_open(page)
        await page.send(TypedText("It broke.", "second"))
        ended = await page.until_over()

    assert "completed" == ended.outcome


async def test_with_a_full_disk_the_talk_goes_on_from_memory_and_nobody_new_is_let_in(
    server: RunningServer,
) -> None:
    study, early, late = [await server.study(small_blueprint()) for _ in range(3)]
    disk = FullDisk(server.house.database)
    async with opened_page(server, early) as waiting, opened_page(server, study) as page:
        await start_text(page)
        await page.until(Question)
        await until_open(page)
        disk.fill()
        await page.send(TypedText(LONG, "first"))
        await page.until(Question, lambda question: question.node_key == "q2")
        await until_open(page)
        refused = await server.http.post(f"/join/{late.run_id}/session", json={"token": late.token})
        ready = await server.http.get("/readyz")
        stored = await read_events(server.house.database, study.run_id)
        disk.free()
        async with asyncio.timeout(20):
            while server.house.writer.faltering is not None:  # noqa: ASYNC110 - it tells the talks alone
                await asyncio.sleep(0.05)
        await page.send(TypedText("It broke.", "second"))
        ended = await page.until_over()
        await start_text(waiting)
        await waiting.until(Question)
    let_in = await server.http.post(f"/join/{late.run_id}/session", json={"token": late.token})
    events = await read_events(server.house.database, study.run_id)

    assert (503, "storage_unavailable") == code_of(refused)
    assert 503 == ready.status_code
    assert not [e for e in stored if isinstance(e.body, AnswerCommitted)]
    assert "completed" == ended.outcome
    assert 200 == let_in.status_code
    assert list(range(1, len(events) + 1)) == [event.seq for event in events]
    assert [LONG.strip(), "It broke."] == [e.body.text for e in events if isinstance(e.body, AnswerCommitted)]
    assert [e for e in events if isinstance(e.body, StorageFaltered)]
    assert [e for e in events if isinstance(e.body, StorageRecovered)]
    assert {"storage", "storage_recovered"} <= {
        e.body.code for e in events if isinstance(e.body, NoticeGiven)
    }


async def test_a_disk_that_is_full_before_anybody_came_is_named_at_the_door(server: RunningServer) -> None:
    studies = [await server.study(small_blueprint(consent_text="Do you agree? " * 300)) for _ in range(2)]
    disk = FullDisk(server.house.database)
    async with opened_page(server, studies[0]) as page:
        disk.fill()
        with contextlib.suppress(Exception):
            await page.agree()
        close_code, reason = page.socket.close_code, page.socket.close_reason
    refused = await server.http.post(f"/join/{studies[1].run_id}/session", json={"token": studies[1].token})
    disk.free()
    async with opened_page(server, studies[0]) as page:
        await start_text(page)
        await page.until(Question)

    assert (1013, "storage_unavailable") == (close_code, reason)
    assert refused.status_code in (200, 503)  # there may be room left on the last page for a change of status


KNOWN = "What happened first?"


def probing_blueprint() -> Blueprint:
    """One question that may be followed up once, with the researcher's own probe."""
    return blueprint(
        question(
            "work", "How do you work?", probing={"enabled": True, "max_follow_ups": 1}, fallback_probe=KNOWN
        ),
        intro_message="Hello.",
    )


async def talk_of_two_answers(
    server: RunningServer, tmp_path: Path, **kit: TextToSpeech | LanguageModel
) -> list[Event]:
    """The events of a talk with these providers: an answer, whatever is asked about it, and another."""
    server.house.registry.kit = replace(server.house.registry.kit, **kit)
    study = await server.study(probing_blueprint())
    async with spoken_talk(server, study, tmp_path) as (page, _):
        await page.send(Start("voice"))
        for number, answer in enumerate(["I use a hammer", "It broke twice"]):
            await page.until(Floor, lambda floor: floor.detail == "speaking")
            await until_open(page)
            await page.send(TypedText(answer, str(number)))
        ended = await page.until_over()
    assert "completed" == ended.outcome
    return await read_events(server.house.database, study.run_id)


def fallbacks(events: list[Event]) -> list[str]:
    return [e.body.reason for e in events if isinstance(e.body, FallbackUsed)]


def probes(events: list[Event]) -> list[str]:
    return [e.body.text for e in events if isinstance(e.body, QuestionAsked) and e.body.kind == "probe"]


async def test_a_model_that_never_answers_is_replaced_by_known_words(
    server: RunningServer, tmp_path: Path
) -> None:
    events = await talk_of_two_answers(server, tmp_path, language_model=StalledModel())

    assert ["judgement_overdue", "judgement_overdue"] == fallbacks(events)
    assert [KNOWN] == probes(events)
    assert [] == [silence for silence in dead_air(events) if silence.duration > 3.0]


@pytest.mark.long
async def test_a_probe_that_the_voice_never_begins_is_replaced_by_known_words(
    server: RunningServer, tmp_path: Path
) -> None:
    voice = VoiceWithoutSurprises(server.house.registry.kit.text_to_speech, "You mentioned")
    events = await talk_of_two_answers(server, tmp_path, language_model=AskingModel(), text_to_speech=voice)

    assert ["voice_overdue"] == fallbacks(events)
    assert [KNOWN] == probes(events)
    assert [] == [silence for silence in dead_air(events) if silence.duration > 3.0]


async def test_a_voice_that_stalls_in_mid_sentence_is_given_up_and_the_talk_goes_on(
    server: RunningServer, tmp_path: Path
) -> None:
    stalling = VoiceWithoutSurprises(server.house.registry.kit.text_to_speech, "You mentioned", midway=True)
    voice = FallbackVoice([stalling])
    events = await talk_of_two_answers(server, tmp_path, language_model=AskingModel(), text_to_speech=voice)

    assert 1 == len([reason for reason in fallbacks(events) if reason.startswith("voice: ")])
    assert ["You mentioned hammer. What was that like?"] == probes(events)
