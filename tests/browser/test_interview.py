"""Whole interviews in a real browser with the real server and its embedded speech: spoken, over either road,
typed, broken off, taken over."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error

from dialog.events import AnswerCommitted, AnyBody
from dialog.signals import ParticipantLeft
from server.clock import loop_time
from server.rehearsal.word_errors import word_errors
from tests.support.chromium import chromium
from tests.support.life_study import (
    BOAT,
    BOOKS,
    PLACE,
    QUESTIONS,
    TEACHER,
    life_blueprint,
    looping_microphone,
)
from tests.support.listening import longest_overlap, sides
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import QUESTIONS as TYPED_QUESTIONS
from tests.support.small_study import small_blueprint
from tests.support.talking_page import TalkingVisit, link_of, new_visit, talking

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.aloud]
Body = TypeVar("Body", bound=AnyBody)
_module: Any = {"scope": "module", "loop_scope": "module"}

MOST_BYTES = 150_000
TYPED = ("A hammer, every day.", "Last week the saw broke.")
WEIGHT = """() => {
  const files = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter((file) => file.name.includes("/static/") || file.entryType === "navigation");
  const sum = (name) => files.reduce((total, file) => total + file[name], 0);
  return [sum("transferSize"), sum("decodedBodySize")];
}"""


@pytest_asyncio.fixture(**_module)
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house"), recogniser_processes=1) as running:
        yield running


@pytest_asyncio.fixture(**_module)
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.mark.timeout(400)
async def test_a_spoken_interview_with_a_reload_in_mid_answer_reaches_its_end(
    server: RunningServer, browser: Browser
) -> None:
    study = await server.study(life_blueprint())
    barriers: list[str] = []
    delays: list[tuple[float, bool]] = []
    async with talking(server, study, browser) as visit:

        async def look(state: str) -> None:
            barriers.extend(f"{state}: {violation}" for violation in await visit.axe())

        async def answer(phrases: tuple[str, ...]) -> str:
            """Say it, and wait for what is asked next."""
            asked = await visit.heading()
            onset = await visit.say(phrases)
            following = await visit.asked_anew(asked)
            delays.append(await visit.caption_delay(onset))
            return following

        await visit.shows("A life in a few stories")
        await look("consent")
        weight = await visit.page.evaluate(WEIGHT)
        await visit.page.get_by_label("You may also record my voice").check()
        await visit.agree()
        await look("choice")
        await visit.check_devices()
        await visit.light("mine")
        await look("the agent's turn")
        await visit.light("yours")
        await look("the participant's turn")
        before = await visit.heard()
        assert await answer(PLACE) == QUESTIONS["person"]
        sounded = await visit.heard() - before
        following = await answer(TEACHER)
        while following != QUESTIONS["childhood"]:
            following = await answer(BOOKS)

        await visit.begin(BOAT)
        await visit.speech_in_flux()
        await visit.page.reload()
        await visit.shows("Welcome back")
        await visit.says("You have answered 2 of about 4 questions.")
        await look("welcome back")
        await visit.press("Continue talking")
        await visit.page.locator(".line.agent", has_text="Welcome back. ").first.wait_for(state="attached")
        await visit.light("yours")

        assert await visit.heading() == QUESTIONS["childhood"]
        assert await answer(BOAT) == QUESTIONS["message"]

        await visit.type("Do not wait for the right day.")
        await visit.says("Thank you for your stories.")
        await visit.shows("Thank you")
        await look("end")
    await _finished(server, study)
    transcript = (await server.until_over(study))["transcript"]
    recording = (await server.read(study, "/recording")).content

    print("captions after", ", ".join(f"{delay:.2f} s" for delay, _ in delays), "of speech;", weight, "bytes")
    foreign = [url for url in visit.requested if not url.startswith((server.origin, "blob:"))]
    assert [] == barriers
    assert [] == visit.complaints
    assert [] == foreign
    assert weight[0] < weight[1] < MOST_BYTES
    assert any(spoken_on for _, spoken_on in delays), "words come while the answer is still being spoken"
    assert sounded > 10, "the page played the agent's voice"
    _assert_all_was_heard(transcript, recording)


def _assert_all_was_heard(transcript: dict[str, Any], recording: bytes) -> None:
    """Every answer is on record, and both sides are on their own channel at sane levels."""
    said = {role: " ".join(e["content"] for e in transcript["entries"] if e["role"] == role)
            for role in ("agent", "participant")}  # fmt: skip
    participant, agent = sides(recording)
    errors = word_errors(said["agent"], agent.words())
    print(f"agent {agent.speech_dbfs:.1f} dBFS, {agent.speech_seconds:.0f} s, {errors.rate:.0%} word errors; "
          f"participant {participant.speech_dbfs:.1f} dBFS, {participant.speech_seconds:.0f} s; "
          f"both at once {longest_overlap(participant, agent):.1f} s at most")  # fmt: skip

    assert "right day" in said["participant"], "what was typed"
    missed = [word for word in ("river", "teacher", "summer") if word not in said["participant"]]
    assert len(missed) < 2, "what was spoken: the embedded recogniser may mishear one of them"
    assert all(question in said["agent"] for question in QUESTIONS.values())
    for side, least in ((participant, 12), (agent, 15)):
        assert -30 < side.speech_dbfs < -15
        assert side.peak < 0.99
        assert side.speech_seconds > least
    assert errors.rate < 0.7, "the agent's channel holds the agent's words"
    assert longest_overlap(participant, agent) < 1.5


async def _finished(server: RunningServer, study: Study) -> None:
    """Wait until the run is over and stored."""
    async with asyncio.timeout(30):
        while await server.run_status(study) != "completed":  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_where_no_udp_passes_the_talk_goes_over_a_websocket_by_itself(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(life_blueprint())
    microphone = looping_microphone(tmp_path / "answers.wav", PLACE, silence=5.0)
    flags = (
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        f"--use-file-for-fake-audio-capture={microphone}",
    )
    sockets: list[str] = []
    async with chromium(flags=flags) as browser, talking(server, study, browser, device_speaks=True) as visit:
        visit.page.on("websocket", lambda socket: sockets.append(socket.url))
        await visit.agree()
        await visit.page.get_by_role("button", name="Talk").click()
        await visit.press("Allow the microphone")
        await visit.says("We can hear you well.")
        await visit.press("Start the conversation")
        await visit.says("Connecting the sound")
        await visit.press("Mute")
        await visit.light("mine")
        before = await visit.heard()
        await visit.light("yours")
        sounded = await visit.heard() - before
        await visit.press("Unmute")
        await visit.asked_anew(QUESTIONS["place"])
        said = " ".join(await visit.page.locator(".line.participant").all_inner_texts())

    assert ["live", "audio"] == [urlsplit(url).path.rpartition("/")[2] for url in sockets]
    assert sounded > 20, "the page played the agent's voice"
    assert {"house", "river", "parents", "sisters"} & set(said.split())
    assert [] == visit.complaints


async def test_with_the_microphone_refused_the_interview_is_typed_to_its_end_by_keyboard_alone(
    server: RunningServer,
) -> None:
    study = await server.study(small_blueprint())
    async with chromium(microphone_granted=False) as browser, talking(server, study, browser) as visit:
        keys = visit.page.keyboard
        await visit.shows("Tools at work")
        await _press_by_tab(visit, "I agree")
        await _press_by_tab(visit, "Speak as you would")
        await _press_by_tab(visit, "Allow the microphone")
        await visit.shows("Let’s do it in writing")
        await keys.press("Enter")  # the way on has the focus already
        for question, answer in zip(TYPED_QUESTIONS, TYPED, strict=True):
            await visit.shows(question)
            await visit.light("yours")
            await keys.press("t")
            await keys.type(answer)
            await keys.press("Enter")
        await visit.shows("Thank you")

    assert [] == visit.complaints
    assert "completed" == (await server.until_over(study))["status"]


async def test_a_second_tab_takes_over_and_the_first_can_take_the_talk_back(
    server: RunningServer, browser: Browser
) -> None:
    study = await server.study(small_blueprint())
    async with talking(server, study, browser) as first:
        await first.agree()
        await first.page.get_by_role("button", name="Type").click()
        await first.light("yours")
        await first.type(TYPED[0])
        await first.shows(TYPED_QUESTIONS[1])
        second = await new_visit(first.page.context)
        await second.page.goto(link_of(server, study))
        await second.shows("Welcome back")
        await first.shows("The talk goes on elsewhere")
        await second.press("Continue by typing")
        await second.shows(TYPED_QUESTIONS[1])
        await first.press("Go on here")
        await second.shows("The talk goes on elsewhere")
        await first.shows(TYPED_QUESTIONS[1])
        await first.light("yours")
        await first.type(TYPED[1])
        await first.shows("Thank you")

    assert [] == first.complaints + second.complaints
    assert "completed" == (await server.until_over(study))["status"]


@pytest.mark.timeout(300)
async def test_a_tab_killed_in_mid_answer_is_missed_within_seconds_and_its_words_are_kept(
    server: RunningServer, browser: Browser
) -> None:
    study = await server.study(life_blueprint())
    async with talking(server, study, browser) as visit:
        await visit.agree()
        await visit.check_devices()
        await visit.light("mine")
        await visit.light("yours")
        await visit.begin(PLACE)
        await visit.until("stage.captions.some(({ text }) => text.split(' ').length > 3)")
        killed_at = loop_time()
        with contextlib.suppress(Error):
            await visit.page.goto("chrome://crash")
        await _missed(server, study)
        missed_after = loop_time() - killed_at
        status = await server.run_status(study)
        again = await new_visit(visit.page.context)
        await again.page.goto(link_of(server, study))
        await again.shows("Welcome back")
        await again.press("Continue talking")
        await again.page.locator(".line.agent", has_text="You were saying: ").first.wait_for(state="attached")
        await again.light("yours")
        await again.say(PLACE[1:])
        await again.asked_anew(QUESTIONS["place"])
    answers = [answer.text for answer in await _bodies(server, study, AnswerCommitted)]
    print(f"missed {missed_after:.1f} s after it was killed; kept: {answers}")
    assert status in ("active", "paused")
    assert "grew up" in answers[0]
    assert "sisters" in answers[0]


async def _missed(server: RunningServer, study: Study) -> None:
    async with asyncio.timeout(15):
        while not await _bodies(server, study, ParticipantLeft):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)


async def _bodies(server: RunningServer, study: Study, kind: type[Body]) -> list[Body]:
    return [event.body for event in await server.events(study) if isinstance(event.body, kind)]


async def _press_by_tab(visit: TalkingVisit, words: str) -> None:
    for _ in range(30):
        await visit.page.keyboard.press("Tab")
        if words in await visit.page.evaluate("document.activeElement.textContent"):
            return await visit.page.keyboard.press("Enter")
    raise AssertionError(f"no way by Tab to {words!r}")
