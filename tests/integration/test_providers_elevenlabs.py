"""The live voice of ElevenLabs against its emulator: lines that stand ahead, five utterances on each, what is
cut off, and every way in which the vendor counts time."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from random import Random
from typing import cast

import numpy as np
import pytest

from server.providers.elevenlabs.account import NAME, PCM_16000, ULAW_8000, Account, SoundFormat
from server.providers.elevenlabs.line_policy import LinePolicy
from server.providers.elevenlabs.speech_synthesis import ElevenLabsVoice
from server.providers.protocols import ProviderError, SpeechChunk, Voice
from server.providers.witness import Told, Usage, witnessed_by
from tests.emulators.elevenlabs import KEY, VOICES, RunningElevenLabs, Times, elevenlabs_emulator
from tests.emulators.elevenlabs_speech import ulaw_decoded
from tests.emulators.script import Script, exactly
from tests.support.speaking import at_work, joined, said

TEXT = "Thank you, that is clear. What happened next, when the train (the 9:15) had left without you?"
WORDS = "Thank you that is clear What happened next when the train the 9:15 had left without you".split()
HOW = Voice(NAME, "")


@asynccontextmanager
async def _speaking(
    script: Script | None = None, policy: LinePolicy | None = None, sound_format: SoundFormat | None = None
) -> AsyncIterator[tuple[ElevenLabsVoice, RunningElevenLabs]]:
    async with elevenlabs_emulator(script) as running:
        account = running.account() if sound_format is None else running.account(sound_format=sound_format)
        voice = ElevenLabsVoice(account, policy)
        async with at_work(voice):
            yield voice, running
        await running.vendor.until(requests=0, connections=0)


def _asked(voice: ElevenLabsVoice, text: str = TEXT, how: Voice = HOW) -> AsyncGenerator[SpeechChunk, None]:
    return cast("AsyncGenerator[SpeechChunk, None]", voice.synthesize(text, how))


@pytest.mark.parametrize("times", ["utterance", "sentence", "message"])
@pytest.mark.parametrize("spelling", ["camel", "snake", "normalized"])
async def test_words_have_the_same_times_however_the_vendor_counts_and_spells(
    times: Times, spelling: str
) -> None:
    async with _speaking() as (voice, running):
        plain = await said(voice, TEXT, HOW)
        running.manners.times = times
        running.manners.snake_case = spelling == "snake"
        running.manners.normalized_only = spelling == "normalized"
        other = await said(voice, TEXT, HOW)

    assert WORDS == plain.spoken(TEXT) == other.spoken(TEXT)
    assert plain.pcm == other.pcm
    for expected, word in zip(plain.words, other.words, strict=True):
        assert abs(expected.start - word.start) < 0.02
        assert abs(expected.end - word.end) < 0.02


async def test_without_alignment_there_is_sound_and_no_guess() -> None:
    async with _speaking() as (voice, running):
        running.manners.times = "none"
        whole = await said(voice, TEXT, HOW)

    assert () == whole.words
    assert whole.duration > 4


async def test_an_utterance_is_a_context_with_its_sentences_flushed_and_closed() -> None:
    text = "That is very clear to me by now, thank you. What happened after the train had left?"
    async with _speaking() as (voice, running):
        told: list[Told] = []
        with witnessed_by(told.append):
            await said(voice, text, Voice(NAME, "", 1.1))
        heard = running.emulator.sockets[0].heard
        query = running.vendor.asked[0].query

    sentences = text.replace("you. ", "you.|").split("|")
    assert [
        {"text": " ", "context_id": "u1", "voice_settings": {"speed": 1.1}},
        *({"text": f"{sentence} ", "context_id": "u1", "flush": True} for sentence in sentences),
        {"context_id": "u1", "close_context": True},
    ] == heard
    assert "sync_alignment=true" in query
    assert "auto_mode=true" in query
    assert "inactivity_timeout=180" in query
    assert [Usage(NAME, characters=len(text) - 1)] == told


async def test_a_line_stands_before_anybody_speaks_and_carries_one_utterance_after_the_other() -> None:
    async with _speaking() as (voice, running):
        voice.expect(HOW)
        await running.until_lines(1)
        for _ in range(7):
            await said(voice, "Hello.", HOW)

        assert 1 == len(running.emulator.sockets)
        assert 1 == running.emulator.sockets[0].most_at_once


async def test_no_line_ever_carries_more_than_five_utterances() -> None:
    async with _speaking(Script(first=exactly(0.05))) as (voice, running):
        voice.expect(HOW)
        await running.until_lines(1)
        many = await asyncio.gather(*(said(voice, TEXT, HOW) for _ in range(23)))

        assert [WORDS] * 23 == [whole.spoken(TEXT) for whole in many]
        assert 1 == len({whole.pcm for whole in many})
        assert all(socket.most_at_once <= 5 for socket in running.emulator.sockets)
        assert {""} == {socket.refused for socket in running.emulator.sockets}


async def test_utterances_that_are_cut_off_again_and_again_never_trip_the_limit() -> None:
    async with _speaking(Script(first=exactly(0.02), later=exactly(0.02))) as (voice, running):
        for _ in range(15):
            async with aclosing(_asked(voice)) as chunks:
                await anext(chunks)
        whole = await said(voice, TEXT, HOW)

        assert WORDS == whole.spoken(TEXT)
        assert {""} == {socket.refused for socket in running.emulator.sockets}
        assert all(socket.most_at_once <= 5 for socket in running.emulator.sockets)


async def test_sound_that_comes_late_for_a_dropped_utterance_is_in_no_other() -> None:
    async with _speaking(Script(later=exactly(0.03))) as (voice, _):
        alone = await said(voice, "Hello, who is there, please?", HOW)
        for _ in range(3):
            async with aclosing(_asked(voice)) as chunks:
                await anext(chunks)
        after = await said(voice, "Hello, who is there, please?", HOW)

    assert alone == after


async def test_voices_have_lines_of_their_own() -> None:
    other = Voice(NAME, list(VOICES)[1])
    async with _speaking() as (voice, running):
        one, two = await asyncio.gather(said(voice, TEXT, HOW), said(voice, TEXT, other))

        assert one.pcm != two.pcm
        assert one.spoken(TEXT) == two.spoken(TEXT)
        assert 2 == len(running.emulator.sockets)


async def test_a_line_is_replaced_before_the_vendor_closes_it_for_disuse() -> None:
    async with _speaking(policy=LinePolicy(renew_after=0.2)) as (voice, running):
        voice.expect(HOW)
        first = (await running.until_lines(3))[0]
        whole = await said(voice, TEXT, HOW)

        assert [{"close_socket": True}] == first.heard
        assert WORDS == whole.spoken(TEXT)


async def test_lines_of_a_voice_that_nobody_wants_any_more_are_closed() -> None:
    async with _speaking(policy=LinePolicy(wanted_duration=0.1)) as (voice, running):
        await said(voice, "Hello.", HOW)
        await running.vendor.until(connections=0)

        assert {"close_socket": True} == running.emulator.sockets[0].heard[-1]


@pytest.mark.parametrize("sound_format", [PCM_16000, ULAW_8000])
async def test_a_carrier_s_shape_of_sound_comes_as_it_is_with_the_same_times(
    sound_format: SoundFormat,
) -> None:
    async with _speaking() as (voice, running):
        usual = await said(voice, TEXT, HOW)
        native = ElevenLabsVoice(running.account(sound_format=sound_format))
        async with at_work(native):
            for way in (native, native.ahead):
                other = joined([chunk async for chunk in way.synthesize(TEXT, HOW)])
                sound = other.pcm
                samples = ulaw_decoded(sound) if sound_format is ULAW_8000 else np.frombuffer(sound, np.int16)
                level = 20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) / 32_768)

                assert abs(usual.duration - len(sound) / sound_format.bytes_per_second) < 0.01
                assert abs(usual.level - level) < 1.0
                assert WORDS == other.spoken(TEXT)
                for expected, word in zip(usual.words, other.words, strict=True):
                    assert abs(expected.end - word.end) < 0.02


async def test_known_words_sound_like_live_ones_and_have_the_same_times() -> None:
    async with _speaking() as (voice, running):
        live = await said(voice, TEXT, HOW)
        ahead = await said(voice.ahead, TEXT, HOW)

        assert WORDS == ahead.spoken(TEXT)
        assert abs(live.duration - ahead.duration) < 0.5
        assert [TEXT] == running.emulator.rendered


async def test_a_good_key_passes_the_check_and_a_line_stands() -> None:
    async with _speaking() as (voice, running):
        await voice.check()

        assert 1 == len(running.emulator.sockets)
        assert [] == running.emulator.rendered


async def test_a_key_that_may_only_speak_passes_the_check() -> None:
    async with _speaking() as (voice, running):
        running.manners.tts_only_key = True
        await voice.check()


async def test_a_wrong_key_is_told_in_one_sentence_by_the_check_and_by_every_utterance() -> None:
    async with elevenlabs_emulator() as running:
        voice = ElevenLabsVoice(running.account(key="xi-wrong"))
        async with at_work(voice):
            told = []
            for asked in (voice.check(), said(voice, "Hello.", HOW), said(voice.ahead, "Hello.", HOW)):
                with pytest.raises(ProviderError) as refused:
                    await asked
                told.append(refused.value)

    assert {"the key is refused"} == {error.message for error in told}
    assert {(401, False)} == {(error.status, error.retryable) for error in told}
    assert not any("xi-wrong" in str(error) for error in told)


async def test_an_account_without_characters_is_no_wrong_key() -> None:
    async with _speaking() as (voice, running):
        running.manners.characters_left = False
        for way in (voice, voice.ahead):
            with pytest.raises(ProviderError, match="used up") as refused:
                await said(way, "Hello.", HOW)

            assert (402, False) == (refused.value.status, refused.value.retryable)


async def test_a_default_voice_that_the_account_does_not_have_fails_the_check() -> None:
    async with elevenlabs_emulator() as running:
        voice = ElevenLabsVoice(running.account(voice_id="nobody"))
        async with at_work(voice):
            with pytest.raises(ProviderError, match="there is no voice 'nobody'"):
                await voice.check()


async def test_without_run_nothing_is_spoken_and_nobody_waits_for_ever() -> None:
    voice = ElevenLabsVoice(Account(KEY, "http://127.0.0.1:9"), LinePolicy(dial_timeout=0.05))
    with pytest.raises(ProviderError) as refused:
        await said(voice, "Hello.", HOW)

    assert refused.value.retryable


async def test_no_words_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with _speaking() as (voice, running):
        await said(voice, "Rumpelstiltskin is my name.", HOW)
        await said(voice.ahead, "Rumpelstiltskin is my name.", HOW)
        running.manners.characters_left = False
        for way in (voice, voice.ahead):
            with pytest.raises(ProviderError) as refused:
                await said(way, "Rumpelstiltskin is my name.", HOW)

            assert "Rumpel" not in str(refused.value)

    assert "Rumpel" not in caplog.text
    assert KEY not in caplog.text


async def test_a_line_is_not_given_up_for_what_came_while_our_own_loop_stood_still() -> None:
    def stand_still(_: Random) -> float:
        time.sleep(stalls.pop() if stalls else 0.0)
        return 0.0

    stalls: list[float] = []
    script, policy = Script(later=stand_still), LinePolicy(deaf_after=1.0)
    async with _speaking(script, policy) as (voice, running):
        await said(voice, TEXT, HOW)  # from now on the emulator knows the words, and says them at once
        stalls.append(1.5)
        whole = await said(voice, TEXT, HOW)

        assert 1 == len(running.emulator.sockets)
    assert WORDS == whole.spoken(TEXT)
