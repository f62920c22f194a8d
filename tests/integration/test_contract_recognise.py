"""What every recogniser keeps to, whoever it is: the embedded one, both of Deepgram's models at the emulator,
and the real service where there is a key for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from media.frames import AudioFrame
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.recogniser import DeepgramRecogniser, Model
from server.providers.embedded.limits import RecogniserLimits
from server.providers.embedded.speech_recognition import EmbeddedRecogniser
from server.providers.protocols import HintsChanged, Recognition, SpeechToText, Transcript, TurnEndHint
from server.settings import Settings
from tests.emulators.deepgram_ears import MakeEars, decoding_ears
from tests.support.deepgram import deepgram
from tests.support.speech import ear_frames, silence, speech_pcm

pytestmark = pytest.mark.aloud

ACCESS = Settings.load().vendor("deepgram")
REAL = pytest.mark.skipif(not ACCESS.key, reason="no key for deepgram is set")
PATIENT = DeepgramLimits(final_timeout=60.0, deaf_timeout=30.0, ping_timeout=30.0)
"""For a machine on which other tests run."""
SAID = {"dashboards", "found", "configured"}


class Tried:
    """A recogniser and how one tells that nothing of it is left."""

    def __init__(self, recogniser: SpeechToText, lines: Callable[[], int]) -> None:
        self.recogniser = recogniser
        self.lines = lines


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears() -> AsyncIterator[MakeEars]:
    """One decoder for all emulated streams of this file."""
    async with decoding_ears() as make:
        yield make


@asynccontextmanager
async def _embedded() -> AsyncIterator[Tried]:
    recogniser = EmbeddedRecogniser(1, limits=RecogniserLimits(stall_timeout=30.0, final_timeout=90.0))
    running = asyncio.get_running_loop().create_task(recogniser.run())
    await recogniser.warm_up()
    yield Tried(recogniser, lambda: 0)
    running.cancel()
    await asyncio.wait([running])


@asynccontextmanager
async def _emulated(model: Model, ears: MakeEars) -> AsyncIterator[Tried]:
    async with deepgram(model, ears=ears, limits=PATIENT) as running:
        yield Tried(running.recogniser, lambda: running.recogniser.lines)


@asynccontextmanager
async def _real(model: Model) -> AsyncIterator[Tried]:
    recogniser = DeepgramRecogniser(ACCESS.key, model=model, address=ACCESS.url or None)
    running = asyncio.get_running_loop().create_task(recogniser.run())
    await recogniser.check()
    yield Tried(recogniser, lambda: recogniser.lines)
    running.cancel()
    await asyncio.wait([running])


@pytest_asyncio.fixture(
    loop_scope="module",
    params=[
        "embedded",
        "flux",
        "nova-3",
        pytest.param("real flux", marks=REAL),
        pytest.param("real nova-3", marks=REAL),
    ],
)
async def tried(request: pytest.FixtureRequest, ears: MakeEars) -> AsyncIterator[Tried]:
    name: str = request.param
    model: Model = "flux" if "flux" in name else "nova-3"
    opened = _embedded() if name == "embedded" else _real(model) if ACCESS.key and "real" in name else None
    async with opened or _emulated(model, ears) as one:
        yield one


def _spoken(quiet_at_end: float = 0.44) -> list[AudioFrame]:
    return ear_frames(silence(0.2) + speech_pcm() + silence(quiet_at_end))


async def _speak(recognition: Recognition, utterance_id: int, frames: Sequence[AudioFrame]) -> None:
    """Four times as fast as one speaks: what is behind catches up in its own time."""
    recognition.start_utterance(utterance_id)
    for frame in frames:
        recognition.hear(frame)
        await asyncio.sleep(0.005)
    recognition.end_utterance(utterance_id)


async def _until(recognition: Recognition, finals: int) -> list[Transcript | TurnEndHint | HintsChanged]:
    said: list[Transcript | TurnEndHint | HintsChanged] = []
    async with asyncio.timeout(90):
        async for one in recognition:
            said.append(one)
            if len(_finals(said)) == finals:
                break
    return said


def _finals(said: Sequence[Transcript | TurnEndHint | HintsChanged]) -> list[Transcript]:
    return [one for one in said if isinstance(one, Transcript) and one.final]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_recogniser_keeps_to_its_protocol(tried: Tried) -> None:
    recognition = tried.recogniser.recognize("en-US", ["dashboards"])
    recognition.attend("narrative")
    listening = asyncio.get_running_loop().create_task(_until(recognition, 3))
    frames = _spoken()
    recognition.hear(frames[0])
    await _speak(recognition, 1, frames)
    recognition.end_utterance(1)
    await _speak(recognition, 2, ear_frames(silence(0.5), len(frames)))
    recognition.end_utterance(3)
    said = await listening
    await _closed_quickly(recognition.close)
    said += [one async for one in recognition]
    await _nothing_left(tried)

    partials = [one for one in said if isinstance(one, Transcript) and not one.final]
    first, second, third = sorted(_finals(said), key=lambda final: final.utterance_id)
    words = {word.strip(".,").lower() for word in first.text.split()}
    assert words >= SAID
    assert [(1, None), (2, None), (3, "unheard")] == [
        (final.utterance_id, final.failed) for final in (first, second, third)
    ]
    assert "" == second.text == third.text
    assert 0.2 < first.confidence <= 1.0
    assert 3 <= len([one for one in partials if one.utterance_id == 1]) <= 60
    assert all(0.0 <= one.behind < 60.0 for one in partials)
    assert _answered_before(said) == []
    hints = [one for one in said if isinstance(one, TurnEndHint)]
    assert tried.recogniser.turn_end_hints or not hints
    assert all(0 <= hint.confidence <= 1 and hint.utterance_id in (1, 2) for hint in hints)


@pytest.mark.asyncio(loop_scope="module")
async def test_closing_in_mid_speech_is_quick_and_leaves_nothing(tried: Tried) -> None:
    recognition = tried.recogniser.recognize("en-US", [])
    recognition.start_utterance(1)
    for frame in _spoken()[:60]:
        recognition.hear(frame)
    await asyncio.sleep(0)
    await _closed_quickly(recognition.close)
    recognition.start_utterance(2)
    recognition.end_utterance(2)
    rest = [one async for one in recognition]
    await _nothing_left(tried)

    assert [] == _finals(rest)


async def _closed_quickly(close: Callable[[], Awaitable[None]]) -> None:
    """Within a few turns of the loop, which no network is quick enough for."""
    closing = asyncio.ensure_future(close())  # noqa: TID251 - ended below
    for _ in range(10):
        await asyncio.sleep(0)

    assert closing.done()
    closing.result()


async def _nothing_left(tried: Tried) -> None:
    async with asyncio.timeout(20):
        while tried.lines():  # noqa: ASYNC110 - nobody tells when a line is over
            await asyncio.sleep(0.01)


def _answered_before(said: Sequence[Transcript | TurnEndHint | HintsChanged]) -> list[Transcript]:
    """Transcripts of utterances that had their final already."""
    answered: set[int] = set()
    late = []
    for one in said:
        if isinstance(one, Transcript):
            if one.utterance_id in answered:
                late.append(one)
            if one.final:
                answered.add(one.utterance_id)
    return late
