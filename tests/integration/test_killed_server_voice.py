import asyncio
import json
import random
from pathlib import Path

import av
import pytest
from websockets.exceptions import ConnectionClosed

from dialog.events import Event, NodeClosed, NodeEntered, QuestionAsked
from dialog.responses import facts_of
from dialog.run import fold
from server.live.wire import AnyToPage, Ended, Floor, Level, Question, Start, Welcome
from tests.support.blueprints import two_questions
from tests.support.command_line import run_command
from tests.support.mortal_server import MortalServer, mortal_server
from tests.support.page import opened_page
from tests.support.running_server import Study
from tests.support.talkers import socket_talker

pytestmark = pytest.mark.aloud

ANSWERS = {"morning": "I use a hammer every day.", "evening": "Last week the saw was broken."}


class Speaker:
    """A participant at the audio socket who says the answer to whatever is asked, in each sitting anew."""

    def __init__(self, server: MortalServer, study: Study, folder: Path) -> None:
        self.asked: list[str] = []
        self.ended = False
        self.talking = asyncio.Event()
        self._server, self._study, self._folder = server, study, folder

    async def sit(self) -> None:
        """Open the link and talk until the end, or until the server is gone."""
        answered = ""
        try:
            async with opened_page(self._server, self._study) as page:
                if page.session["status"] == "awaiting_consent":
                    await page.agree(recording=True)
                async with socket_talker(self._server, self._study, page, self._folder) as talker:
                    before = max(m.seq for m in page.seen if isinstance(m, Welcome))
                    await page.until(Level)
                    await page.send(Start("voice"))
                    self.talking.set()
                    spoken_to = False
                    while True:
                        message = await page.next()
                        self._see(message)
                        if not isinstance(message, Floor) or message.seq <= before:
                            continue
                        spoken_to = spoken_to or message.detail == "speaking"
                        latest = self.asked[-1] if self.asked else ""
                        if message.detail == "open" and spoken_to and latest != answered:
                            answered, spoken_to = latest, False
                            await talker.say(ANSWERS[answered])
        except (ConnectionClosed, OSError):
            return

    def _see(self, message: AnyToPage) -> None:
        if isinstance(message, Question) and message.node_key not in self.asked:
            self.asked.append(message.node_key)
        self.ended = self.ended or isinstance(message, Ended)


def check_the_log(events: list[Event], confirmed: list[str]) -> None:
    closed: set[str] = set()
    state = fold(facts_of(events))

    assert list(range(1, len(events) + 1)) == [event.seq for event in events]
    for key in confirmed:
        assert 1 == len(state.answers_at(key)), f"{key} was confirmed"
    for event in events:
        if isinstance(event.body, QuestionAsked):
            assert event.body.node_key not in closed, f"{event.body.node_key} was asked again"
        if isinstance(event.body, NodeClosed):
            closed.add(event.body.node_key)


@pytest.mark.long  # the kills of a typed talk are in every run
@pytest.mark.parametrize("seed", range(3, 12))
async def test_a_spoken_talk_survives_a_server_that_is_killed(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with mortal_server(tmp_path, recogniser_processes=1) as server:
        study = await server.study(two_questions())
        participant = Speaker(server, study, tmp_path)
        for _ in range(2):
            await server.start()
            sitting = asyncio.get_running_loop().create_task(participant.sit())
            await participant.talking.wait()
            participant.talking.clear()
            await asyncio.sleep(chance.uniform(2.0, 12.0))
            await server.kill()
            sitting.cancel()
            await asyncio.wait({sitting})
            check_the_log(await server.events(study), participant.asked[:-1])
        await server.start()
        await participant.sit()
        run = await server.until_over(study)
        events = await server.events(study)
        recording = await server.read(study, "/recording")
        replay = await asyncio.to_thread(
            run_command, "replay", study.run_id, "--data-dir", tmp_path, "--json"
        )

    assert participant.ended
    assert "completed" == run["status"]
    assert list(ANSWERS) == [e.body.node_key for e in events if isinstance(e.body, NodeEntered)]
    check_the_log(events, list(ANSWERS))
    assert json.loads(replay.output)["same"]
    assert 200 == recording.status_code
    kept = tmp_path / "recordings" / study.run_id / "interview.ogg"
    with av.open(str(kept)) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert seconds > 5.0
