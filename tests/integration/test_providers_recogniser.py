"""The embedded recogniser with real decoders, and with children that misbehave."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from media.frames import EAR_RATE_HZ, AudioFrame
from server.providers.embedded.limits import RecogniserLimits
from server.providers.embedded.speech_recognition import EmbeddedRecogniser, EmbeddedRecognition
from server.providers.protocols import ProviderError, Transcript
from tests.support.speech import ear_frames, silence, speech_pcm

pytestmark = pytest.mark.aloud

PATIENT = RecogniserLimits(stall_timeout=30.0, final_timeout=90.0)
"""For a machine on which other tests run."""


def _speech(start: float = 0.0, end: float = 4.8) -> list[AudioFrame]:
    pcm = speech_pcm()[round(start * EAR_RATE_HZ) * 2 : round(end * EAR_RATE_HZ) * 2]
    return ear_frames(silence(0.2) + pcm + silence(0.3))


def _unruly(mode: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.emulators.unruly_child", mode)


@asynccontextmanager
async def _running(recogniser: EmbeddedRecogniser) -> AsyncIterator[EmbeddedRecogniser]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(recogniser.run())
        try:
            yield recogniser
        finally:
            running.cancel()


async def _until_final(recognition: EmbeddedRecognition, utterance_id: int) -> list[Transcript]:
    found = []
    async for transcript in recognition:
        found.append(transcript)
        if transcript.final and transcript.utterance_id == utterance_id:
            break
    return found


async def _heard(
    recognition: EmbeddedRecognition, utterance_id: int, frames: Sequence[AudioFrame]
) -> list[Transcript]:
    recognition.start_utterance(utterance_id)
    for frame in frames:
        recognition.hear(frame)
    recognition.end_utterance(utterance_id)
    return await _until_final(recognition, utterance_id)


def _pid(recogniser: EmbeddedRecogniser) -> int:
    pid = recogniser.pool.workers[0].child.pid
    assert pid is not None
    return pid


async def test_speech_becomes_words_with_a_confidence() -> None:
    async with _running(EmbeddedRecogniser(1, limits=PATIENT)) as recogniser:
        recognition = recogniser.recognize("en-US", [])
        first = await _heard(recognition, 1, _speech())
        second = await _heard(recognition, 2, _speech())

    assert {"dashboards", "found", "configured"} <= set(first[-1].text.split())
    assert {"dashboards", "found", "configured"} <= set(second[-1].text.split())
    assert all(0.2 < final.confidence < 1.0 for final in (first[-1], second[-1]))
    assert not any("<" in t.text or "(" in t.text for t in first + second)
    assert first[-1].failed is None


async def test_partials_come_while_the_participant_speaks() -> None:
    async with _running(EmbeddedRecogniser(1, limits=PATIENT)) as recogniser:
        await recogniser.warm_up()
        recognition = recogniser.recognize("en", [])
        listening = asyncio.get_running_loop().create_task(_until_final(recognition, 1))
        recognition.start_utterance(1)
        for frame in _speech():
            recognition.hear(frame)
            await asyncio.sleep(0.005)
        recognition.end_utterance(1)
        *partials, final = await listening

    assert 3 <= len(partials) <= 25  # one in 200 ms at most
    assert not any(partial.final for partial in partials)
    assert "configured" in partials[-1].text
    assert final.final


async def test_silence_nothing_and_noise_are_answered_too() -> None:
    noise = random.Random(1).randbytes(EAR_RATE_HZ)
    async with _running(EmbeddedRecogniser(1, limits=PATIENT)) as recogniser:
        recognition = recogniser.recognize("en-US", [])
        nothing = await _heard(recognition, 1, [])
        quiet = await _heard(recognition, 2, ear_frames(silence(1.0)))
        noisy = await _heard(recognition, 3, ear_frames(noise))
        ragged = await _heard(
            recognition, 4, [AudioFrame(b"\1", 0), AudioFrame(b"", 0), AudioFrame(b"\1\2\3", 0)]
        )

    assert [("", 1.0, None)] * 3 == [
        (t[-1].text, t[-1].confidence, t[-1].failed) for t in (nothing, quiet, ragged)
    ]
    assert noisy[-1].failed is None


async def test_frames_outside_an_utterance_are_dropped_and_ends_count_once() -> None:
    async with _running(EmbeddedRecogniser(1, limits=PATIENT)) as recogniser:
        recognition = recogniser.recognize("en-US", [])
        recognition.hear(_speech()[0])
        recognition.end_utterance(1)
        recognition.end_utterance(1)
        first = await _heard(recognition, 2, ear_frames(silence(0.2)))
        recognition.end_utterance(2)
        recognition.start_utterance(2)
        recognition.end_utterance(2)
        second = await _heard(recognition, 3, ear_frames(silence(0.2)))

    assert [(1, "unheard"), (2, None)] == [(t.utterance_id, t.failed) for t in first if t.final]
    assert [3] == [t.utterance_id for t in second if t.final]


async def test_another_language_is_refused() -> None:
    with pytest.raises(ProviderError) as caught:
        EmbeddedRecogniser(1).recognize("fr", [])

    assert not caught.value.retryable


async def test_ten_utterances_at_once_on_one_decoder_are_answered_once_each_first_come_first_served() -> None:
    order: list[int] = []

    async def read(number: int, recognition: EmbeddedRecognition) -> list[Transcript]:
        found = await _until_final(recognition, 1)
        order.append(number)
        return [transcript for transcript in found if transcript.final]

    async with _running(EmbeddedRecogniser(1, limits=PATIENT)) as recogniser:
        talks = [recogniser.recognize("en-US", []) for _ in range(10)]
        async with asyncio.TaskGroup() as tasks:
            finals = [tasks.create_task(read(i, talk)) for i, talk in enumerate(talks)]
            for talk in talks:
                talk.start_utterance(1)
            for frame in _speech(2.2, 3.4):
                for talk in talks:
                    talk.hear(frame)
            for talk in talks:
                talk.end_utterance(1)

    assert list(range(10)) == order
    assert [1] * 10 == [len(task.result()) for task in finals]
    assert 1 == len({task.result()[0].text for task in finals})
    assert all(task.result()[0].failed is None and task.result()[0].text for task in finals)


async def test_a_long_utterance_gives_way_to_a_waiting_one_and_keeps_its_words() -> None:
    limits = RecogniserLimits(
        lease_duration=5.5, soft_lease_duration=5.0, stall_timeout=30.0, final_timeout=90.0
    )
    async with _running(EmbeddedRecogniser(1, limits=limits)) as recogniser:
        await recogniser.warm_up()
        long, short = recogniser.recognize("en-US", []), recogniser.recognize("en-US", [])
        long.start_utterance(1)
        short.start_utterance(1)
        for frame in _speech():
            long.hear(frame)
        for frame in _speech(2.2, 3.4):
            short.hear(frame)
        short.end_utterance(1)
        for frame in _speech():
            long.hear(frame)
        (answer,) = [t for t in await _until_final(short, 1) if t.final]
        long.end_utterance(1)
        (whole,) = [t for t in await _until_final(long, 1) if t.final]

    assert answer.failed is None
    assert 2 == whole.text.split().count("configured")
    assert whole.failed is None


async def test_a_decoder_killed_in_mid_utterance_fails_that_one_and_is_replaced() -> None:
    async with _running(EmbeddedRecogniser(1, limits=PATIENT)) as recogniser:
        await recogniser.warm_up()
        recognition = recogniser.recognize("en-US", [])
        recognition.start_utterance(1)
        frames = _speech()
        for frame in frames[:100]:
            recognition.hear(frame)
        os.kill(_pid(recogniser), signal.SIGKILL)
        await asyncio.sleep(0.2)
        for frame in frames[100:]:
            recognition.hear(frame)
        recognition.end_utterance(1)
        first = await _until_final(recognition, 1)
        second = await _heard(recognition, 2, frames)

    assert "crashed" == first[-1].failed
    assert 1 == len([t for t in first if t.final])
    assert "configured" in second[-1].text


async def test_a_stalled_decoder_is_ended_and_replaced() -> None:
    limits = RecogniserLimits(stall_timeout=3.0, final_timeout=90.0)
    async with _running(EmbeddedRecogniser(1, limits=limits)) as recogniser:
        await recogniser.warm_up()
        recognition = recogniser.recognize("en-US", [])
        os.kill(_pid(recogniser), signal.SIGSTOP)
        first = await _heard(recognition, 1, _speech(2.2, 3.4))
        second = await _heard(recognition, 2, _speech(2.2, 3.4))

    assert ["timeout"] == [t.failed for t in first if t.final]
    assert [None] == [t.failed for t in second if t.final]


@pytest.mark.parametrize(
    ("mode", "failed"),
    [
        ("garbage", "crashed"),
        ("boast", "crashed"),
        ("stranger", "crashed"),
        ("stall", "timeout"),
        ("deaf", "timeout"),
    ],
)
async def test_a_child_that_misbehaves_costs_one_failed_final(mode: str, failed: str) -> None:
    limits = RecogniserLimits(stall_timeout=0.4)
    async with _running(EmbeddedRecogniser(1, program=_unruly(mode), limits=limits)) as recogniser:
        await recogniser.warm_up()
        found = await _heard(recogniser.recognize("en-US", []), 1, _speech())

    assert [("", failed)] == [(t.text, t.failed) for t in found]


async def test_a_full_pipe_is_answered_as_busy_without_waiting() -> None:
    limits = RecogniserLimits(max_unsent_bytes=1_000)
    async with _running(EmbeddedRecogniser(1, program=_unruly("deaf"), limits=limits)) as recogniser:
        await recogniser.warm_up()
        found = await _heard(recogniser.recognize("en-US", []), 1, _speech())

    assert ["busy"] == [t.failed for t in found]


@pytest.mark.parametrize("mode", ["mute", "vanish", "babble"])
async def test_without_any_decoder_the_final_still_comes(mode: str) -> None:
    limits = RecogniserLimits(final_timeout=0.3)
    async with _running(EmbeddedRecogniser(2, program=_unruly(mode), limits=limits)) as recogniser:
        found = await _heard(recogniser.recognize("en-US", []), 1, _speech())

    assert ["busy"] == [t.failed for t in found]


async def test_what_is_kept_for_a_waiting_utterance_is_bounded() -> None:
    limits = RecogniserLimits(kept_duration=2.0)
    async with _running(EmbeddedRecogniser(1, program=_unruly("mute"), limits=limits)) as recogniser:
        found = await _heard(recogniser.recognize("en-US", []), 1, _speech())

    assert ["busy"] == [t.failed for t in found]


async def test_a_talk_that_is_closed_gives_its_decoder_back_and_hears_no_more() -> None:
    async with _running(EmbeddedRecogniser(1, limits=PATIENT)) as recogniser:
        await recogniser.warm_up()
        gone, next_one = recogniser.recognize("en-US", []), recogniser.recognize("en-US", [])
        gone.start_utterance(1)
        for frame in _speech():
            gone.hear(frame)
        await gone.close()
        gone.start_utterance(2)
        gone.end_utterance(2)
        rest = [transcript async for transcript in gone]
        found = await _heard(next_one, 1, _speech(2.2, 3.4))

    assert not any(transcript.final for transcript in rest)
    assert found[-1].failed is None


async def test_finals_come_even_when_the_recogniser_is_being_shut_down() -> None:
    recogniser = EmbeddedRecogniser(1, program=_unruly("stall"))
    recognition = recogniser.recognize("en-US", [])
    async with _running(recogniser):
        await recogniser.warm_up()
        recognition.start_utterance(1)
        recognition.hear(_speech()[0])
        recognition.end_utterance(1)
    found = await _until_final(recognition, 1)

    assert ["stopped"] == [t.failed for t in found]
