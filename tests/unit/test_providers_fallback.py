"""A voice that answers in time or fails in time."""

import pytest

from server.providers.fallback import FallbackVoice
from server.providers.protocols import ProviderError, Voice
from tests.emulators.voices import FailingVoice, SilentVoice, StalledVoice, ToneVoice

RETRYABLE = ProviderError("failing", "it died", retryable=True)
FINAL = ProviderError("failing", "there is no such voice", retryable=False)


async def _chunks(voice: FallbackVoice) -> int:
    return len([chunk async for chunk in voice.synthesize("Hello.", Voice())])


async def test_the_first_voice_that_answers_speaks_alone() -> None:
    first, second = ToneVoice("first"), ToneVoice("second")

    assert 2 == await _chunks(FallbackVoice([first, second]))
    assert [] == second.spoken


async def test_a_stalled_voice_is_cancelled_and_the_next_one_speaks() -> None:
    stalled = StalledVoice()
    given_up: list[tuple[str, str]] = []
    voice = FallbackVoice(
        [stalled, ToneVoice()], first_chunk_timeout=0.01, gave_up=lambda who, why: given_up.append((who, why))
    )

    assert 2 == await _chunks(voice)
    assert 1 == stalled.cancelled
    assert [("stalled", "stalled: no sound in time")] == given_up


async def test_with_none_left_the_last_fault_is_raised() -> None:
    with pytest.raises(ProviderError, match="no sound in time") as caught:
        await _chunks(FallbackVoice([FailingVoice(FINAL), StalledVoice()], first_chunk_timeout=0.01))

    assert caught.value.retryable


async def test_a_voice_named_twice_gets_a_second_attempt_at_what_may_pass() -> None:
    failing = FailingVoice(RETRYABLE)
    with pytest.raises(ProviderError):
        await _chunks(FallbackVoice([failing, failing]))

    assert 2 == failing.asked


async def test_a_voice_named_twice_is_not_asked_again_for_what_it_does_not_have() -> None:
    failing = FailingVoice(FINAL)
    with pytest.raises(ProviderError):
        await _chunks(FallbackVoice([failing, failing]))

    assert 1 == failing.asked


async def test_a_fault_after_the_first_sound_is_the_callers() -> None:
    second = ToneVoice()
    with pytest.raises(ProviderError):
        await _chunks(FallbackVoice([FailingVoice(RETRYABLE, after_a_chunk=True), second]))

    assert [] == second.spoken


async def test_a_voice_without_any_sound_has_failed_and_the_next_one_speaks() -> None:
    given_up: list[str] = []
    voice = FallbackVoice([SilentVoice(), ToneVoice()], gave_up=lambda _, why: given_up.append(why))

    assert 2 == await _chunks(voice)
    assert ["silent: no sound at all"] == given_up


async def test_with_nothing_but_silent_voices_a_fault_is_raised() -> None:
    with pytest.raises(ProviderError, match="no sound at all"):
        await _chunks(FallbackVoice([SilentVoice(), SilentVoice()]))


async def test_a_voice_that_stalls_in_mid_sentence_is_cancelled_and_that_is_the_callers() -> None:
    stalled, second = StalledVoice(after_a_chunk=True), ToneVoice()
    with pytest.raises(ProviderError, match="no sound in time"):
        await _chunks(FallbackVoice([stalled, second], next_chunk_timeout=0.01))

    assert 1 == stalled.cancelled
    assert [] == second.spoken
