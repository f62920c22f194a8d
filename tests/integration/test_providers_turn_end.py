"""The end-of-turn model in its child: a real one, and children that misbehave."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from media.frames import EAR_RATE_HZ
from server.providers.embedded.child import FIRST_PAUSE
from server.providers.turn_end import OnnxTurnEnd, TurnEndLimits
from server.providers.turn_end_manifest import TurnEndUnfit
from tests.support.speech import silence, speech_pcm
from tests.support.turn_end_models import describe, features_model, waveform_model

SPEECH = speech_pcm()[: 3 * EAR_RATE_HZ * 2]
PATIENT = TurnEndLimits(look_timeout=30.0, stall_timeout=60.0)
"""For a machine on which other tests run."""


def unruly(mode: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.emulators.unruly_turn_end", mode)


@asynccontextmanager
async def running(detector: OnnxTurnEnd) -> AsyncIterator[OnnxTurnEnd]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(detector.run())
        try:
            yield detector
        finally:
            task.cancel()


@asynccontextmanager
async def opened(
    path: Path = Path("model.onnx"), *, mode: str | None = None, limits: TurnEndLimits = PATIENT
) -> AsyncIterator[OnnxTurnEnd]:
    detector = (
        OnnxTurnEnd(path, limits=limits)
        if mode is None
        else OnnxTurnEnd(path, program=unruly(mode), limits=limits)
    )
    async with running(detector):
        await detector.opened()
        yield detector


async def refusal(detector: OnnxTurnEnd) -> str:
    async with running(detector):
        with pytest.raises(TurnEndUnfit) as refused:
            await detector.opened()
    return str(refused.value)


async def until_answered(detector: OnnxTurnEnd) -> float:
    """Look again and again until there is an answer."""
    score = None
    while score is None:
        score = await detector.score(SPEECH)
        await asyncio.sleep(0.05)
    return score


async def until_replaced(detector: OnnxTurnEnd, pid: int | None) -> None:
    """Wait until there is another child than `pid`, and it is ready."""
    while detector.child.pid in (pid, None) or not detector.child.ready:  # noqa: ASYNC110 - a child tells nobody
        await asyncio.sleep(0.05)


async def scores(detector: OnnxTurnEnd, count: int) -> tuple[list[float | None], list[int]]:
    """`count` looks asked for in one moment: their scores, and the order in which they were answered."""
    order: list[int] = []

    async def look(number: int) -> float | None:
        score = await detector.score(SPEECH)
        order.append(number)
        return score

    async with asyncio.TaskGroup() as tasks:
        looks = [tasks.create_task(look(number)) for number in range(count)]
    return [task.result() for task in looks], order


async def test_a_model_hears_the_end_of_speech(tmp_path: Path) -> None:
    async with opened(describe(features_model(tmp_path / "ears.onnx"), name="ears-1")) as detector:
        going_on, over = await detector.score(SPEECH), await detector.score(SPEECH + silence(0.5))

        assert going_on is not None
        assert over is not None
        assert going_on < 0.5 < over
        assert ("ears-1", 8.0) == (detector.name, detector.sound_duration)


async def test_a_directory_with_a_model_of_a_waveform_will_do(tmp_path: Path) -> None:
    describe(waveform_model(tmp_path / "ears.onnx"), seconds=2.0)
    async with opened(tmp_path) as detector:
        over = await detector.score(SPEECH + silence(0.5))

        assert over is not None
        assert over > 0.5
        assert 2.0 == detector.sound_duration


async def test_a_wrong_file_is_told_in_a_sentence_and_not_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x09" + os.urandom(5_000))
    detector = OnnxTurnEnd(path)
    told = await refusal(detector)

    assert told.startswith(f"{path} is no model that onnxruntime can load")
    assert detector.child.pid is None


async def test_no_more_sound_is_handed_on_than_the_model_looks_at() -> None:
    async with opened(mode="measure") as detector:
        score = await detector.score(bytes(60 * EAR_RATE_HZ * 2))

    assert 8 * EAR_RATE_HZ * 2 / (1 << 20) == score


async def test_waiting_looks_go_newest_first_and_the_oldest_of_too_many_is_dropped() -> None:
    async with opened(mode="count", limits=TurnEndLimits(look_timeout=30.0, waiting=3)) as detector:
        found, order = await scores(detector, 6)

    assert [0.01, None, None, 0.04, 0.03, 0.02] == found
    assert [1, 2, 0, 5, 4, 3] == order


async def test_a_look_that_is_given_up_before_its_turn_is_never_made() -> None:
    async with opened(mode="count") as detector, asyncio.TaskGroup() as tasks:
        first, given_up, last = (tasks.create_task(detector.score(SPEECH)) for _ in range(3))
        await asyncio.sleep(0)
        given_up.cancel()

        assert [0.01, 0.02] == [await first, await last]
        assert 0.03 == await detector.score(SPEECH)


async def test_an_answer_to_a_look_that_was_given_up_is_not_taken_for_that_of_the_next() -> None:
    async with opened(mode="count") as detector:
        given_up = asyncio.get_running_loop().create_task(detector.score(SPEECH))
        await asyncio.sleep(0)
        given_up.cancel()

        assert 0.02 == await detector.score(SPEECH)


async def test_a_model_that_sleeps_costs_looks_and_is_ended() -> None:
    limits = TurnEndLimits(look_timeout=0.1, stall_timeout=0.4, first_distrust=0.0)
    async with opened(mode="sleep", limits=limits) as detector:
        pid = detector.child.pid
        found, _ = await scores(detector, 3)
        await until_replaced(detector, pid)

        assert [None, None, None] == found
        assert await detector.score(SPEECH) is None


async def test_a_child_killed_in_mid_look_answers_with_nothing_and_is_replaced(tmp_path: Path) -> None:
    limits = TurnEndLimits(look_timeout=30.0, stall_timeout=60.0, first_distrust=0.0)
    async with opened(features_model(tmp_path / "model.onnx"), limits=limits) as detector:
        pid = detector.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        async with asyncio.TaskGroup() as tasks:
            looks = [tasks.create_task(detector.score(SPEECH)) for _ in range(2)]
            await asyncio.sleep(0.1)
            os.kill(pid, signal.SIGKILL)

        assert [None, None] == [look.result() for look in looks]
        assert await until_answered(detector) < 0.5


@pytest.mark.parametrize("mode", ["die", "garbage", "stranger", "beyond", "nan"])
async def test_a_child_that_misbehaves_at_a_look_costs_that_look_and_is_not_asked_for_a_while(
    mode: str,
) -> None:
    limits = TurnEndLimits(look_timeout=30.0, first_distrust=600.0)
    async with opened(mode=mode, limits=limits) as detector:
        pid = detector.child.pid
        first = await detector.score(SPEECH)
        await until_replaced(detector, pid)

        assert first is None
        assert await detector.score(SPEECH) is None
        assert detector.child.ready, "it was not asked"


async def test_a_child_that_answers_twice_is_replaced_and_asked_again() -> None:
    async with opened(mode="twice") as detector:
        pid = detector.child.pid
        first = await detector.score(SPEECH)
        await until_replaced(detector, pid)

        assert 0.5 == first
        assert 0.5 == await until_answered(detector)


async def test_a_child_that_dies_unasked_is_started_again_less_and_less_often() -> None:
    async with opened(mode="weary") as detector:
        while detector.child.pause < 8 * FIRST_PAUSE:  # noqa: ASYNC110 - a child tells nobody
            await asyncio.sleep(0.05)

        assert await detector.score(SPEECH) is None


async def test_another_model_in_the_place_of_the_first_is_not_asked(caplog: pytest.LogCaptureFixture) -> None:
    async with opened(mode="changeling") as detector:
        name = detector.name
        detector.child.end("crashed")
        while "is not used any more" not in caplog.text:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)

        assert await detector.score(SPEECH) is None
        assert name == detector.name
        assert "restart the server to change it" in caplog.text


async def test_a_model_that_is_never_loaded_again_is_ended_and_tried_anew(tmp_path: Path) -> None:
    async with opened(tmp_path / "model.onnx", mode="once") as detector:
        detector.limits = TurnEndLimits(open_timeout=0.2)
        first = detector.child.pid
        detector.child.end("crashed")
        await until_replaced(detector, first)
        second = detector.child.pid
        none = await detector.score(SPEECH)
        await until_replaced(detector, second)

        assert none is None


async def test_a_model_without_an_opinion_is_answered_by_nothing_and_asked_again() -> None:
    async with opened(mode="mum") as detector:
        pid = detector.child.pid

        assert [None, None] == [await detector.score(SPEECH) for _ in range(2)]
        assert pid == detector.child.pid


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("vanish", "has ended (crashed)"),
        ("boast", "has ended (crashed)"),
        ("undecided", "isn't loaded after 2 s"),
        ("slow", "needs 2.5 s for a look here"),
        ("refuse", "it doesn't like Mondays."),
    ],
)
async def test_a_model_that_can_not_be_opened_says_why(mode: str, told: str) -> None:
    limits = TurnEndLimits(open_timeout=2.0 if mode == "undecided" else 60.0)
    reason = await refusal(OnnxTurnEnd(Path("model.onnx"), program=unruly(mode), limits=limits))

    assert told in reason
    assert len(reason) <= 1_200
