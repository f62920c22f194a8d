"""The embedded voice with its real child, and with children that misbehave."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from media.frames import VOICE_RATE_HZ
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.protocols import ProviderError, SpeechChunk, TextToSpeech, Voice

US_ENGLISH = Voice()


@asynccontextmanager
async def _running(voice: EmbeddedVoice) -> AsyncIterator[EmbeddedVoice]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(voice.run())
        try:
            yield voice
        finally:
            running.cancel()


async def _spoken(voice: TextToSpeech, text: str, how: Voice = US_ENGLISH) -> list[SpeechChunk]:
    return [chunk async for chunk in voice.synthesize(text, how)]


def _unruly(mode: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.emulators.unruly_child", mode)


def _pid(voice: EmbeddedVoice) -> int:
    assert voice.child.pid is not None
    return voice.child.pid


async def test_a_sentence_becomes_sound_with_a_time_for_each_word() -> None:
    text = "Thank you, Dr. Smith. What happened next?"
    async with _running(EmbeddedVoice()) as voice:
        chunks = await _spoken(voice, text)
    pcm = b"".join(chunk.pcm for chunk in chunks)
    words = [word for chunk in chunks for word in chunk.words]
    duration = len(pcm) / 2 / VOICE_RATE_HZ
    level = 20 * np.log10(np.sqrt(np.mean(np.frombuffer(pcm, np.int16).astype(float) ** 2)) / 32_768)

    assert 2 == len(chunks)
    assert 2.0 < duration < 5.0
    assert -30 < level < -15
    assert ["Thank", "you", "Dr", "Smith", "What", "happened", "next"] == [
        text[word.start_char : word.end_char] for word in words
    ]
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert duration >= edges[-1]


async def test_slower_is_longer() -> None:
    async with _running(EmbeddedVoice()) as voice:
        usual, slow, fast = [
            sum(
                len(chunk.pcm)
                for chunk in await _spoken(voice, "Take all the time you need.", Voice(speed=speed))
            )
            for speed in (1.0, 0.7, 1.5)
        ]

    assert fast < usual < slow


@pytest.mark.parametrize(
    "voice_id", ["nobody", "en-us+nobody", "en-us+../../x", "mb-us1", "en-us\0", "x" * 10_000]
)
async def test_a_voice_that_espeak_does_not_have_is_refused_for_good(voice_id: str) -> None:
    async with _running(EmbeddedVoice()) as voice:
        with pytest.raises(ProviderError) as caught:
            await _spoken(voice, "Hello.", Voice(voice_id=voice_id))
        after = await _spoken(voice, "Hello.", Voice(voice_id="en-us+f2"))

    assert not caught.value.retryable
    assert after[0].pcm


async def test_hostile_text_is_spoken_or_refused_and_never_kills_the_voice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hostile = [
        "",
        " \n\t",
        "...!?",
        "\0\1\2\x1b[31m",
        "\ud800\udfff lone surrogates",
        "<speak><audio src='file:///etc/passwd'/></speak>",
        "[[h@'loU]] &amp; &#0;",
        "9" * 290,
        "%s%n%x" * 40,
        "a" * 4_000,
        "\u202egnp.exe \ufeff\u200b",
        "😀" * 200,
        "ﷺ" * 100,
        "Ω≈ç√∫˜µ≤≥÷ 你好 здравствуйте",
        "(" * 3_000,
    ]
    async with _running(EmbeddedVoice()) as voice:
        for text in hostile:
            await _spoken(voice, text)
        with pytest.raises(ProviderError) as caught:
            await _spoken(voice, "a" * 4_001)
        after = await _spoken(voice, "Hello.")

        assert not caught.value.retryable
        assert "starting it again" not in caplog.text
        assert after[0].pcm


async def test_markup_is_read_out_not_obeyed() -> None:
    async with _running(EmbeddedVoice()) as voice:
        plain = await _spoken(voice, "break time ten seconds")
        marked = await _spoken(voice, '<break time="10s"/> ten')

    assert sum(len(chunk.pcm) for chunk in marked) < 2 * sum(len(chunk.pcm) for chunk in plain)


async def test_talks_take_turns_by_the_sentence() -> None:
    order: list[tuple[int, int]] = []

    async def talk(voice: EmbeddedVoice, number: int) -> None:
        sentence = 0
        async for _ in voice.synthesize("One sentence. Another one. The last.", US_ENGLISH):
            order.append((sentence, number))
            sentence += 1

    async with _running(EmbeddedVoice()) as voice:
        await _spoken(voice, "Ready.")
        async with asyncio.TaskGroup() as talks:
            for number in range(10):
                talks.create_task(talk(voice, number))

    assert [(sentence, number) for sentence in range(3) for number in range(10)] == order


async def test_a_talk_that_stops_listening_holds_up_nobody() -> None:
    async with _running(EmbeddedVoice()) as voice:
        first = voice.synthesize("One sentence. Another one.", US_ENGLISH)
        await anext(first)
        other = await _spoken(voice, "Hello.")
        await first.aclose()  # type: ignore[attr-defined]

    assert other[0].pcm


async def test_a_voice_killed_in_mid_sentence_fails_that_one_and_comes_back() -> None:
    async with _running(EmbeddedVoice()) as voice:
        await _spoken(voice, "Ready.")
        killed = _pid(voice)
        os.kill(killed, signal.SIGSTOP)
        in_flight = asyncio.get_running_loop().create_task(_spoken(voice, "This will not be heard."))
        waiting = asyncio.get_running_loop().create_task(_spoken(voice, "This one waits its turn."))
        await asyncio.sleep(0.05)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises(ProviderError) as caught:
            await in_flight
        waited = await waiting

        assert caught.value.retryable
        assert waited[0].pcm
        assert killed != _pid(voice)


async def test_a_stalled_voice_is_ended_and_replaced() -> None:
    async with _running(EmbeddedVoice(piece_timeout=0.2)) as voice:
        await _spoken(voice, "Ready.")
        os.kill(_pid(voice), signal.SIGSTOP)
        with pytest.raises(ProviderError, match="timeout"):
            await _spoken(voice, "Nobody answers.")
        after = await _spoken(voice, "Hello again.")

    assert after[0].pcm


@pytest.mark.parametrize("mode", ["garbage", "boast", "confused", "stall"])
async def test_a_child_that_answers_nonsense_is_ended_with_a_retryable_fault(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with _running(EmbeddedVoice(program=_unruly(mode), piece_timeout=0.3)) as voice:
        with pytest.raises(ProviderError) as caught:
            await _spoken(voice, "Hello.")

        assert caught.value.retryable
        assert 1 == caplog.text.count("starting it again")


@pytest.mark.parametrize(
    "program", [_unruly("mute"), _unruly("babble"), _unruly("vanish"), ("/no/such/program",)]
)
async def test_a_voice_that_never_comes_up_is_busy_not_silent(program: tuple[str, ...]) -> None:
    async with _running(EmbeddedVoice(program=program, turn_timeout=0.5)) as voice:
        with pytest.raises(ProviderError) as caught:
            await _spoken(voice, "Hello.")

    assert caught.value.retryable
