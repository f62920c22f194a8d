"""The vendor's bad days: whatever it does, an utterance fails soon with a ProviderError or is spoken whole,
others go on, and the next is spoken as soon as the vendor is well again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import msgspec
import pytest

from server.clock import loop_time
from server.providers.elevenlabs.account import NAME, VOICE_ID
from server.providers.elevenlabs.line_policy import LinePolicy
from server.providers.elevenlabs.lines import VoiceLines
from server.providers.elevenlabs.speech_synthesis import ElevenLabsVoice
from server.providers.protocols import ProviderError, TextToSpeech, Voice
from tests.emulators.elevenlabs import VOICES, RunningElevenLabs, elevenlabs_emulator
from tests.emulators.script import FAULT_KINDS, FaultKind, Script, exactly
from tests.support.speaking import at_work, said
from tests.support.unwaited_time import unwaited

TEXT = "Thank you, that is clear. What happened next, when the train had left without you?"
WORDS = "Thank you that is clear What happened next when the train had left without you".split()
HOW = Voice(NAME, "")
QUICK = LinePolicy(first_pause=0.05, longest_pause=0.1, refused_pause=0.1)
HASTY = msgspec.structs.replace(QUICK, doubt_after=0.5, deaf_after=1.0, ping_interval=0.3, ping_timeout=0.5)


@asynccontextmanager
async def _speaking(
    script: Script, policy: LinePolicy = QUICK
) -> AsyncIterator[tuple[ElevenLabsVoice, RunningElevenLabs]]:
    async with elevenlabs_emulator(script) as running:
        voice = ElevenLabsVoice(running.account(), policy)
        async with at_work(voice):
            yield voice, running
        await running.vendor.until(requests=0, connections=0)


async def _spoken_again(voice: TextToSpeech) -> None:
    """Within the pauses that a line takes after a fault, and no later."""
    async with asyncio.timeout(10):
        while True:
            try:
                whole = await said(voice, TEXT, HOW)
            except ProviderError:
                await asyncio.sleep(0.02)
            else:
                break

    assert WORDS == whole.spoken(TEXT)


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("kind", FAULT_KINDS)
@unwaited
async def test_a_fault_on_a_line_fails_its_utterance_soon_and_the_next_is_spoken(
    kind: FaultKind, after: int
) -> None:
    script = Script()
    script.fail(kind, after=after, times=1, drip=0.01)
    async with _speaking(script, HASTY) as (voice, _):
        if kind == "slow":
            assert WORDS == (await said(voice, TEXT, HOW)).spoken(TEXT)
        else:
            with pytest.raises(ProviderError) as failed:
                async with asyncio.timeout(5):
                    await said(voice, TEXT, HOW)

            assert (kind == "unauthorized") != failed.value.retryable
            assert {"unauthorized": 401, "limited": 429, "failing": 503}.get(kind) == failed.value.status
        await _spoken_again(voice)


@pytest.mark.parametrize(
    "kind", [kind for kind in FAULT_KINDS if kind not in ("stalled", "stalled_midway", "deaf")]
)
@unwaited
async def test_a_fault_over_http_fails_its_text_and_the_next_is_spoken(kind: FaultKind) -> None:
    script = Script()
    script.fail(kind, after=1, times=1, drip=0.001)
    async with _speaking(script) as (voice, _):
        if kind == "slow":
            assert ["Hello"] == (await said(voice.ahead, "Hello.", HOW)).spoken("Hello.")
        else:
            with pytest.raises(ProviderError) as failed:
                await said(voice.ahead, TEXT, HOW)

            assert (kind == "unauthorized") != failed.value.retryable
        await _spoken_again(voice.ahead)


@unwaited
async def test_a_line_that_dies_takes_only_its_own_utterances_with_it() -> None:
    other = Voice(NAME, list(VOICES)[1])
    script = Script(later=exactly(0.02))
    script.fail("reset", after=2, path=other.voice_id)
    async with _speaking(script) as (voice, _):
        outcomes = await asyncio.gather(
            *(said(voice, TEXT, how) for how in (HOW, other, HOW, other, HOW)), return_exceptions=True
        )

    spoken = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, ProviderError)]
    assert [WORDS] * 3 == [whole.spoken(TEXT) for whole in spoken]
    assert [True] * 2 == [failure.retryable for failure in failed]


@unwaited
async def test_a_doubted_line_that_speaks_again_is_given_to_whoever_waits_for_a_place() -> None:
    async with elevenlabs_emulator(Script(first=exactly(0.8))) as running, asyncio.TaskGroup() as tasks:
        running.manners.never_final = True  # no place becomes free by an utterance's end
        lines = VoiceLines(running.account(), VOICE_ID, HASTY, lambda: None)
        lines.want()
        (line,) = lines.tend()
        held = tasks.create_task(line.run())
        (await lines.line()).open_context(1 << 30).say([TEXT], 1.0)
        await asyncio.sleep(0.6)
        places_while_doubted = line.places(loop_time())
        found = await lines.line()  # the only one that there is; it says its first word by and by
        held.cancel()

    assert 0 == places_while_doubted
    assert found is line


@unwaited
async def test_a_deaf_line_gets_no_second_utterance_once_it_is_doubted() -> None:
    script = Script()
    script.fail("deaf", times=1)
    async with _speaking(script, HASTY) as (voice, running):
        voice.expect(HOW)
        await running.until_lines(1)
        unheard = voice.synthesize(TEXT, HOW)
        async with aclosing(unheard):  # type: ignore[type-var]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.6):
                    await anext(unheard)
        whole = await said(voice, TEXT, HOW)

    assert WORDS == whole.spoken(TEXT)


@unwaited
async def test_an_idle_line_whose_other_end_has_died_is_replaced_before_anybody_speaks() -> None:
    script = Script()
    script.fail("deaf", times=1)
    async with _speaking(script, HASTY) as (voice, running):
        voice.expect(HOW)
        await running.until_lines(2)
        whole = await said(voice, TEXT, HOW)

    assert WORDS == whole.spoken(TEXT)


@unwaited
async def test_a_context_whose_end_is_never_told_costs_a_line_and_no_utterance() -> None:
    async with _speaking(Script(), HASTY) as (voice, running):
        running.manners.never_final = True
        for _ in range(6):
            async with aclosing(voice.synthesize(TEXT, HOW)) as chunks:  # type: ignore[type-var]
                await anext(chunks)
        running.manners.never_final = False
        await _spoken_again(voice)

        assert {""} == {line.refused for line in running.emulator.sockets}


@unwaited
async def test_sound_without_end_is_cut_off_as_a_fault() -> None:
    script = Script()
    async with _speaking(script) as (voice, running):
        running.manners.endless = True
        with pytest.raises(ProviderError, match="more sound"):
            await said(voice, "Hi there.", HOW)
        running.manners.endless = False
        await _spoken_again(voice)


@unwaited
async def test_while_a_vendor_is_away_utterances_fail_at_once_and_not_one_by_one_in_time_outs() -> None:
    script = Script()
    script.fail("failing")
    async with _speaking(script) as (voice, running):
        with pytest.raises(ProviderError):
            await said(voice, TEXT, HOW)
        for _ in range(50):
            with pytest.raises(ProviderError):
                await said(voice, TEXT, HOW)
        dialled = len(running.vendor.asked)
        script.heal()
        await _spoken_again(voice)

    assert dialled < 25


@unwaited
async def test_an_unknown_voice_is_not_dialled_again_and_again() -> None:
    script = Script()
    nobody = Voice(NAME, "nobody")
    async with _speaking(script) as (voice, running):
        for _ in range(50):
            with pytest.raises(ProviderError, match="no voice 'nobody'") as refused:
                await said(voice, TEXT, nobody)

            assert not refused.value.retryable

        assert len(running.emulator.sockets) < 25


@unwaited
async def test_a_vendor_that_is_cut_off_while_many_speak_leaves_nothing() -> None:
    script = Script(later=exactly(0.05))
    async with _speaking(script) as (voice, running):
        talks = asyncio.gather(*(said(voice, TEXT, HOW) for _ in range(12)), return_exceptions=True)
        await running.until_lines(3)
        running.vendor.reset_all()
        outcomes = await talks

        assert all(isinstance(outcome, ProviderError) and outcome.retryable for outcome in outcomes)
        await _spoken_again(voice)
