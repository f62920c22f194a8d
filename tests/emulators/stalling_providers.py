"""Providers that stall at one place only: a model before its answer, a voice on words nobody knew ahead."""

import asyncio
from collections.abc import AsyncIterator

from dialog.judgement import Judgement, JudgementRequest, Probe
from dialog.study import Study
from server.providers.protocols import SpeechChunk, TextToSpeech, Voice


class StalledModel:
    """Takes every answer in, and says nothing of it."""

    name = "stalled"

    async def judge(self, request: JudgementRequest) -> Judgement:
        await asyncio.Event().wait()
        raise AssertionError

    async def prepare(self, study: Study) -> None:
        pass


class AskingModel:
    """Asks, once a node, about the last word of an answer."""

    name = "asking"

    async def judge(self, request: JudgementRequest) -> Judgement:
        if request.follow_ups_asked:
            return Judgement("sufficient", judged_by=self.name)
        word = request.latest.rstrip(".").split()[-1]
        probe = Probe("detail", "mirroring", f"You mentioned {word}. What was that like?", word)
        return Judgement("vague", probe, judged_by=self.name)

    async def prepare(self, study: Study) -> None:
        pass


class VoiceWithoutSurprises:
    """Speaks as `voice` does, but stalls on whatever begins with `stalls_on`: before its first sound, or in
    the midst of it."""

    def __init__(self, voice: TextToSpeech, stalls_on: str, *, midway: bool = False) -> None:
        self.name = voice.name
        self._voice = voice
        self._stalls_on = stalls_on
        self._midway = midway

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        stalls = text.startswith(self._stalls_on)
        if stalls and not self._midway:
            await asyncio.Event().wait()
        async for chunk in self._voice.synthesize(text, voice):
            yield chunk
            if stalls:
                await asyncio.Event().wait()
