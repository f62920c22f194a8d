"""Sounds over the agent's question, in a room, by the real voice activity, echo guard and core."""

import asyncio
from random import Random

import numpy as np
import pytest

from benchmarks.false_stops import BACKCHANNELS, QUESTION, SHORT_SPEED, as_floats, cough, speak, stops
from media.frames import EAR_RATE_HZ
from tests.support.room import Room, at_level
from tests.support.speech import speech_pcm

AT = 1.5
"""Seconds into the question."""


@pytest.fixture(scope="module")
def agent() -> bytes:
    (said,) = asyncio.run(speak((QUESTION,)))
    return said[: len(said) // 2 - len(said) // 2 % 2]


def room() -> Room:
    return Room(0.1, -40.0, seed=1)


def test_a_cough_does_not_stop_the_agent(agent: bytes) -> None:
    assert stops(agent, room(), at_level(cough(Random(1)), -24), AT) is None


def test_mm_hm_does_not_stop_the_agent(agent: bytes) -> None:
    (said,) = asyncio.run(speak(BACKCHANNELS[:1], SHORT_SPEED))

    assert stops(agent, room(), at_level(as_floats(said), -24), AT) is None


def test_somebody_who_begins_to_speak_does(agent: bytes) -> None:
    answer = np.frombuffer(speech_pcm(), np.int16)[: 2 * EAR_RATE_HZ] * np.float32(1 / 32_768)
    after = stops(agent, room(), at_level(answer, -24), AT)

    assert after is not None
    assert after < 1.2
