from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import av
import numpy as np
import pytest

from server.live.wire import Caption, Ended, Floor, Level, Question, Start
from tests.support.page import TestPage, opened_page
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import QUESTIONS, small_blueprint
from tests.support.talkers import SocketTalker, WebRtcTalker, socket_talker, webrtc_talker

pytestmark = pytest.mark.aloud

Connect = Callable[
    [RunningServer, Study, TestPage, Path], AbstractAsyncContextManager[WebRtcTalker | SocketTalker]
]
ANSWERS = ["I use a hammer every day.", "Last week the saw was broken."]


@pytest.mark.parametrize("connected", [webrtc_talker, pytest.param(socket_talker, marks=pytest.mark.long)])
async def test_a_spoken_interview_runs_to_its_end_with_both_sides_on_record(
    tmp_path: Path, connected: Connect
) -> None:
    async with running_server(tmp_path, recogniser_processes=1) as server:
        study = await server.study(small_blueprint())
        async with opened_page(server, study) as page:
            await page.agree(recording=True)
            async with connected(server, study, page, tmp_path) as talker:
                await page.until(Level)
                await page.send(Start("voice"))
                for answer in ANSWERS:
                    await page.until(Question)
                    await page.until(Floor, lambda floor: floor.detail == "open")
                    await talker.say(answer)
                    await page.until(Caption, lambda caption: caption.role == "participant")
                ended = await page.until(Ended)
                audible = talker.audible_frames
        transcript = (await server.until_over(study))["transcript"]
        recording = await server.read(study, "/recording", Range="bytes=0-3")
        kept = tmp_path / "recordings" / study.run_id / "interview.ogg"
        left, right = _channels(kept)

    assert "completed" == ended.outcome
    said = " ".join(page.captions("agent"))
    assert all(question in said for question in QUESTIONS)
    assert audible > 200, "the agent was heard"
    heard = [e["content"] for e in transcript["entries"] if e["role"] == "participant"]
    assert 2 == len(heard)
    assert "hammer" in heard[0]
    assert (206, b"OggS") == (recording.status_code, recording.content)
    assert left > 0.005, "the participant's side is recorded"
    assert right > 0.005, "the agent's side is recorded"


def _channels(path: Path) -> tuple[float, float]:
    """Root mean square of both channels, of the loudest hundredth of the samples."""
    with av.open(str(path)) as container:
        planes = [frame.to_ndarray() for frame in container.decode(audio=0)]
    sound = np.abs(np.concatenate(planes, axis=1))
    return float(np.quantile(sound[0], 0.99)), float(np.quantile(sound[1], 0.99))
