"""The embedded voice: one espeak-ng child shared by all talks, a sentence at a time, in the order
of asking."""

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from media.frames import VOICE_RATE_HZ
from server.providers.embedded.child import KeptChild
from server.providers.embedded.pipe import FromVoice, Message, Refused, Speak, Spoken
from server.providers.protocols import ProviderError, SpeechChunk, Voice, WordTime
from server.providers.spoken_text import MAX_TEXT_CHARS, Piece, cleaned, pieces

NAME: Final = "embedded"
PROGRAM: Final = (sys.executable, "-m", "server.providers.embedded.espeak_process")
PIECE_TIMEOUT: Final = 2.0
"""Seconds that the child may take over one sentence, which takes it some 10 ms. Past it, it is ended."""
TURN_TIMEOUT: Final = 5.0
"""Seconds that a sentence may wait for its turn and its sound together, a restart of the child included."""
US_ENGLISH: Final = "en-us"

SENTENCE_PAUSE: Final = 0.35
CLAUSE_PAUSE: Final = 0.12
"""Seconds of silence between pieces at speed 1.0: a calm speaker's."""


class _Job:
    """One sentence on its way through the child."""

    def __init__(self, request: Speak) -> None:
        self.request = request
        self.answer: asyncio.Future[Spoken] = asyncio.get_running_loop().create_future()


class EmbeddedVoice:
    """A TextToSpeech for US English, without any vendor.

    `run` keeps the child for as long as it is awaited. Each talk asks for its next sentence only when it has
    the one before, so talks take turns by the sentence. When the child dies, the sentence in it fails with a
    retryable ProviderError and the waiting ones go to the next child.
    """

    name = NAME

    def __init__(
        self,
        *,
        program: Sequence[str] = PROGRAM,
        piece_timeout: float = PIECE_TIMEOUT,
        turn_timeout: float = TURN_TIMEOUT,
    ) -> None:
        self._piece_timeout = piece_timeout
        self._turn_timeout = turn_timeout
        self._waiting: deque[_Job] = deque()
        self._current: _Job | None = None
        self._overdue: asyncio.TimerHandle | None = None
        self._job_ids = itertools.count(1)
        self.child = KeptChild(
            program,
            msgspec.msgpack.Decoder(FromVoice).decode,
            receive=self._received,
            on_ready=self._next,
            on_death=self._died,
        )

    async def run(self) -> None:
        """Keep the voice working until cancelled."""
        await self.child.run()

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Speak `text` (at most 4,000 characters), one chunk per sentence.

        `voice_id` is a voice of espeak-ng (`en-us`, also where it is "") with a variant if wished
        (`en-us+Andy`). Raises
        ProviderError, retryable unless the text or the voice is at fault.
        """
        if len(text) > MAX_TEXT_CHARS:
            raise ProviderError(NAME, f"the text is longer than {MAX_TEXT_CHARS} characters", retryable=False)
        elapsed = 0.0
        breath = b""
        for piece in pieces(cleaned(text)):
            spoken = await self._spoken(piece, voice)
            pcm = breath + spoken.pcm
            yield SpeechChunk(pcm, _placed(spoken, piece, elapsed + len(breath) / 2 / VOICE_RATE_HZ))
            elapsed += len(pcm) / 2 / VOICE_RATE_HZ
            breath = _breath_after(piece, voice)

    async def _spoken(self, piece: Piece, voice: Voice) -> Spoken:
        job = _Job(Speak(next(self._job_ids), piece.text, voice.voice_id or US_ENGLISH, voice.speed))
        self._waiting.append(job)
        self._next()
        try:
            async with asyncio.timeout(self._turn_timeout):
                return await job.answer
        except TimeoutError as error:
            raise ProviderError(NAME, "the voice is busy", retryable=True) from error

    def _next(self) -> None:
        """Give the child the next sentence that somebody still waits for."""
        while self._current is None and self._waiting and self.child.ready:
            job = self._waiting.popleft()
            if job.answer.done():
                continue
            if not self.child.send(job.request):
                self._waiting.appendleft(job)  # it is dying: `_died` and a new child follow
                return
            self._current = job
            loop = asyncio.get_running_loop()
            self._overdue = loop.call_later(self._piece_timeout, self.child.end, "timeout")

    def _received(self, message: Message) -> None:
        job = self._current
        if job is None or not isinstance(message, Spoken | Refused) or message.job_id != job.request.job_id:
            self.child.end("crashed")
            return
        self._free()
        if not job.answer.done():
            if isinstance(message, Spoken):
                job.answer.set_result(message)
            else:
                job.answer.set_exception(ProviderError(NAME, message.reason, retryable=False))
        self._next()

    def _died(self, reason: str) -> None:
        job = self._current
        self._free()
        if job is not None and not job.answer.done():
            job.answer.set_exception(ProviderError(NAME, f"the voice's process {reason}", retryable=True))

    def _free(self) -> None:
        self._current = None
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


def _breath_after(piece: Piece, voice: Voice) -> bytes:
    """Silence before the next piece, on top of the little that espeak-ng leaves after each."""
    pause = SENTENCE_PAUSE if piece.text.rstrip(" \"'”’)]").endswith((".", "!", "?", "…")) else CLAUSE_PAUSE
    return bytes(round(pause / voice.speed * VOICE_RATE_HZ) * 2)


def _placed(spoken: Spoken, piece: Piece, elapsed: float) -> tuple[WordTime, ...]:
    """Move the times and places of a piece's words to where they are in the whole."""
    return tuple(
        WordTime(
            word.start_char + piece.start_char,
            word.end_char + piece.start_char,
            word.start + elapsed,
            word.end + elapsed,
        )
        for word in spoken.words
    )
