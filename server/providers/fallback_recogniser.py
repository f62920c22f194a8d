"""A recogniser that is replaced for the rest of a talk when it fails or falls silent; what it still owed is
heard again by the one that follows. Knows no vendor."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import msgspec

from dialog.blueprint import Patience
from media.frames import FRAME_DURATION, AudioFrame
from server.clock import loop_time
from server.providers.protocols import ProviderError, Recognition, SpeechToText, Transcript, TurnEndHint
from server.providers.standing import Standings
from server.providers.witness import witness


class RecogniserPatience(msgspec.Struct, frozen=True):
    """How long a recogniser may be silent, in seconds."""

    final: float = 1.5
    """From the end of an utterance to its final transcript. Larger: later replies on a bad day; smaller: one
    that is merely slow is replaced by a worse one."""
    words: float = 8.0
    """From one sign of life to the next while there is an utterance to hear."""
    closing: float = 0.3
    """For the good-bye to one that has failed."""
    kept: float = 60.0
    """Of sound that has no final transcript yet, to be heard again. Larger: more memory, 32 KB a second."""


class FallbackRecogniser:
    """Listen with `first`; with `stand_in` where that has failed."""

    def __init__(
        self,
        first: SpeechToText,
        stand_in: SpeechToText,
        *,
        patience: RecogniserPatience | None = None,
        standings: Standings | None = None,
    ) -> None:
        self.name = first.name
        self.turn_end_hints = first.turn_end_hints
        self._first = first
        self._stand_in = stand_in
        self._patience = patience or RecogniserPatience()
        self._standings = standings or Standings("speech_to_text")

    def recognize(self, language: str, key_terms: Sequence[str]) -> Recognition:
        """Begin to listen to one talk. Raises ProviderError where neither knows the language."""

        def stand_in() -> Recognition:
            return self._stand_in.recognize(language, key_terms)

        if not self._standings.admits(self._first.name):
            with contextlib.suppress(ProviderError):
                return stand_in()
        try:
            first = self._first.recognize(language, key_terms)
        except ProviderError as fault:
            self._standings.failed(self._first.name, fault)
            return stand_in()
        try:
            second = stand_in()
        except ProviderError:  # it doesn't know the language: what fails is told as failed
            second = Nobody()
        return _FallbackRecognition(self._first.name, first, second, self._patience, self._standings)


class _Heard:
    """The sound of one utterance, until its final transcript."""

    def __init__(self) -> None:
        self.frames: list[AudioFrame] = []
        self.ended_at: float | None = None


class _FallbackRecognition:
    def __init__(
        self,
        name: str,
        first: Recognition,
        stand_in: Recognition,
        patience: RecogniserPatience,
        standings: Standings,
    ) -> None:
        self._name = name
        self._current = first
        self._stand_in: Recognition | None = stand_in
        """None once it listens."""
        self._policy = patience
        self._standings = standings
        self._witness = witness()
        self._attending: Patience | None = None
        self._owed: dict[int, _Heard] = {}
        self._kept_frames = 0
        self._open: int | None = None
        self._last_sign = 0.0
        self._timeout: asyncio.Timeout | None = None
        self._closed = False

    def attend(self, patience: Patience) -> None:
        """Pass it on."""
        self._attending = patience
        self._current.attend(patience)

    def start_utterance(self, utterance_id: int) -> None:
        """Begin to keep its sound."""
        if self._open is not None:
            self.end_utterance(self._open)
        self._open = utterance_id
        self._owed.setdefault(utterance_id, _Heard())
        self._last_sign = loop_time()
        self._current.start_utterance(utterance_id)
        self._watch()

    def hear(self, frame: AudioFrame) -> None:
        """Keep it and pass it on."""
        if self._open is not None and self._stand_in is not None:
            self._owed[self._open].frames.append(frame)
            self._kept_frames += 1
            while self._kept_frames * FRAME_DURATION > self._policy.kept:
                self._forget_oldest()
        self._current.hear(frame)

    def end_utterance(self, utterance_id: int) -> None:
        """Its final transcript is due from now on."""
        heard = self._owed.setdefault(utterance_id, _Heard())
        if heard.ended_at is None:
            heard.ended_at = loop_time()
        if self._open == utterance_id:
            self._open = None
        self._current.end_utterance(utterance_id)
        self._watch()

    async def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint]:
        words = aiter(self._current)
        while True:
            fault = ""
            try:
                async with asyncio.timeout_at(self._due()) as self._timeout:
                    heard = await anext(words)
            except StopAsyncIteration:
                if self._closed or self._stand_in is None:
                    return
                fault = "it has stopped listening"
            except TimeoutError:
                fault = "no words in time"
            except ProviderError as error:
                fault = error.message
            except Exception as error:  # a vendor's library may raise anything
                fault = type(error).__name__
            finally:
                self._timeout = None
            if not fault and self._is_failure(heard):
                assert isinstance(heard, Transcript)
                fault = f"it has failed ({heard.failed})"
            if not fault:
                self._note(heard)
                yield heard
            elif self._stand_in is None or self._closed:
                return
            else:
                await self._replace(fault)
                words = aiter(self._current)

    async def close(self) -> None:
        """Close whoever listens, and whoever might have."""
        self._closed = True
        if self._stand_in is not None:
            await self._stand_in.close()
        await self._current.close()

    def _is_failure(self, heard: Transcript | TurnEndHint) -> bool:
        """Whether another recogniser might do better."""
        return (
            self._stand_in is not None
            and isinstance(heard, Transcript)
            and heard.final
            and heard.failed is not None
        )

    def _note(self, heard: Transcript | TurnEndHint) -> None:
        self._last_sign = loop_time()
        if isinstance(heard, Transcript) and heard.final:
            self._forget(heard.utterance_id)
            if self._stand_in is not None:
                self._standings.succeeded(self._name, self._witness)

    async def _replace(self, fault: str) -> None:
        """Have the stand-in listen, first to what is still owed."""
        assert self._stand_in is not None
        failed, self._current, self._stand_in = self._current, self._stand_in, None
        self._standings.failed(self._name, ProviderError(self._name, fault, retryable=True), self._witness)
        if self._attending is not None:
            self._current.attend(self._attending)
        for utterance_id, heard in list(self._owed.items()):
            self._current.start_utterance(utterance_id)
            for frame in heard.frames:
                self._current.hear(frame)
            heard.frames.clear()
            if heard.ended_at is not None:
                self._current.end_utterance(utterance_id)
        with contextlib.suppress(Exception):  # whatever it says now, nobody listens
            async with asyncio.timeout(self._policy.closing):
                await failed.close()

    def _due(self) -> float | None:
        """When, on the loop's clock, the first recogniser has been silent for too long."""
        if self._stand_in is None or not self._owed:
            return None
        ended = [heard.ended_at for heard in self._owed.values() if heard.ended_at is not None]
        finals = [at + self._policy.final for at in ended]
        return min([*finals, self._last_sign + self._policy.words])

    def _watch(self) -> None:
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(self._due())

    def _forget(self, utterance_id: int) -> None:
        heard = self._owed.pop(utterance_id, None)
        if heard is not None:
            self._kept_frames -= len(heard.frames)

    def _forget_oldest(self) -> None:
        """Too much is owed: the oldest sound is given up, not the claim to its words."""
        oldest = next(heard for heard in self._owed.values() if heard.frames)
        self._kept_frames -= len(oldest.frames)
        oldest.frames.clear()


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
