"""Providers on bad days: slow, silent, failing, breaking off, as a generator of random numbers has it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from random import Random

from dialog.blueprint import Patience
from dialog.embedded_interviewer import judge
from dialog.judgement import Judgement, JudgementRequest
from dialog.study import Study
from media.frames import VOICE_RATE_HZ
from server.providers.protocols import ProviderError, SpeechChunk, Transcript, Voice

_SECONDS_PER_WORD = 0.3
_HALF_A_SECOND = b"\x10\x00" * (VOICE_RATE_HZ // 2)


class FitfulVoice:
    """Speaks in pieces of half a second; `faults` is the share of texts that go wrong."""

    name = "fitful"

    def __init__(self, rng: Random, faults: float) -> None:
        self._rng = rng
        self._faults = faults

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        rng, dice = self._rng, self._rng.random() / max(self._faults, 1e-9)
        if dice < 0.3:
            raise ProviderError(self.name, "overloaded", retryable=True)
        if dice < 0.5:
            await asyncio.Event().wait()
        await asyncio.sleep(rng.uniform(1.0, 5.0) if dice < 0.8 else rng.uniform(0.1, 0.5))
        pieces = max(1, round(2 * _SECONDS_PER_WORD * len(text.split())))
        for piece in range(pieces):
            if 0.8 <= dice < 1.0 and piece == pieces // 2:
                raise ProviderError(self.name, "broke off", retryable=True)
            yield SpeechChunk(_HALF_A_SECOND)
            await asyncio.sleep(0.05)


class FitfulJudge:
    """The embedded rules, after a while, or never."""

    name = "fitful"

    def __init__(self, rng: Random, faults: float) -> None:
        self._rng = rng
        self._faults = faults

    async def judge(self, request: JudgementRequest) -> Judgement:
        dice = self._rng.random() / max(self._faults, 1e-9)
        if dice < 0.3:
            raise ProviderError(self.name, "overloaded", retryable=True)
        if dice < 0.6:
            await asyncio.Event().wait()
        await asyncio.sleep(self._rng.uniform(1.0, 5.0) if dice < 1.0 else self._rng.uniform(0.1, 0.9))
        return judge(request)

    async def prepare(self, study: Study) -> None:
        pass


class DeafEar:
    """A recogniser and its recognition in one: hears nothing and says nothing."""

    name = "deaf"
    turn_end_hints = ""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    def recognize(self, language: str, key_terms: Sequence[str]) -> "DeafEar":
        return DeafEar()

    def attend(self, patience: Patience) -> None:
        pass

    def start_utterance(self, utterance_id: int) -> None:
        pass

    def hear(self, frame: object) -> None:
        pass

    def end_utterance(self, utterance_id: int) -> None:
        pass

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        await self._closed.wait()
        nothing: tuple[Transcript, ...] = ()
        for transcript in nothing:
            yield transcript

    async def close(self) -> None:
        self._closed.set()
