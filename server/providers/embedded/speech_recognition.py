"""The embedded recogniser: US English by pocketsphinx, in a few processes shared by all talks."""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final

from dialog.blueprint import Patience
from media.frames import AudioFrame
from server.providers.embedded import supports
from server.providers.embedded.decoder_pool import DecoderPool
from server.providers.embedded.limits import RecogniserLimits
from server.providers.embedded.utterance import TalkMemory, Utterance
from server.providers.protocols import ProviderError, Transcript

NAME: Final = "embedded"
PROGRAM: Final = (sys.executable, "-m", "server.providers.embedded.sphinx_process")


class EmbeddedRecognition:
    """One talk's recogniser (the Recognition protocol). Each utterance is heard by whichever decoder comes
    free."""

    def __init__(self, pool: DecoderPool) -> None:
        self._pool = pool
        self._memory = TalkMemory()
        self._open: Utterance | None = None
        self._unanswered: set[Utterance] = set()
        self._newest_id = 0
        self._transcripts: deque[Transcript] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    def attend(self, patience: Patience) -> None:
        """It has no opinion on pauses."""

    def start_utterance(self, utterance_id: int) -> None:
        """Begin an utterance; one that is still open is ended. Ids rise; another is ignored."""
        if self._closed or utterance_id <= self._newest_id:
            return
        if self._open is not None:
            self.end_utterance(self._open.utterance_id)
        self._newest_id = utterance_id
        self._open = Utterance(utterance_id, self._memory, self._answer, self._pool.limits)
        self._unanswered.add(self._open)
        self._pool.begin(self._open)

    def hear(self, frame: AudioFrame) -> None:
        """Hear one frame of the open utterance; without one it is dropped."""
        if self._open is not None:
            self._pool.hear(self._open, frame.pcm)

    def end_utterance(self, utterance_id: int) -> None:
        """Ask for the final transcript; a second time is ignored, and one never begun is answered
        as unheard."""
        if self._closed:
            return
        if self._open is not None and self._open.utterance_id == utterance_id:
            utterance, self._open = self._open, None
            self._pool.end(utterance)
        elif utterance_id > self._newest_id:
            self._newest_id = utterance_id
            self._answer(Transcript(utterance_id, "", 1.0, final=True, failed="unheard"))

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while True:
            while self._transcripts:
                yield self._transcripts.popleft()
            if self._closed:
                return
            self._arrived.clear()
            await self._arrived.wait()

    async def close(self) -> None:
        """Give back what is leased, and end the iteration after what is already known."""
        self._closed = True
        self._open = None
        for utterance in tuple(self._unanswered):
            self._pool.abandon(utterance)
        self._unanswered.clear()
        self._arrived.set()

    def _answer(self, transcript: Transcript) -> None:
        last = self._transcripts[-1] if self._transcripts else None
        if last is not None and not last.final and last.utterance_id == transcript.utterance_id:
            self._transcripts.pop()  # each partial replaces the one before, also when nobody has read it
        self._transcripts.append(transcript)
        if transcript.final:
            self._unanswered = {u for u in self._unanswered if not u.answered}
        self._arrived.set()


class EmbeddedRecogniser:
    """A SpeechToText without any vendor. `run` keeps its processes for as long as it is awaited."""

    name = NAME
    turn_end_hints = ""

    def __init__(
        self, processes: int, *, program: Sequence[str] = PROGRAM, limits: RecogniserLimits | None = None
    ) -> None:
        self.pool = DecoderPool(max(1, processes), program, limits or RecogniserLimits())

    async def run(self) -> None:
        """Keep the recogniser working until cancelled."""
        await self.pool.run()

    async def warm_up(self) -> None:
        """Load every decoder now (half a second and 100 MB each) and wait for it, instead of at the first
        word."""
        await self.pool.warm_up()

    def recognize(self, language: str, key_terms: Sequence[str]) -> EmbeddedRecognition:
        """Begin to listen to one talk. `key_terms` can't be used. Raises ProviderError for
        another language."""
        if not supports(language):
            raise ProviderError(NAME, f"it knows US English only, not {language!r}", retryable=False)
        return EmbeddedRecognition(self.pool)
