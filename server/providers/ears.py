"""Recognitions as the recogniser's wrapper hears them: two at a time, one in place of another, or nobody.
Knows no vendor."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

from dialog.blueprint import Patience
from media.frames import AudioFrame
from server.providers.protocols import HintsChanged, Recognition, Transcript, TurnEndHint

Heard = Transcript | TurnEndHint | HintsChanged


class StandInAlone:
    """A stand-in's Recognition that first tells whose hints there will be."""

    def __init__(self, recognition: Recognition, hints: str) -> None:
        self._hints = hints
        self._recognition = recognition
        self.attend = recognition.attend
        self.start_utterance = recognition.start_utterance
        self.hear = recognition.hear
        self.end_utterance = recognition.end_utterance
        self.close = recognition.close

    async def __aiter__(self) -> AsyncIterator[Heard]:
        yield HintsChanged(self._hints)
        async for heard in self._recognition:
            yield heard


class Ear:
    """A recognition whose next word can be waited for beside others', and again."""

    def __init__(self, recognition: Recognition) -> None:
        self._words = aiter(recognition)
        self._next: asyncio.Task[Heard | None] | None = None

    def next(self) -> "asyncio.Task[Heard | None]":
        """Its next word; None = it has stopped. Owned here until taken."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._listen())
        return self._next

    def take(self) -> Heard | None:
        """What has come. Raises what the recognition did."""
        taken, self._next = self.next(), None
        return taken.result()

    async def end(self) -> None:
        """Wait for nothing more."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait((self._next,))
            if not self._next.cancelled():
                self._next.exception()
        if isinstance(self._words, AsyncGenerator):
            with contextlib.suppress(Exception):  # whatever it says now, nobody listens
                await self._words.aclose()

    async def _listen(self) -> Heard | None:
        return await anext(self._words, None)


class Nobody:
    """A Recognition that hears nothing, and says so at once."""

    def __init__(self) -> None:
        self._unheard: asyncio.Queue[Transcript | None] = asyncio.Queue()

    def attend(self, patience: Patience) -> None:
        """It has no opinion."""

    def start_utterance(self, utterance_id: int) -> None:
        """Nothing begins."""

    def hear(self, frame: AudioFrame) -> None:
        """Nothing is heard."""

    def end_utterance(self, utterance_id: int) -> None:
        """Nothing was heard."""
        self._unheard.put_nowait(Transcript(utterance_id, "", 1.0, final=True, failed="unheard"))

    async def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint]:
        while (transcript := await self._unheard.get()) is not None:
            yield transcript

    async def close(self) -> None:
        """End the iteration."""
        self._unheard.put_nowait(None)
