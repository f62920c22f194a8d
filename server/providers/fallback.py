"""A voice that answers in time or fails in time, so that no stall of a provider becomes dead air. Knows no
vendor."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Final, cast

from media.frames import VOICE_RATE_HZ
from server.clock import loop_time
from server.providers.deadline import Deadline
from server.providers.protocols import ProviderError, SpeechChunk, TextToSpeech, Voice, WordTime
from server.providers.standing import Standings

FIRST_CHUNK_TIMEOUT: Final = 1.2
"""Seconds that each voice has for its first sound."""
NEXT_CHUNK_TIMEOUT: Final = 1.5
"""Seconds that the voice that speaks has for each further chunk, counted from where what it gave so far would
have been heard out: the longest silence within a sentence."""


class FallbackVoice:
    """Try `voices` in order, beginning with the one that is asked for, until all of the text is spoken.

    A voice that breaks off in mid-sentence is followed by the next one from the word that it didn't finish,
    where it has told when its words sound; where it hasn't, nobody knows what is missing, and its failure is
    the caller's. The same voice may be named twice: that is a second attempt. Faults of the text or the voice
    asked for (`retryable` False) go to the next voice too, for another vendor may know it, but not to the
    same one again. A voice that ends without any sound has failed as well.
    """

    def __init__(
        self,
        voices: Sequence[TextToSpeech],
        *,
        first_chunk_timeout: float = FIRST_CHUNK_TIMEOUT,
        next_chunk_timeout: float = NEXT_CHUNK_TIMEOUT,
        standings: Standings | None = None,
    ) -> None:
        self.name = voices[0].name
        self._voices = tuple(voices)
        self._first_chunk_timeout = first_chunk_timeout
        self._next_chunk_timeout = next_chunk_timeout
        self._standings = standings or Standings("text_to_speech")

    def effective(self, voice: Voice) -> Voice:
        """Who will speak, all being well: the voice asked for where its provider is at hand, else the first's
        own choice."""
        if any(provider.name == voice.provider for provider in self._voices):
            return voice
        return Voice(self.name, "", voice.speed)

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Speak `text` with the first voice that answers in time. Raises the last one's ProviderError."""
        voice = self.effective(voice)
        spoken = _Spoken(text)
        fault: ProviderError | None = None
        hopeless: set[int] = set()
        for provider in self._beginning_with(voice.provider):
            if id(provider) in hopeless or not self._standings.admits(provider.name):
                continue
            own = voice if provider.name == voice.provider else Voice(provider.name, "", voice.speed)
            try:
                attempt = cast("AsyncGenerator[SpeechChunk, None]", self._attempt(provider, spoken.rest, own))
                async with aclosing(attempt):
                    async for chunk in attempt:
                        yield spoken.add(chunk, stand_in=provider.name != voice.provider)
                self._standings.succeeded(provider.name)
                return
            except ProviderError as error:
                fault = error
                self._standings.failed(provider.name, error)
                if not error.retryable:
                    hopeless.add(id(provider))
                if not spoken.break_off():
                    raise
                if not spoken.rest.strip():
                    return
        raise fault or ProviderError(self.name, "no voice is to be asked now", retryable=True)

    def _beginning_with(self, name: str) -> tuple[TextToSpeech, ...]:
        places = [place for place, provider in enumerate(self._voices) if provider.name == name]
        return self._voices[places[0] :] if places else self._voices

    async def _attempt(self, provider: TextToSpeech, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """One voice's try. Raises ProviderError, also when it is late."""
        chunks = cast("AsyncGenerator[SpeechChunk, None]", provider.synthesize(text, voice))
        async with aclosing(chunks):
            chunk = await _next(chunks, provider.name, self._first_chunk_timeout)
            if chunk is None:
                raise ProviderError(provider.name, "no sound at all", retryable=True)
            heard_out_at = loop_time()
            while chunk is not None:
                yield chunk
                heard_out_at += len(chunk.pcm) / 2 / VOICE_RATE_HZ
                ahead = max(0.0, heard_out_at - loop_time())
                chunk = await _next(chunks, provider.name, ahead + self._next_chunk_timeout)


class _Spoken:
    """How much of a text has sounded, by whichever voices."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._said_chars = 0
        """What lies before this was said by voices before."""
        self._said_duration = 0.0
        self._duration = 0.0
        self._words: list[WordTime] = []
        """Of the voice that speaks, placed in the whole text and its sound."""

    @property
    def rest(self) -> str:
        """What the next voice has to say."""
        return self._text[self._said_chars :]

    def add(self, chunk: SpeechChunk, *, stand_in: bool) -> SpeechChunk:
        """Place a chunk of the present voice in the whole."""
        words = tuple(
            WordTime(
                word.start_char + self._said_chars,
                word.end_char + self._said_chars,
                word.start + self._said_duration,
                word.end + self._said_duration,
            )
            for word in chunk.words
        )
        self._words += words
        self._duration += len(chunk.pcm) / 2 / VOICE_RATE_HZ
        return SpeechChunk(chunk.pcm, words, stand_in)

    def break_off(self) -> bool:
        """The voice has failed; tells whether it is known where the next one has to begin."""
        if self._duration > self._said_duration and not self._words:
            return False
        ended = [word.end_char for word in self._words if word.end <= self._duration]
        self._said_chars = max([self._said_chars, *ended])
        self._said_duration = self._duration
        self._words.clear()
        return True


async def _next(
    chunks: AsyncGenerator[SpeechChunk, None], provider: str, seconds: float
) -> SpeechChunk | None:
    """The next chunk, or None at the end. Raises ProviderError, whatever has happened."""
    try:
        async with Deadline(loop_time() + seconds):
            return await anext(chunks, None)
    except TimeoutError:
        raise ProviderError(provider, "no sound in time", retryable=True) from None
    except ProviderError:
        raise
    except Exception as error:  # a vendor's library may raise anything
        raise ProviderError(provider, type(error).__name__, retryable=True) from error
