"""Which words each voice was asked for and gave, so that a test can tell whether some were heard twice when
one voice followed another in mid-sentence. Knows no vendor."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any, cast

import msgspec

from media.frames import VOICE_RATE_HZ
from server.providers.protocols import SpeechChunk, Voice, WordTime

Synthesize = Callable[[Any, str, Voice], AsyncIterator[SpeechChunk]]


class Attempt(msgspec.Struct):
    """One voice's try at a text."""

    text: str
    sounded: list[str] = []
    """Words whose sound has come to its end."""
    whole: bool = False
    """It spoke to the end of the text."""
    speech: object = None
    """Tries of the same have one text among them: whoever asked for it."""


class SpokenWords:
    """Notes what the voices do whose `synthesize` is wrapped by `noting`."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []

    def noting(self, synthesize: Synthesize) -> Synthesize:
        """The same, noted."""

        async def noted(voice: Any, text: str, how: Voice) -> AsyncIterator[SpeechChunk]:
            attempt = Attempt(text, speech=asyncio.current_task())
            self.attempts.append(attempt)
            duration, words = 0.0, list[WordTime]()
            chunks = cast("AsyncGenerator[SpeechChunk, None]", synthesize(voice, text, how))
            async with aclosing(chunks):
                async for chunk in chunks:
                    duration += len(chunk.pcm) / 2 / VOICE_RATE_HZ
                    words += chunk.words
                    attempt.sounded = [text[w.start_char : w.end_char] for w in words if w.end <= duration]
                    yield chunk
            attempt.whole = True

        return noted


def said_wrong(attempts: Sequence[Attempt]) -> list[tuple[str, str]]:
    """Texts that one voice broke off and another went on with so that words are heard twice, or not at all:
    each with what was heard in its place."""
    found = []
    for place, broken in enumerate(attempts):
        if broken.whole or not broken.sounded:
            continue
        later = (each for each in attempts[place + 1 :] if each.speech is broken.speech)
        after = next((each for each in later if broken.text.endswith(each.text)), None)
        if after is not None:
            heard = " ".join((*broken.sounded, after.text))
            if _words(heard) != _words(broken.text):
                found.append((broken.text, heard))
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())
