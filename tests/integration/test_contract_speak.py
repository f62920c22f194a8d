"""What every voice keeps to, whoever's it is: the embedded one, a vendor's against its emulator, and the
vendor's own where there is a key for it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import cast

import msgspec
import pytest
import pytest_asyncio

from server.providers.elevenlabs.account import BASE_URL, NAME, Account
from server.providers.elevenlabs.speech_synthesis import ElevenLabsVoice
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.protocols import ProviderError, SpeechChunk, TextToSpeech, Voice
from server.settings import Settings
from tests.emulators.elevenlabs import elevenlabs_emulator
from tests.support.speaking import at_work, said, voiced_share

ACCESS = Settings.load().vendor("elevenlabs")
TEXT = "Thank you, that is clear. What happened next, when the train had left without you?"
WORDS = "Thank you that is clear What happened next when the train had left without you".split()
OTHER = "Please say your name now."

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Speaker(msgspec.Struct):
    """A voice that is tried, and how it is asked."""

    voice: TextToSpeech
    how: Voice


@asynccontextmanager
async def _embedded() -> AsyncIterator[Speaker]:
    voice = EmbeddedVoice()
    async with at_work(voice):
        yield Speaker(voice, Voice())


@asynccontextmanager
async def _emulated(*, ahead: bool) -> AsyncIterator[Speaker]:
    async with elevenlabs_emulator() as running:
        voice = ElevenLabsVoice(running.account())
        async with at_work(voice):
            yield Speaker(voice.ahead if ahead else voice, Voice(NAME, ""))
        await running.vendor.until(requests=0, connections=0)


@asynccontextmanager
async def _real(*, ahead: bool) -> AsyncIterator[Speaker]:
    voice = ElevenLabsVoice(Account(ACCESS.key, ACCESS.url or BASE_URL))
    async with at_work(voice):
        yield Speaker(voice.ahead if ahead else voice, Voice(NAME, ""))


SPEAKERS = {
    "embedded": lambda: _embedded(),
    "elevenlabs-emulated": lambda: _emulated(ahead=False),
    "elevenlabs-ahead-emulated": lambda: _emulated(ahead=True),
    "elevenlabs": lambda: _real(ahead=False),
    "elevenlabs-ahead": lambda: _real(ahead=True),
}
NEEDS_A_KEY = ("elevenlabs", "elevenlabs-ahead")
EACH = [name for name in SPEAKERS if ACCESS.key or name not in NEEDS_A_KEY]


def _opened(name: str) -> AbstractAsyncContextManager[Speaker]:
    return SPEAKERS[name]()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=EACH)
async def speaker(request: pytest.FixtureRequest) -> AsyncIterator[Speaker]:
    async with _opened(request.param) as opened:
        yield opened


def _asked(speaker: Speaker, text: str) -> AsyncGenerator[SpeechChunk, None]:
    return cast("AsyncGenerator[SpeechChunk, None]", speaker.voice.synthesize(text, speaker.how))


async def test_sound_is_speech_of_the_right_length_and_level(speaker: Speaker) -> None:
    whole = await said(speaker.voice, TEXT, speaker.how)

    assert 3.0 < whole.duration < 10.0
    assert -35 < whole.level < -10
    assert voiced_share(whole.pcm) > 0.6
    assert 0 == len(whole.pcm) % 2


async def test_every_word_has_a_time_and_they_rise_within_the_sound(speaker: Speaker) -> None:
    whole = await said(speaker.voice, TEXT, speaker.how)
    edges = [edge for word in whole.words for edge in (word.start, word.end)]

    assert WORDS == whole.spoken(TEXT)
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= whole.duration
    assert whole.duration - edges[-1] < 1.0


async def test_words_come_with_sound_that_was_given_by_then(speaker: Speaker) -> None:
    given = 0
    async with aclosing(_asked(speaker, TEXT)) as chunks:
        async for chunk in chunks:
            given += len(chunk.pcm)

            assert all(word.end <= given / 48_000 + 1e-6 for word in chunk.words)


async def test_a_faster_voice_is_done_sooner(speaker: Speaker) -> None:
    slow, fast = [
        await said(speaker.voice, OTHER, msgspec.structs.replace(speaker.how, speed=speed))
        for speed in (0.8, 1.2)
    ]

    assert fast.duration < slow.duration


async def test_closing_the_iterator_stops_it_and_the_next_is_not_troubled(speaker: Speaker) -> None:
    for _ in range(8):
        async with aclosing(_asked(speaker, TEXT)) as chunks:
            assert (await anext(chunks)).pcm
    after = await said(speaker.voice, OTHER, speaker.how)

    assert "Please say your name now".split() == after.spoken(OTHER)


async def test_two_at_once_do_not_mix(speaker: Speaker) -> None:
    alone = [(await said(speaker.voice, text, speaker.how)).duration for text in (TEXT, OTHER)]
    together = await asyncio.gather(
        *(said(speaker.voice, text, speaker.how) for text in (TEXT, OTHER, TEXT, OTHER, TEXT, OTHER))
    )

    assert [WORDS, "Please say your name now".split()] * 3 == [
        whole.spoken(text) for whole, text in zip(together, (TEXT, OTHER) * 3, strict=True)
    ]
    for whole, duration in zip(together, alone * 3, strict=True):
        assert 0.75 * duration < whole.duration < 1.33 * duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "...!?",
        "\0\1\2\x1b[31m Yes.",
        "\ud800\udfff lone surrogates",
        "<speak><break time='3s'/></speak>",
        "[[h@'loU]] &amp; &#0;",
        '{"text": "", "close_context": true}',
        "9" * 290,
        "\u202egnp.exe \ufeff\u200b",
        "😀" * 200,
        "Ω≈ç√∫˜µ≤≥÷ 你好 здравствуйте",
        "(" * 3_000,
    ],
)
async def test_garbage_is_spoken_or_refused_and_the_voice_goes_on(speaker: Speaker, text: str) -> None:
    with contextlib.suppress(ProviderError):
        await said(speaker.voice, text, speaker.how)
    after = await said(speaker.voice, "Hello.", speaker.how)

    assert after.pcm


async def test_a_text_that_is_too_long_is_refused_for_good(speaker: Speaker) -> None:
    with pytest.raises(ProviderError) as refused:
        await said(speaker.voice, "a" * 4_001, speaker.how)

    assert not refused.value.retryable


async def test_a_voice_that_nobody_has_is_refused_for_good_in_one_sentence(speaker: Speaker) -> None:
    nobody = Voice(speaker.how.provider, "nobody-of-this-name")
    with pytest.raises(ProviderError) as refused:
        await said(speaker.voice, "Hello.", nobody)
    after = await said(speaker.voice, "Hello.", speaker.how)

    assert not refused.value.retryable
    assert "nobody-of-this-name" in refused.value.message
    assert "\n" not in refused.value.message
    assert after.pcm


@pytest.mark.parametrize("name", EACH)
async def test_nothing_is_left_when_it_is_over(name: str) -> None:
    before = asyncio.all_tasks()
    async with _opened(name) as speaker:
        cut_off = _asked(speaker, TEXT)
        await anext(cut_off)
        waiting = asyncio.gather(*(said(speaker.voice, TEXT, speaker.how) for _ in range(7)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await cut_off.aclose()
    await asyncio.sleep(0)

    assert set() == asyncio.all_tasks() - before
