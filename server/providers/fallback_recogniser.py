"""A recogniser that is replaced for the rest of a talk when it fails or is late again and again; what it
still owed is heard again by the one that follows. Knows no vendor."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import msgspec

from dialog.blueprint import Patience
from media.frames import FRAME_DURATION, AudioFrame
from server.clock import loop_time
from server.providers.deadline import Deadline
from server.providers.ears import Ear, Heard, Nobody, StandInAlone
from server.providers.protocols import (
    HintsChanged,
    ProviderError,
    Recognition,
    SpeechToText,
    Transcript,
)
from server.providers.standing import Standings
from server.providers.witness import witness

_FAULTS: Final[Mapping[str, tuple[bool, int | None]]] = {"refused": (False, 401), "rejected": (False, 400)}
"""What a transcript that has failed so says of the provider: whether it may pass, and as which HTTP status it
counts. Other failures may pass."""


_EARLY: Final = 0.001
"""A timer may wake by so much too early."""


class RecogniserPatience(msgspec.Struct, frozen=True):
    """How long a recogniser may be silent, in seconds."""

    final: float = 1.5
    """From the end of an utterance to its final transcript; past it the stand-in hears that one too, and past
    two in a row the rest of the talk. Larger: later replies on a bad day; smaller: one that is merely slow is
    replaced by a worse one."""
    words: float = 8.0
    """From one sign of life to the next while there is an utterance to hear."""
    closing: float = 0.3
    """For the good-bye to one that has failed."""
    kept: float = 60.0
    """Of sound that has no final transcript yet, to be heard again. Larger: more memory, 32 KB a second."""


class FallbackRecogniser:
    """Listen with `first`; with `stand_in` where that has failed.

    One late final transcript is the stand-in's alone, the second in a row makes it the listener for the rest
    of the talk, as any other failure does. From then on there are only its hints, which `HintsChanged` tells.
    """

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

        hints = self._stand_in.turn_end_hints
        if not self._standings.admits(self._first.name):
            with contextlib.suppress(ProviderError):
                return StandInAlone(stand_in(), hints)
        try:
            first = self._first.recognize(language, key_terms)
        except Exception as error:  # a vendor's library may raise anything
            self._standings.failed(self._first.name, _fault(self._first.name, error))
            return StandInAlone(stand_in(), hints)
        try:
            second = stand_in()
        except ProviderError:  # it doesn't know the language: what fails is told as failed
            second = Nobody()
        return _FallbackRecognition(self._first.name, first, second, hints, self._patience, self._standings)


def _fault(name: str, error: Exception) -> ProviderError:
    if isinstance(error, ProviderError):
        return error
    return ProviderError(name, type(error).__name__, retryable=True)


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
        stand_in_hints: str,
        patience: RecogniserPatience,
        standings: Standings,
    ) -> None:
        self._name = name
        self._current = first
        self._stand_in: Recognition | None = stand_in
        """None once it listens."""
        self._stand_in_hints = stand_in_hints
        self._ears: list[Ear] = []
        """Who listens; then the stand-in, once it was asked for words that were late."""
        self._lent: dict[int, bool] = {}
        """Utterances that it hears in the other's place: whether their final words are given."""
        self._late_before = False
        self._policy = patience
        self._standings = standings
        self._witness = witness()
        self._attending: Patience | None = None
        self._owed: dict[int, _Heard] = {}
        self._kept_frames = 0
        self._open: int | None = None
        self._last_sign = 0.0
        self._timeout: Deadline | None = None
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

    async def __aiter__(self) -> AsyncIterator[Heard]:
        self._ears = [Ear(self._current)]
        try:
            while True:
                fault = self._lend() if await self._is_late() else None
                for ear in tuple(self._ears):
                    if fault is None and ear.next().done():
                        given, fault = self._taken(ear)
                        for heard in given:
                            yield heard
                if fault is not None:
                    if self._stand_in is None or self._closed:
                        return
                    await self._replace(fault)
                    yield HintsChanged(self._stand_in_hints)
        finally:
            for ear in self._ears:
                await ear.end()

    async def close(self) -> None:
        """Close whoever listens, and whoever might have."""
        self._closed = True
        if self._stand_in is not None:
            await self._stand_in.close()
        await self._current.close()

    async def _is_late(self) -> bool:
        """Wait for words; True = the first recogniser owes some."""
        try:
            async with Deadline(self._due()) as self._timeout:
                await asyncio.wait([ear.next() for ear in self._ears], return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return True
        finally:
            self._timeout = None
        return False

    def _taken(self, ear: Ear) -> tuple[list[Heard], ProviderError | None]:
        """What is to be passed on of what has come, and what is wrong with who listens."""
        helps = ear is not self._ears[0]
        fault: ProviderError | None = None
        heard: Heard | None = None
        try:
            heard = ear.take()
        except Exception as error:  # a vendor's library may raise anything
            fault = _fault(self._name, error)
        if helps and heard is None:
            self._ears.remove(ear)
            return self._unheard(), None
        if heard is None:
            return [], fault or ProviderError(self._name, "it has stopped listening", retryable=True)
        if isinstance(heard, Transcript):
            if heard.utterance_id in self._lent or helps:
                return self._first_of_two(heard, helps=helps), None
            if heard.final and heard.failed is not None and self._stand_in is not None:
                retryable, status = _FAULTS.get(heard.failed, (True, None))
                why = f"it has failed ({heard.failed})"
                return [], ProviderError(self._name, why, retryable=retryable, status=status)
        if helps:
            return [], None
        self._note(heard)
        return [heard], None

    def _first_of_two(self, heard: Transcript, *, helps: bool) -> list[Heard]:
        """Of an utterance that both hear: the first final words, the late ones' too where they are any."""
        if self._lent.get(heard.utterance_id, True):
            return []
        if heard.final:
            if heard.failed is not None and not helps and self._stand_in is not None:
                return []
            self._lent[heard.utterance_id] = True
        return [heard]

    def _unheard(self) -> list[Heard]:
        """Nobody will hear what was lent."""
        waiting = [] if self._closed else [each for each, given in self._lent.items() if not given]
        self._lent.update(dict.fromkeys(waiting, True))
        return [Transcript(each, "", 1.0, final=True, failed="unheard") for each in waiting]

    def _note(self, heard: Heard) -> None:
        self._last_sign = loop_time()
        if isinstance(heard, Transcript) and heard.final:
            self._forget(heard.utterance_id)
            if self._stand_in is not None:
                self._late_before = False
                self._standings.succeeded(self._name, self._witness)

    def _lend(self) -> ProviderError | None:
        """Have the stand-in hear the one utterance that is late; where that isn't all, tell what is wrong."""
        fault = ProviderError(self._name, "no words in time", retryable=True)
        latest = loop_time() - self._policy.final + _EARLY
        ends = {each: heard.ended_at for each, heard in self._owed.items()}
        late = [each for each, end in ends.items() if end is not None and end <= latest]
        if self._late_before or len(late) != 1 or self._stand_in is None:
            return fault
        self._late_before = True
        self._standings.failed(self._name, fault, self._witness)
        self._lent[late[0]] = False
        if len(self._ears) == 1:
            self._ears.append(Ear(self._stand_in))
        self._hand_over(self._stand_in, late)
        self._forget(late[0])
        return None

    def _hand_over(self, other: Recognition, utterances: Sequence[int]) -> None:
        """Have the other hear what is owed of these."""
        if self._attending is not None:
            other.attend(self._attending)
        for utterance_id in utterances:
            heard = self._owed[utterance_id]
            other.start_utterance(utterance_id)
            for frame in heard.frames:
                other.hear(frame)
            if heard.ended_at is not None:
                other.end_utterance(utterance_id)

    async def _replace(self, fault: ProviderError) -> None:
        """Have the stand-in listen, first to what is still owed."""
        assert self._stand_in is not None
        failed, self._current, self._stand_in = self._current, self._stand_in, None
        self._standings.failed(self._name, fault, self._witness)
        self._hand_over(self._current, tuple(self._owed))
        for heard in self._owed.values():
            heard.frames.clear()
        former, self._ears = self._ears[0], self._ears[1:] or [Ear(self._current)]
        await former.end()
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
