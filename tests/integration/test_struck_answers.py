import asyncio
from pathlib import Path

import numpy as np
import pytest

from dialog.events import AnswerCommitted, AnswerErased, AnswerStruck, RecordingBegan
from dialog.signals import SpeechBegan, SpeechStarted, SpeechStopped
from server.live.wire import Caption, Claim, Ended, Floor, Level, Question, Start
from tests.support.page import TestPage, opened_page
from tests.support.recordings import Channels, decoded
from tests.support.running_server import running_server
from tests.support.small_study import small_blueprint
from tests.support.talkers import socket_talker

pytestmark = pytest.mark.aloud

SECRET = "The hammer belongs to Elizabeth from the second floor."
HARMLESS = "I use a saw every day."
RATE_HZ = 48_000


def loudness(channels: Channels, side: int, began_at: float, ended_at: float) -> float:
    piece = channels[side, int(began_at * RATE_HZ) : int(ended_at * RATE_HZ)]
    return float(np.sqrt(np.mean(piece * piece)))


async def until_yours(page: TestPage) -> None:
    await page.until(Floor, lambda floor: floor.detail == "open")


async def test_a_struck_answer_is_gone_from_the_sound_before_that_is_said(tmp_path: Path) -> None:
    async with running_server(tmp_path / "house", recogniser_processes=1) as server:
        study = await server.study(small_blueprint())
        async with opened_page(server, study) as page:
            await page.agree()
            async with socket_talker(server, study, page, tmp_path) as talker:
                await page.until(Level)
                await page.send(Start("voice"))
                await page.until(Question)
                await until_yours(page)
                await talker.say(SECRET)
                await page.until(Question, lambda question: question.node_key == "q2")
                await until_yours(page)
                await page.send(Claim("strike"))
                await page.until(Caption, lambda caption: "erased" in caption.text)
                told = decoded(server.house.recordings.path(study.run_id).read_bytes())
                await until_yours(page)
                await talker.say(HARMLESS)
                ended = await page.until(Ended)
        events = await server.events(study)
        whole = decoded(server.house.recordings.path(study.run_id).read_bytes())
    offset = next(e.body.recording_offset for e in events if isinstance(e.body, RecordingBegan))
    onsets = [e.at + offset for e in events if isinstance(e.body, SpeechStarted)]
    ends = [e.at + offset for e in events if isinstance(e.body, SpeechStopped)]
    kinds = [type(e.body) for e in events]
    speeches = [e.at for e in events if isinstance(e.body, SpeechBegan)]
    erased_at = next(e.at for e in events if isinstance(e.body, AnswerErased))
    struck_at = next(e.at for e in events if isinstance(e.body, AnswerStruck))

    assert ended.outcome == "completed"
    assert kinds.count(AnswerErased) == 1
    assert erased_at < min(at for at in speeches if at > struck_at)
    assert max(abs(told[0, : int((ends[0] + 0.3) * RATE_HZ)])) < 1e-3, "only the struck answer was said yet"
    assert loudness(whole, 0, onsets[0] - 0.5, ends[0] + 0.3) < 1e-4
    assert loudness(whole, 0, onsets[-1], ends[-1] - 0.2) > 0.01, "what was said after it is heard"
    assert loudness(whole, 1, 0.0, onsets[0]) > 0.01, "the agent is heard"
    assert not any(b"Elizabeth" in path.read_bytes() for path in (tmp_path / "house").glob("*.db*"))
    assert "Elizabeth" not in str([e.body.text for e in events if isinstance(e.body, AnswerCommitted)])


async def test_a_recording_that_begins_minutes_into_a_sitting_has_its_place_in_time(tmp_path: Path) -> None:
    """More than a minute of silence comes first, all at once."""
    async with running_server(tmp_path / "house", recogniser_processes=1) as server:
        study = await server.study(small_blueprint())
        async with opened_page(server, study) as page:
            await page.agree()
            await page.send(Start("text"))
            await until_yours(page)
            visit = server.house.registry.find(study.run_id)
            assert visit is not None
            assert visit.session is not None
            visit.session.started_at -= 90.0
            async with socket_talker(server, study, page, tmp_path):
                await page.until(Level)
                await asyncio.sleep(1)
            await visit.close("over")
        events = await server.events(study)
        whole = decoded(server.house.recordings.path(study.run_id).read_bytes())

    began = [e for e in events if isinstance(e.body, RecordingBegan)]
    assert [0.0] == [e.body.recording_offset for e in began if isinstance(e.body, RecordingBegan)]
    assert began[0].at > 90
    assert whole.shape[1] / RATE_HZ > began[0].at + 0.9
