"""The Deepgram recogniser through its SDK at an emulator: what goes over the wire, and what comes of it."""

import asyncio
import logging
from urllib.parse import parse_qs

import msgspec
import pytest

from media.frames import AudioFrame
from server.providers.deepgram.flux import THRESHOLDS
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.protocols import ProviderError, Transcript, TurnEndHint
from server.providers.witness import Told, Usage, witnessed_by
from tests.emulators.deepgram import KEY, Stream
from tests.emulators.script import Script, exactly
from tests.support.deepgram import QUICK, Microphone, deepgram, until, until_final, until_hint
from tests.support.unwaited_time import unwaited


@unwaited
async def test_flux_is_asked_for_with_key_terms_and_patience_and_without_learning_from_the_talk() -> None:
    async with deepgram() as running:
        recognition = running.recogniser.recognize("en-US", ["Acme Corp", "k8s"])
        await running.emulator.stream()
        await recognition.close()
        (asked,) = running.vendor.asked

    query = parse_qs(asked.query)
    narrative = {name: [str(value)] for name, value in msgspec.to_builtins(THRESHOLDS["narrative"]).items()}
    assert "/v2/listen" == asked.path
    assert f"Token {KEY}" == asked.headers["authorization"]
    assert "permessage-deflate" not in asked.headers.get("sec-websocket-extensions", "")
    assert {
        "model": ["flux-general-en"],
        "encoding": ["linear16"],
        "sample_rate": ["16000"],
        "keyterm": ["Acme Corp", "k8s"],
        "mip_opt_out": ["true"],
        **narrative,
    } == query


@unwaited
async def test_nova_is_asked_for_without_endpoints_of_its_own() -> None:
    async with deepgram("nova-3") as running:
        recognition = running.recogniser.recognize("en-US", ["Acme Corp"])
        await running.emulator.stream()
        await recognition.close()
        (asked,) = running.vendor.asked

    query = parse_qs(asked.query)
    assert "/v1/listen" == asked.path
    assert (["false"], ["true"], ["true"]) == (
        query["endpointing"],
        query["interim_results"],
        query["mip_opt_out"],
    )
    assert ["Acme Corp"] == query["keyterm"]


@unwaited
async def test_another_language_goes_to_the_model_that_knows_it_or_is_refused() -> None:
    async with deepgram() as running:
        recognition = running.recogniser.recognize("de-AT", [])
        stream = await running.emulator.stream()
        await recognition.close()
        for unknown in ("tlh", "xx'; --", ""):
            with pytest.raises(ProviderError) as caught:
                running.recogniser.recognize(unknown, [])
            assert not caught.value.retryable

    assert ("flux-general-multi", "de") == (stream.query["model"], stream.query["language_hint"])


@pytest.mark.parametrize("model", ["flux", "nova-3"])
@unwaited
async def test_what_is_said_before_the_connection_stands_is_heard_from_its_first_frame(model) -> None:  # type: ignore[no-untyped-def]
    async with deepgram(model) as running:
        recognition = running.recogniser.recognize("en-US", [])
        microphone = Microphone(recognition)
        microphone.utter(1)
        assert [] == running.vendor.asked
        *_, final = await until_final(recognition, 1)
        await recognition.close()
        stream = await running.emulator.stream()

    assert Transcript(1, "well I think it did", final.confidence, final=True) == final
    sent = bytes(stream.sound[: len(microphone.said)])
    assert microphone.said.startswith(sent)
    assert len(sent) > 0.9 * len(microphone.said)
    assert {2560} == set(stream.sends[:-1])


@unwaited
async def test_turns_come_to_their_ends_though_nothing_is_heard_between_utterances() -> None:
    async with deepgram(spurts=["well I think it did", "um", "yes"]) as running:
        recognition = running.recogniser.recognize("en-US", [])
        microphone = Microphone(recognition)
        microphone.utter(1)
        said = await until_final(recognition, 1)
        if "over" not in [one.hint for one in said if isinstance(one, TurnEndHint)]:
            said += await until_hint(recognition, "over")
        microphone.utter(2)
        said += await until_final(recognition, 2)
        await recognition.close()
        said += [one async for one in recognition]

    hints = [one for one in said if isinstance(one, TurnEndHint)]
    assert "eager" == hints[0].hint
    assert 1 == hints[0].utterance_id
    assert [(1, "well I think it did"), (2, "um")] == [
        (one.utterance_id, one.text) for one in said if isinstance(one, Transcript) and one.final
    ]


@unwaited
async def test_somebody_who_goes_on_is_told_as_resumed_for_the_utterance_they_go_on_in() -> None:
    async with deepgram(spurts=["I went to the shop", "and then home"]) as running:
        recognition = running.recogniser.recognize("en-US", [])
        recognition.attend("dictate")
        recognition.attend("reflect")
        microphone = Microphone(recognition)
        recognition.start_utterance(1)
        microphone.speak(1.2)
        microphone.speak(0.5, bytes(640))
        recognition.end_utterance(1)
        recognition.start_utterance(2)
        microphone.speak(1.2)
        *_, resumed = await until_hint(recognition, "resumed")
        await recognition.close()

    assert 2 == resumed.utterance_id


@unwaited
async def test_patience_is_sent_as_thresholds_once_it_changes() -> None:
    async with deepgram() as running:
        recognition = running.recogniser.recognize("en-US", [])
        stream = await running.emulator.stream()
        await until(lambda: recognition.line.up)
        recognition.attend("narrative")
        recognition.attend("closed")
        microphone = Microphone(recognition)
        microphone.utter(1)
        await until_final(recognition, 1)
        await recognition.close()

    configured = [order for order in stream.orders if order["type"] == "Configure"]
    assert [msgspec.to_builtins(THRESHOLDS["closed"])] == [order["thresholds"] for order in configured]


@unwaited
async def test_orders_that_are_given_at_once_go_out_in_their_order() -> None:
    async with deepgram() as running:
        recognition = running.recogniser.recognize("en-US", [])
        stream = await running.emulator.stream()
        await until(lambda: recognition.line.up)
        for patience in ("closed", "reflect", "recall"):
            recognition.attend(patience)
        await until(lambda: len(stream.orders) == 3)
        await recognition.close()

    expected = [THRESHOLDS["closed"], THRESHOLDS["reflect"], THRESHOLDS["recall"]]
    assert [msgspec.to_builtins(each) for each in expected] == [each["thresholds"] for each in stream.orders]


@unwaited
async def test_flux_gets_silence_until_its_turn_is_over_and_then_only_signs_of_life() -> None:
    async with deepgram(limits=DeepgramLimits()) as running:
        recognition = running.recogniser.recognize("en-US", [])
        stream = await running.emulator.stream()
        microphone = Microphone(recognition)
        before = await _sent_in(stream, 30.0)
        microphone.utter(1)
        *_, over = await until_hint(recognition, "over")
        after = await _sent_in(stream, 60.0)
        microphone.utter(2)
        *_, final = await until_final(recognition, 2)
        await recognition.close()

    assert "over" == over.hint  # type: ignore[union-attr]
    assert 0.3 < before < 2.5
    assert 0.6 < after < 3.0
    assert final.text  # type: ignore[union-attr]
    assert 1 == len(running.emulator.streams)


async def _sent_in(stream: Stream, seconds: float) -> float:
    """Seconds of sound that come within so many."""
    sent = len(stream.sound)
    await asyncio.sleep(seconds)
    return (len(stream.sound) - sent) / 32_000


@unwaited
async def test_patience_that_changes_while_the_connection_is_made_is_told_once_it_stands() -> None:
    async with deepgram() as running:
        recognition = running.recogniser.recognize("en-US", [])
        await until(lambda: running.vendor.open_connections == 1 or recognition.line.up)
        recognition.attend("reflect")
        microphone = Microphone(recognition)
        microphone.utter(1)
        await until_final(recognition, 1)
        await recognition.close()
        stream = await running.emulator.stream()

    asked = float(stream.query["eot_timeout_ms"])
    told = [order["thresholds"]["eot_timeout_ms"] for order in stream.orders if order["type"] == "Configure"]
    assert THRESHOLDS["reflect"].eot_timeout_ms == [asked, *told][-1]


@unwaited
async def test_nova_is_told_to_finalize_behind_the_last_frame_and_kept_alive_in_silence() -> None:
    limits = msgspec.structs.replace(QUICK, keep_alive_interval=0.05)
    async with deepgram("nova-3", limits=limits, silence_limit=1.0) as running:
        recognition = running.recogniser.recognize("en-US", [])
        microphone = Microphone(recognition)
        microphone.utter(1)
        await until_final(recognition, 1)
        stream = await running.emulator.stream()
        sent = len(stream.sound)
        await asyncio.sleep(1.5)
        microphone.utter(2)
        *_, final = await until_final(recognition, 2)
        await recognition.close()

    assert len(microphone.said) // 2 == sent
    assert "well I think it did" == final.text  # type: ignore[union-attr]
    assert 1 == len(running.emulator.streams)
    assert {"Finalize", "KeepAlive"} <= {order["type"] for order in stream.orders}


@pytest.mark.parametrize("model", ["flux", "nova-3"])
@unwaited
async def test_a_telephones_sound_is_sent_as_it_came(model) -> None:  # type: ignore[no-untyped-def]
    async with deepgram(model, encoding="mulaw") as running:
        recognition = running.recogniser.recognize("en-US", [])
        recognition.start_utterance(1)
        loud, quiet = bytes([0x20, 0xA0]) * 80, b"\xff" * 160
        for number, payload in enumerate([loud] * 60 + [quiet] * 22):
            recognition.hear(AudioFrame(bytes(640), number * 320, mulaw=payload))
        recognition.end_utterance(1)
        *_, final = await until_final(recognition, 1)
        await recognition.close()
        stream = await running.emulator.stream()

    assert ("mulaw", "8000") == (stream.query["encoding"], stream.query["sample_rate"])
    # The last words may be there before the last piece of the silence behind them.
    heard = bytes(stream.sound[: 82 * 160])
    assert 60 * 160 < len(heard)
    assert (loud * 60 + quiet * 22)[: len(heard)] == heard
    assert 640 == stream.sends[0]
    assert "well I think it did" == final.text  # type: ignore[union-attr]


@unwaited
async def test_a_final_comes_as_late_as_deepgram_takes_for_it() -> None:
    async with deepgram("nova-3", Script(first=exactly(0.25))) as running:
        recognition = running.recogniser.recognize("en-US", [])
        loop = asyncio.get_running_loop()
        Microphone(recognition).utter(1)
        ended_at = loop.time()
        *_, final = await until_final(recognition, 1)
        took = loop.time() - ended_at
        await recognition.close()

    assert 0.25 <= took
    assert final.text  # type: ignore[union-attr]


@unwaited
async def test_what_was_sent_is_told_as_used_with_its_words_and_once() -> None:
    told: list[Told] = []
    async with deepgram("nova-3") as running:
        with witnessed_by(told.append):
            recognition = running.recogniser.recognize("en-US", [])
        microphone = Microphone(recognition)
        microphone.utter(1)
        await until_final(recognition, 1)
        told_by_then = list(told)
        await recognition.close()

    assert [] != told_by_then
    assert {"deepgram-nova-3"} == {one.provider for one in told}
    seconds = sum(one.audio_seconds for one in told if isinstance(one, Usage))
    assert pytest.approx(len(microphone.said) / 32_000) == seconds


@unwaited
async def test_no_word_and_no_key_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "server.providers.deepgram")
    script = Script()
    script.fail("unauthorized", times=1)
    async with deepgram(script=script) as running:
        with pytest.raises(ProviderError):
            await running.recogniser.check()
        recognition = running.recogniser.recognize("en-US", ["Acme Corp"])
        microphone = Microphone(recognition)
        microphone.utter(1)
        await until_final(recognition, 1)
        running.vendor.reset_all()
        microphone.utter(2)
        await until_final(recognition, 2)
        await recognition.close()

    told = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("server."))
    assert "trying again" in told
    assert not any(word in told for word in ("think", "Acme", KEY))


@unwaited
async def test_the_check_passes_with_a_key_that_works_and_names_one_that_does_not() -> None:
    async with deepgram() as running:
        await running.recogniser.check()
    async with deepgram("nova-3", key="another") as running:
        with pytest.raises(ProviderError) as refused:
            await running.recogniser.check()

    assert (401, False) == (refused.value.status, refused.value.retryable)
    assert "the key was refused (401 Invalid credentials.)" == refused.value.message
