import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dialog.events import SessionOpened
from server.live.wire import (
    Caption,
    Claim,
    Consent,
    Done,
    Ended,
    Floor,
    Level,
    Question,
    Refused,
    Start,
    TypedText,
)
from server.store.event_rows import read_events
from tests.support.hostile import address, closing
from tests.support.page import TestPage, opened_page
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint
from tests.support.talkers import socket_talker

pytestmark = pytest.mark.aloud

SECRET = "Xylophone-quarrel-7731"
"""Nothing else in the house spells this."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path / "house", recogniser_processes=1) as running:
        yield running


def everything_kept(directory: Path) -> dict[str, bytes]:
    """Every file of the data directory, the write-ahead log included."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def holders_of(words: str, directory: Path) -> list[str]:
    return [name for name, data in everything_kept(directory).items() if words.encode() in data]


async def decide(page: TestPage, *, granted: bool, recording: bool) -> None:
    consent = page.session["consent"]
    assert isinstance(consent, dict)
    await page.send(Consent(granted, recording, consent["text_hash"]))


async def say_without_leave(server: RunningServer, study: Study, page: TestPage) -> None:
    """Try every way in before consent."""
    await page.send(TypedText(SECRET, "early"))
    await page.until(Refused)
    await page.send(Claim("repeat"))
    await page.until(Refused)
    await page.send(Done())
    for mode in ("text", "voice"):
        await page.send(Start("text" if mode == "text" else "voice"))
        refused = await page.until(Refused, lambda refused: refused.code != "not_started")
        assert "consent_first" == refused.code
        await page.send(TypedText(SECRET, f"early {mode}"))
    access = page.session["access_token"]
    async with connect(address(server, study.run_id, "audio")) as socket:
        await socket.send(json.dumps({"access_token": access, "format": "pcm"}))
        await socket.send(b"\x01\x00\x00\x00\x00" + SECRET.encode() * 29)
        assert (1008, "consent_first") == await closing(socket)
    headers = {"Authorization": f"Bearer {access}", "Content-Type": "application/sdp"}
    offered = await server.http.post(f"/join/{study.run_id}/whip", content=SECRET, headers=headers)
    assert 409 == offered.status_code


async def test_before_consent_nothing_is_kept_but_that_it_was_asked(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await say_without_leave(server, study, page)
        during = await server.house.runs.find(study.run_id)
        kept_during = holders_of(SECRET, tmp_path / "house")
    after = await server.house.runs.find(study.run_id)

    assert [] == kept_during
    assert [] == holders_of(SECRET, tmp_path / "house")
    assert [] == await read_events(server.house.database, study.run_id)
    assert ("awaiting_consent", "pending", None, 0) == (
        during.status,
        during.consent_status,
        during.consent,
        during.session_count,
    )
    assert during == after
    assert not (tmp_path / "house" / "recordings").exists()


async def test_whoever_declines_is_thanked_and_leaves_no_other_trace(
    server: RunningServer, tmp_path: Path
) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await say_without_leave(server, study, page)
        await decide(page, granted=False, recording=True)
        ended = await page.until_over()
    run = await server.house.runs.find(study.run_id)
    again = await server.http.post(f"/join/{study.run_id}/session", json={"token": study.token})

    assert "declined" == ended.outcome
    assert "Thank you" in ended.text
    assert ("abandoned", "declined", 0) == (run.status, run.consent_status, run.session_count)
    assert not run.records
    assert run.consent is not None
    assert run.consent.words is None
    assert [] == await read_events(server.house.database, study.run_id)
    assert [] == holders_of(SECRET, tmp_path / "house")
    assert not (tmp_path / "house" / "recordings").exists()
    assert 410 == again.status_code
    for part in ("/transcript", "/responses", "/recording"):
        assert 404 == (await server.read(study, part)).status_code


async def test_a_no_can_not_be_taken_back_by_a_page_that_sends_on(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await decide(page, granted=False, recording=False)
        try:
            await decide(page, granted=True, recording=True)
            await page.send(Start("text"))
            await page.send(TypedText(SECRET, "after"))
            await page.until_over()
        except ConnectionClosed:
            pass
    run = await server.house.runs.find(study.run_id)

    assert ("abandoned", "declined", 0) == (run.status, run.consent_status, run.session_count)
    assert [] == await read_events(server.house.database, study.run_id)


async def test_what_was_agreed_to_must_be_what_was_shown(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await page.send(Consent(True, True, "0" * 64))
        refused = await page.until(Refused)
        await page.send(Start("text"))
        still = await page.until(Refused)
    run = await server.house.runs.find(study.run_id)

    assert ("consent_text_changed", "consent_first") == (refused.code, still.code)
    assert ("awaiting_consent", "pending", 0) == (run.status, run.consent_status, run.session_count)


@pytest.mark.parametrize("recording", [False, True])
async def test_sound_is_kept_only_where_that_was_agreed_to(
    server: RunningServer, tmp_path: Path, recording: bool
) -> None:
    study = await server.study(small_blueprint(intro_message="Hello."))
    async with opened_page(server, study) as page:
        await page.agree(recording=recording)
        async with socket_talker(server, study, page, tmp_path) as talker:
            await page.until(Level)
            await page.send(Start("voice"))
            await page.until(Question)
            await page.until(Floor, lambda floor: floor.detail == "open")
            await talker.say("I use a hammer every day.")
            await page.until(Caption, lambda caption: caption.role == "participant")
            await page.until(Question, lambda question: question.node_key == "q2")
            await page.send(Claim("stop"))
            await page.until(Ended)
    async with asyncio.timeout(20):
        while server.house.registry.find(study.run_id) is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
    path = server.house.recordings.path(study.run_id)
    run = await server.house.runs.find(study.run_id)
    events = await read_events(server.house.database, study.run_id)

    assert recording == run.records
    assert any(isinstance(event.body, SessionOpened) for event in events)
    assert recording == path.is_file()
    assert (200 if recording else 404) == (await server.read(study, "/recording")).status_code
    if recording:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
        assert 2 == stream.channels
        assert seconds > 3.0
    else:
        sounds = [name for name, data in everything_kept(tmp_path / "house").items() if b"OggS" in data]
        assert [] == [name for name in sounds if not name.startswith("prompts/")]
