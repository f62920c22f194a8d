"""Deepgram's bad days: each costs a late final or a failed one, never a talk, a task or a wait."""

import asyncio
import socket

import msgspec
import pytest

from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.recogniser import DeepgramRecogniser, Model
from server.providers.protocols import ProviderError, Transcript, TurnEndHint
from tests.emulators.script import FaultKind, Script
from tests.support.deepgram import QUICK, Microphone, deepgram, until, until_final
from tests.support.unwaited_time import unwaited

HASTY = msgspec.structs.replace(QUICK, final_timeout=0.3)


def _finals(said: list[Transcript | TurnEndHint]) -> list[tuple[int, str, str | None]]:
    return [(t.utterance_id, t.text, t.failed) for t in said if isinstance(t, Transcript) and t.final]


@pytest.mark.parametrize("model", ["flux", "nova-3"])
@pytest.mark.parametrize(
    "kind", ["refused", "limited", "failing", "stalled", "stalled_midway", "reset", "deaf", "garbage"]
)
@unwaited
async def test_whatever_goes_wrong_once_every_word_is_heard_in_the_end(kind: FaultKind, model: Model) -> None:
    script = Script()
    script.fail(kind, times=1, after=1)
    async with deepgram(model, script) as running:
        recognition = running.recogniser.recognize("en-US", [])
        microphone = Microphone(recognition)
        microphone.utter(1)
        said = await until_final(recognition, 1)
        microphone.utter(2)
        said += await until_final(recognition, 2)
        await recognition.close()

    assert [(1, "well I think it did", None), (2, "well I think it did", None)] == _finals(said)


@pytest.mark.parametrize("model", ["flux", "nova-3"])
@pytest.mark.parametrize(
    ("kind", "failed"),
    [
        ("refused", "unreachable"),
        ("unauthorized", "refused"),
        ("limited", "busy"),
        ("failing", "unreachable"),
        ("stalled", "timeout"),
        ("deaf", "timeout"),
        ("slow", "timeout"),
    ],
)
@unwaited
async def test_whatever_goes_on_going_wrong_each_end_has_its_one_final_which_has_failed(
    kind: FaultKind, failed: str, model: Model
) -> None:
    script = Script()
    script.fail(kind, drip=5.0)
    async with deepgram(model, script, limits=HASTY) as running:
        recognition = running.recogniser.recognize("en-US", [])
        microphone = Microphone(recognition)
        microphone.utter(1)
        microphone.utter(2)
        said = await until_final(recognition, 2)
        await recognition.close()
        said += [one async for one in recognition]

    assert [(1, "", failed), (2, "", failed)] == _finals(said)


@unwaited
async def test_a_key_that_is_refused_is_not_tried_again_and_answered_without_waiting() -> None:
    script = Script()
    script.fail("unauthorized")
    async with deepgram(script=script) as running:
        recognition = running.recogniser.recognize("en-US", [])
        await until(lambda: not running.recogniser.lines)
        Microphone(recognition).utter(1)
        await recognition.close()
        said = [one async for one in recognition]

    assert [(1, "", "refused")] == _finals(said)
    assert 1 == len(running.vendor.asked)


@pytest.mark.parametrize("model", ["flux", "nova-3"])
@unwaited
async def test_a_connection_that_breaks_in_mid_speech_is_made_again_and_hears_all_of_it(model: Model) -> None:
    async with deepgram(model, spurts=["one two three four five six"]) as running:
        recognition = running.recogniser.recognize("en-US", [])
        microphone = Microphone(recognition)
        microphone.utter(1)
        said = await until_final(recognition, 1)
        before = len(microphone.said)
        recognition.start_utterance(2)
        microphone.speak(1.0)
        first = await running.emulator.stream(1)
        await until(lambda: len(first.sound) > len(microphone.said) - 5_000)
        await first.close(1011, "NET-0001")
        microphone.speak(1.0)
        microphone.speak(0.44, bytes(640))
        recognition.end_utterance(2)
        said += await until_final(recognition, 2)
        second = await running.emulator.stream(2)
        await recognition.close()

    text = "one two three four five six"
    assert [(1, text, None), (2, text, None)] == _finals(said)
    said_then = microphone.said[before:]
    again = bytes(second.sound[: len(said_then)])
    assert said_then.startswith(again)
    assert len(again) > 0.9 * len(said_then)


@unwaited
async def test_a_talk_is_over_at_once_whatever_the_peer_does() -> None:
    script = Script()
    script.fail("deaf")
    async with deepgram(script=script) as running:
        loop = asyncio.get_running_loop()
        recognition = running.recogniser.recognize("en-US", [])
        await until(lambda: recognition.line.up)
        Microphone(recognition).speak(1.0)
        before = loop.time()
        await recognition.close()
        assert [] == [one async for one in recognition]
        took = loop.time() - before
        await until(lambda: not running.recogniser.lines)

    assert took < QUICK.parting_timeout


@unwaited
async def test_a_handshake_that_never_comes_is_left_with_the_talk() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        recogniser = DeepgramRecogniser(
            "k", address=f"http://127.0.0.1:{mute.getsockname()[1]}", limits=DeepgramLimits(open_timeout=60.0)
        )
        before = asyncio.all_tasks()
        recognition = recogniser.recognize("en-US", [])
        await asyncio.sleep(0.1)
        await recognition.close()
        await until(lambda: not recogniser.lines)

        assert before == asyncio.all_tasks()


@unwaited
async def test_when_the_server_ends_every_talk_has_its_finals_and_no_line_is_left() -> None:
    async with deepgram() as running:
        talks = [running.recogniser.recognize("en-US", []) for _ in range(3)]
        service = asyncio.get_running_loop().create_task(running.recogniser.run())
        await running.emulator.stream(3)
        for talk in talks:
            Microphone(talk).utter(1)
        service.cancel()
        await asyncio.wait([service])
        assert 0 == running.recogniser.lines
        said = [await until_final(talk, 1) for talk in talks]
        late = running.recogniser.recognize("en-US", [])
        Microphone(late).utter(1)
        said.append(await until_final(late, 1))

    assert ["stopped"] * 4 == [_finals(one)[0][2] for one in said]


@unwaited
async def test_no_complaint_tells_the_key() -> None:
    with pytest.raises(ProviderError) as caught:
        await DeepgramRecogniser("very secret\n", address="http://127.0.0.1:9").check()

    assert "secret" not in str(caught.value)


@unwaited
async def test_a_check_at_an_address_where_nobody_is_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ProviderError) as caught:
        await DeepgramRecogniser("k", address=f"http://127.0.0.1:{port}").check()

    assert caught.value.retryable
    assert caught.value.message.startswith("it can't be reached")
