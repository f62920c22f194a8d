"""Sounds over the agent's question in a real browser: a cough, an "mm-hm", and an interruption."""

import asyncio
import base64
import io
import wave
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.false_stops import BACKCHANNELS, SHORT_SPEED, as_floats, cough, speak
from benchmarks.two_channels import RecordedVisit, interview, talking
from dialog.commands import StopSpeech
from dialog.events import AnyBody, Event, QuestionAsked, SpeechHeard
from media.frames import EAR_RATE_HZ
from tests.support.life_study import PLACE
from tests.support.room import Floats, at_level
from tests.support.running_server import running_server

LONG = (
    "Now think of the last time that you went on a longer journey with other people, from the first plan "
    "to the moment when you came home again, and tell me about it."
)
LONGER = f"And another one. {LONG}"


async def make(visit: RecordedVisit, sound: Floats) -> None:
    """Have it sound at the microphone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(EAR_RATE_HZ)
        wav.writeframes((at_level(sound, -24) * 32_767).astype(np.int16).tobytes())
    await visit.page.evaluate("data => stage.begin(data)", base64.b64encode(file.getvalue()).decode())
    await visit.until("stage.saying === 0")


@pytest.mark.long
async def test_after_a_cough_and_an_mm_hm_all_is_said_and_after_an_interruption_it_is_not(
    tmp_path: Path,
) -> None:
    (mm_hm,) = await speak(BACKCHANNELS[:1], SHORT_SPEED)
    questions = interview("Noises", (LONG, LONGER))
    async with (
        running_server(tmp_path, recogniser_processes=1) as server,
        talking(server, questions) as (visit, study),
    ):
        await visit.light("mine")
        log, events = server.session(study).log, list[Event]()

        async def follow() -> None:
            async for event in log.follow():
                events.append(event)

        async def until(holds: Callable[[AnyBody], bool]) -> None:
            while not any(holds(event.body) for event in events):  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.05)

        async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
            following = tasks.create_task(follow())
            await visit.until("stage.loud > 20")
            await make(visit, cough(Random(1)))
            await asyncio.sleep(1.5)  # one after the other they would be a voice that goes on
            await make(visit, as_floats(mm_hm))
            await until(lambda body: isinstance(body, SpeechHeard) and body.text.endswith(LONG))
            heard = [event.body for event in events if isinstance(event.body, SpeechHeard)]
            stopped = [event for event in events if isinstance(event.body, StopSpeech)]
            await visit.light("yours")
            await visit.say(PLACE)
            await until(lambda body: isinstance(body, QuestionAsked) and body.node_key == "q1")
            asked = await visit.page.evaluate("stage.loud")
            await visit.until(f"stage.loud > {asked} + 20")
            await visit.begin(PLACE)
            await until(lambda body: isinstance(body, SpeechHeard) and body.cut)
            following.cancel()

    # a machine that is late may hold the agent for a moment, as it sees the end of a noise late
    assert [] == stopped
    assert not any(speech.cut for speech in heard)
