"""A voice that answers in time or fails in time, so that no stall of a provider becomes dead air. Knows no
vendor."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Final, cast

from server.providers.protocols import ProviderError, SpeechChunk, TextToSpeech, Voice

FIRST_CHUNK_TIMEOUT: Final = 1.2
"""Seconds that each voice has for its first sound."""

Decision = Callable[[str, str], None]
"""Called with the name of the voice that was given up, and why."""


class FallbackVoice:
    """Try `voices` in order until one has given its first sound; after that its failure is the caller's.

    The same voice may be named twice: that is a second attempt. Faults of the text or the voice asked for
    (`retryable` False) go to the next voice too, for another vendor may know it, but not to the same one
    again.
    """

    def __init__(
        self,
        voices: Sequence[TextToSpeech],
        *,
        first_chunk_timeout: float = FIRST_CHUNK_TIMEOUT,
        gave_up: Decision | None = None,
    ) -> None:
        self.name = voices[0].name
        self._voices = tuple(voices)
        self._first_chunk_timeout = first_chunk_timeout
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
                    async with asyncio.timeout(self._first_chunk_timeout):
                        first = await anext(chunks, None)
                except TimeoutError:
                    fault = ProviderError(provider.name, "no sound in time", retryable=True)
                except ProviderError as error:
                    fault = error
                    if not error.retryable:
                        hopeless.add(id(provider))
                else:
                    if first is not None:
                        yield first
                        async for chunk in chunks:
                            yield chunk
                    return
            if self._gave_up is not None:
                self._gave_up(provider.name, str(fault))
        if fault is not None:
            raise fault
