"""A voice that answers in time or fails in time, so that no stall of a provider becomes dead air. Knows no
vendor."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Final, cast

from media.frames import VOICE_RATE_HZ
from server.clock import loop_time
from server.providers.protocols import ProviderError, SpeechChunk, TextToSpeech, Voice

FIRST_CHUNK_TIMEOUT: Final = 1.2
"""Seconds that each voice has for its first sound."""
NEXT_CHUNK_TIMEOUT: Final = 1.5
"""Seconds that the voice that speaks has for each further chunk, counted from where what it gave so far would
have been heard out: the longest silence within a sentence."""

Decision = Callable[[str, str], None]
"""Called with the name of the voice that was given up, and why."""


class FallbackVoice:
    """Try `voices` in order until one has given its first sound; after that its failure is the caller's.

    The same voice may be named twice: that is a second attempt. Faults of the text or the voice asked for
    (`retryable` False) go to the next voice too, for another vendor may know it, but not to the same one
    again. A voice that ends without any sound has failed as well.
    """

    def __init__(
        self,
        voices: Sequence[TextToSpeech],
        *,
        first_chunk_timeout: float = FIRST_CHUNK_TIMEOUT,
        next_chunk_timeout: float = NEXT_CHUNK_TIMEOUT,
        gave_up: Decision | None = None,
    ) -> None:
        self.name = voices[0].name
        self._voices = tuple(voices)
        self._first_chunk_timeout = first_chunk_timeout
        self._next_chunk_timeout = next_chunk_timeout
        self._gave_up = gave_up

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Speak `text` with the first voice that answers in time. Raises the last one's ProviderError."""
        fault: ProviderError | None = None
        hopeless: set[int] = set()
        for provider in self._voices:
            if id(provider) in hopeless:
                continue
            chunks = cast("AsyncGenerator[SpeechChunk, None]", provider.synthesize(text, voice))
            async with aclosing(chunks):
                try:
                    chunk = await _next(chunks, provider.name, self._first_chunk_timeout)
                    if chunk is None:
                        raise ProviderError(provider.name, "no sound at all", retryable=True)
                except ProviderError as error:
                    fault = error
                    if not error.retryable:
                        hopeless.add(id(provider))
                else:
                    heard_out_at = loop_time()
                    while chunk is not None:
                        yield chunk
                        heard_out_at += len(chunk.pcm) / 2 / VOICE_RATE_HZ
                        ahead = max(0.0, heard_out_at - loop_time())
                        chunk = await _next(chunks, provider.name, ahead + self._next_chunk_timeout)
                    return
            if self._gave_up is not None:
                self._gave_up(provider.name, str(fault))
        if fault is not None:
            raise fault


async def _next(
    chunks: AsyncGenerator[SpeechChunk, None], provider: str, seconds: float
) -> SpeechChunk | None:
    """The next chunk, or None at the end. Raises ProviderError, also when it doesn't come in time."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(chunks, None)
    except TimeoutError:
        raise ProviderError(provider, "no sound in time", retryable=True) from None
