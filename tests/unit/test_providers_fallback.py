"""A voice that answers in time or fails in time."""

from collections.abc import AsyncIterator

import pytest

from server.providers.fallback import FallbackVoice
from server.providers.protocols import ProviderError, SpeechChunk, Voice
from server.providers.standing import Standings
from server.providers.witness import Decision, Told, witnessed_by
from tests.emulators.voices import BreakingVoice, FailingVoice, SilentVoice, StalledVoice, ToneVoice, tone

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
    told: list[Told] = []
    with witnessed_by(told.append):
        assert 2 == await _chunks(FallbackVoice([stalled, ToneVoice()], first_chunk_timeout=0.01))

    assert 1 == stalled.cancelled
    assert [Decision("text_to_speech", "stalled", "replaced", "stalled: no sound in time")] == told


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


async def test_a_fault_after_sound_whose_words_are_not_known_is_the_callers() -> None:
    second = ToneVoice()
    with pytest.raises(ProviderError):
        await _chunks(FallbackVoice([FailingVoice(RETRYABLE, after_a_chunk=True), second]))

    assert [] == second.spoken


async def test_a_voice_without_any_sound_has_failed_and_the_next_one_speaks() -> None:
    assert 2 == await _chunks(FallbackVoice([SilentVoice(), ToneVoice()]))


async def test_with_nothing_but_silent_voices_a_fault_is_raised() -> None:
    with pytest.raises(ProviderError, match="no sound at all"):
        await _chunks(FallbackVoice([SilentVoice(), SilentVoice()]))


async def test_a_voice_that_stalls_in_mid_sentence_is_cancelled_and_that_is_the_callers() -> None:
    stalled, second = StalledVoice(after_a_chunk=True), ToneVoice()
    with pytest.raises(ProviderError, match="no sound in time"):
        await _chunks(FallbackVoice([stalled, second], next_chunk_timeout=0.01))

    assert 1 == stalled.cancelled
    assert [] == second.spoken


async def test_a_voice_that_breaks_off_is_followed_by_the_next_from_the_word_it_did_not_finish() -> None:
    second = ToneVoice()
    voice = FallbackVoice([BreakingVoice(words=2), second])
    chunks = [chunk async for chunk in voice.synthesize("One two three four.", Voice())]

    assert [" three four."] == second.spoken
    assert [False, True, True] == [chunk.stand_in for chunk in chunks]
    assert [(0, 3), (4, 7), (7, 19)] == [
        (word.start_char, word.end_char) for chunk in chunks for word in chunk.words
    ]
    assert [0.0, 0.1, 0.45] == pytest.approx([word.start for chunk in chunks for word in chunk.words])


async def test_the_voice_that_an_agent_asks_for_speaks_first_and_the_others_with_their_own_voice() -> None:
    first, second = NotingVoice("first"), NotingVoice("second")
    voice = FallbackVoice([first, second])
    for asked in (Voice("second", "mary"), Voice("third", "mary"), Voice("first", "john", 1.2)):
        await _only(voice, asked)

    assert [Voice("second", "mary")] == second.asked
    assert [Voice("first", ""), Voice("first", "john", 1.2)] == first.asked
    assert Voice("first", "") == voice.effective(Voice("third", "mary"))


async def test_a_voice_that_failed_again_and_again_is_passed_over_at_once() -> None:
    failing, told = FailingVoice(RETRYABLE), list[Told]()
    voice = FallbackVoice([failing, ToneVoice()], standings=Standings("text_to_speech"))
    with witnessed_by(told.append):
        for _ in range(5):
            assert 2 == await _chunks(voice)

    assert 3 == failing.asked
    assert ["replaced", "replaced", "replaced", "opened", "skipped", "skipped"] == [
        one.decision for one in told if isinstance(one, Decision)
    ]


async def test_whatever_a_vendors_library_raises_leads_to_the_next_voice_and_its_breaker_is_told() -> None:
    failing, standings = FailingVoice(RuntimeError("a bug of theirs")), Standings("text_to_speech")
    voice = FallbackVoice([failing, ToneVoice()], standings=standings)
    for _ in range(4):
        assert 2 == await _chunks(voice)

    assert 3 == failing.asked
    assert {"failing": "failing: RuntimeError"} == standings.open


async def test_a_voice_that_breaks_off_in_every_sentence_is_left_alone_in_the_end() -> None:
    standings = Standings("text_to_speech")
    voice = FallbackVoice([BreakingVoice(words=2), ToneVoice()], standings=standings)
    for _ in range(3):
        assert [chunk async for chunk in voice.synthesize("One two three four.", Voice())]

    assert {"breaking": "breaking: the line broke"} == standings.open


@pytest.mark.parametrize(
    ("fault", "opened"),
    [
        (ProviderError("failing", "there is no such voice", retryable=False, status=404), False),
        (ProviderError("failing", "it makes no sense", retryable=False, status=422), False),
        (ProviderError("failing", "nothing is left of what was paid", retryable=False, status=429), True),
    ],
)
async def test_what_one_study_asks_wrongly_keeps_nobody_else_from_a_voice(
    fault: ProviderError, *, opened: bool
) -> None:
    standings = Standings("text_to_speech")
    voice = FallbackVoice([FailingVoice(fault), ToneVoice()], standings=standings)
    for _ in range(5):
        assert 2 == await _chunks(voice)

    assert opened == bool(standings.open)


class NotingVoice(ToneVoice):
    """Notes which voice is asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked: list[Voice] = []

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        self.asked.append(voice)
        yield SpeechChunk(tone(0.1))


async def _only(voice: FallbackVoice, asked: Voice) -> None:
    assert [SpeechChunk(tone(0.1))] == [chunk async for chunk in voice.synthesize("Hello.", asked)]
