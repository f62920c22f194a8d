"""How the Deepgram emulator hears: sound is cut into spurts at pauses, and each becomes words with times,
by the embedded recogniser's decoders or from a script. Knows no wire format.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

import msgspec
import numpy as np

from media.codecs import ulaw_decode
from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION, AudioFrame
from media.resampler import resample
from server.providers.embedded.limits import RecogniserLimits
from server.providers.embedded.speech_recognition import EmbeddedRecogniser, EmbeddedRecognition

VOICE_RMS: Final = 200.0
"""Louder than this is voice: the sound of a test comes from a synthesiser or a file, not from a room."""
SPURT_SILENCE: Final = 0.26
"""Silence after which a spurt is over."""
PRE_ROLL_FRAMES: Final = 5


class TimedWord(msgspec.Struct, frozen=True):
    """Seconds of the stream."""

    text: str
    confidence: float
    start: float
    end: float


class Spurt(Protocol):
    """Speech without a pause, on its way to words."""

    def hear(self, pcm: bytes) -> None: ...

    def words_so_far(self) -> list[str]: ...

    async def words(self) -> tuple[list[str], float]:
        """End it, and wait for its words and their mean confidence."""


class Ears(Protocol):
    """Make spurts; one for each stream."""

    def begin(self) -> Spurt: ...

    async def close(self) -> None: ...


MakeEars = Callable[[], Ears]


class _DecodedSpurt:
    def __init__(self, recognition: EmbeddedRecognition, reader: "DecodingEars", number: int) -> None:
        self._recognition = recognition
        self._ears = reader
        self._number = number
        self._samples = 0
        recognition.start_utterance(number)

    def hear(self, pcm: bytes) -> None:
        self._recognition.hear(AudioFrame(pcm, self._samples))
        self._samples += EAR_FRAME_SAMPLES

    def words_so_far(self) -> list[str]:
        return self._ears.partial(self._number).split()

    async def words(self) -> tuple[list[str], float]:
        self._recognition.end_utterance(self._number)
        return await self._ears.final(self._number)


class DecodingEars:
    """The embedded recogniser's decoders behind one stream."""

    def __init__(self, recogniser: EmbeddedRecogniser) -> None:
        self._recognition = recogniser.recognize("en-US", ())
        self._numbers = 0
        self._partials: dict[int, str] = {}
        self._finals: dict[int, asyncio.Future[tuple[list[str], float]]] = {}
        self._reader = asyncio.get_running_loop().create_task(self._read())  # ended by close

    def begin(self) -> Spurt:
        self._numbers += 1
        self._partials.clear()
        self._finals[self._numbers] = asyncio.get_running_loop().create_future()
        return _DecodedSpurt(self._recognition, self, self._numbers)

    def partial(self, number: int) -> str:
        return self._partials.get(number, "")

    async def final(self, number: int) -> tuple[list[str], float]:
        found = await self._finals[number]
        del self._finals[number]
        return found

    async def _read(self) -> None:
        async for heard in self._recognition:
            if heard.final:
                self._finals[heard.utterance_id].set_result((heard.text.split(), heard.confidence))
            else:
                self._partials[heard.utterance_id] = heard.text

    async def close(self) -> None:
        await self._recognition.close()
        await self._reader


class _ScriptedSpurt:
    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._frames = 0

    def hear(self, pcm: bytes) -> None:
        self._frames += 1

    def words_so_far(self) -> list[str]:
        return self._words[: int(self._frames * FRAME_DURATION / 0.3)]

    async def words(self) -> tuple[list[str], float]:
        return self._words, 0.9


class ScriptedEars:
    """Hears `spurts`, one after another, whatever is said; then the last one again."""

    def __init__(self, spurts: Sequence[str]) -> None:
        self._spurts = list(spurts)

    def begin(self) -> Spurt:
        words = self._spurts.pop(0) if len(self._spurts) > 1 else self._spurts[0]
        return _ScriptedSpurt(words.split())

    async def close(self) -> None:
        pass


@asynccontextmanager
async def decoding_ears(decoders: int = 1) -> AsyncIterator[MakeEars]:
    """Ears that understand English, all on the same few decoders."""
    limits = RecogniserLimits(stall_timeout=30.0, final_timeout=60.0)
    recogniser = EmbeddedRecogniser(decoders, limits=limits)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(recogniser.run())
        await recogniser.warm_up()
        try:
            yield lambda: DecodingEars(recogniser)
        finally:
            running.cancel()


class StreamSound:
    """What a client sends, as frames at EAR_RATE_HZ."""

    def __init__(self, encoding: str, rate_hz: int) -> None:
        self._mulaw = encoding == "mulaw"
        self._rate_hz = rate_hz
        self._frame_bytes = round(rate_hz * FRAME_DURATION) * (1 if self._mulaw else 2)
        self._rest = b""

    def frames(self, message: bytes) -> list[bytes]:
        """Every whole frame that there is by now."""
        sound = self._rest + message
        whole = len(sound) // self._frame_bytes * self._frame_bytes
        self._rest = sound[whole:]
        return [self._frame(sound[at : at + self._frame_bytes]) for at in range(0, whole, self._frame_bytes)]

    def _frame(self, sound: bytes) -> bytes:
        pcm = ulaw_decode(sound) if self._mulaw else sound
        if self._rate_hz == EAR_RATE_HZ:
            return pcm
        return resample(pcm, self._rate_hz, EAR_RATE_HZ)[: EAR_FRAME_SAMPLES * 2].ljust(EAR_FRAME_SAMPLES * 2)


class Hearing:
    """Follows a stream frame by frame: where somebody speaks, and the words of that."""

    def __init__(self, ears: Ears) -> None:
        self.at = 0.0
        """Seconds of sound heard."""
        self.silence = 0.0
        """Seconds since the last voice."""
        self.words: list[TimedWord] = []
        """Of all spurts that are over since they were last cleared."""
        self._ears = ears
        self._spurt: Spurt | None = None
        self._began_at = 0.0
        self._voice_at = 0.0
        self._recent: list[bytes] = []

    @property
    def speaking(self) -> bool:
        return self._spurt is not None

    @property
    def settling(self) -> bool:
        """In the silence that may end a spurt: what was just said isn't certain yet."""
        return self._spurt is not None and self.silence > 0

    def hear(self, pcm: bytes) -> bool:
        """Take a frame; True when a spurt has come to its end, whose words must be waited for."""
        self.at += FRAME_DURATION
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        voice = float(np.sqrt(np.mean(samples**2))) > VOICE_RMS
        self.silence = 0.0 if voice else self.silence + FRAME_DURATION
        if voice:
            self._voice_at = self.at
        if self._spurt is None:
            self._recent = [*self._recent, pcm][-PRE_ROLL_FRAMES:]
            if not voice:
                return False
            self._spurt = self._ears.begin()
            self._began_at = self.at - FRAME_DURATION
            for frame in self._recent:
                self._spurt.hear(frame)
            self._recent = []
            return False
        self._spurt.hear(pcm)
        return self.silence >= SPURT_SILENCE

    def words_now(self) -> list[TimedWord]:
        """All words, those of the spurt that goes on as far as they are known."""
        if self._spurt is None:
            return list(self.words)
        return [*self.words, *_spread(self._spurt.words_so_far(), 1.0, self._began_at, self.at)]

    async def finish(self) -> None:
        """End the spurt that goes on, if one does, and wait for its words."""
        if self._spurt is not None:
            spurt, self._spurt = self._spurt, None
            texts, confidence = await spurt.words()
            self.words += _spread(texts, confidence, self._began_at, self._voice_at)


def _spread(texts: Sequence[str], confidence: float, start: float, end: float) -> list[TimedWord]:
    """Words over the time in which they were said, each as long as it is written."""
    letters = sum(len(text) + 1 for text in texts)
    words, at = [], start
    for text in texts:
        until = at + (len(text) + 1) / letters * max(0.0, end - start)
        words.append(TimedWord(text, confidence, round(at, 3), round(until, 3)))
        at = until
    return words
