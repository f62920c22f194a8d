"""A Deepgram recogniser at an emulator, with what a test wants to know of both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from media.frames import EAR_FRAME_SAMPLES, FRAME_DURATION, AudioFrame
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.recogniser import DeepgramRecogniser, Model
from server.providers.deepgram.sound import Encoding
from server.providers.protocols import HintsChanged, Recognition, Transcript, TurnEndHint
from tests.emulators.deepgram import KEY, DeepgramEmulator, refusal
from tests.emulators.deepgram_ears import MakeEars, ScriptedEars
from tests.emulators.script import Script
from tests.emulators.vendor_server import VendorServer, vendor_server

LOUD = b"\x00\x10\x00\xf0" * (EAR_FRAME_SAMPLES // 2)
"""A frame that the emulator takes for voice."""
QUICK = DeepgramLimits(deaf_timeout=0.5, first_retry_delay=0.02, crowded_retry_delay=0.05, final_timeout=20.0)
"""For tests of faults: what is waited for comes soon, and no deadline cuts a slow machine short."""


class Microphone:
    """Frames in a row, voiced or silent, as the listener gives them."""

    def __init__(self, recognition: Recognition) -> None:
        self._recognition = recognition
        self._frames = 0
        self.said = b""

    def speak(self, seconds: float, pcm: bytes = LOUD) -> None:
        """Give so much sound at once."""
        for _ in range(round(seconds / FRAME_DURATION)):
            self._recognition.hear(AudioFrame(pcm, self._frames * EAR_FRAME_SAMPLES))
            self._frames += 1
            self.said += pcm

    def utter(self, utterance_id: int, seconds: float = 1.2) -> None:
        """A whole utterance: voice, and the silence that ends it."""
        self._recognition.start_utterance(utterance_id)
        self.speak(seconds)
        self.speak(0.44, bytes(len(LOUD)))
        self._recognition.end_utterance(utterance_id)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody tells; fails after half a minute."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def until_final(recognition: Recognition, utterance_id: int) -> list[Transcript | TurnEndHint]:
    """All that is said up to the final transcript of that utterance; fails after half a minute."""
    said = []
    async with asyncio.timeout(30):
        async for one in recognition:
            assert not isinstance(one, HintsChanged)
            said.append(one)
            if isinstance(one, Transcript) and one.final and one.utterance_id == utterance_id:
                break
    return said


async def until_hint(recognition: Recognition, hint: str) -> list[Transcript | TurnEndHint]:
    """All that is said up to such a hint; fails after half a minute."""
    said = []
    async with asyncio.timeout(30):
        async for one in recognition:
            assert not isinstance(one, HintsChanged)
            said.append(one)
            if isinstance(one, TurnEndHint) and one.hint == hint:
                break
    return said


class Deepgram:
    """The adapter, its emulator, and the server that the emulator is served by."""

    def __init__(
        self, recogniser: DeepgramRecogniser, emulator: DeepgramEmulator, vendor: VendorServer
    ) -> None:
        self.recogniser = recogniser
        self.emulator = emulator
        self.vendor = vendor


@asynccontextmanager
async def deepgram(
    model: Model = "flux",
    script: Script | None = None,
    *,
    spurts: Sequence[str] = ("well I think it did",),
    ears: MakeEars | None = None,
    encoding: Encoding = "linear16",
    limits: DeepgramLimits = QUICK,
    key: str = KEY,
    silence_limit: float = 10.0,
) -> AsyncIterator[Deepgram]:
    """Run all three; after it, nothing of the adapter's may be left."""
    emulator = DeepgramEmulator(ears or (lambda: ScriptedEars(spurts)), script, silence_limit=silence_limit)
    async with vendor_server(emulator.app, emulator.script, refusal=refusal) as vendor:
        recogniser = DeepgramRecogniser(
            key, model=model, encoding=encoding, address=vendor.url, limits=limits
        )
        running = asyncio.get_running_loop().create_task(recogniser.run())
        try:
            yield Deepgram(recogniser, emulator, vendor)
        finally:
            running.cancel()
            await asyncio.wait([running])
            assert recogniser.lines == 0
            await vendor.until(requests=0, connections=0)
