"""From a text to a clip that can be said: ready when the words were known ahead, growing while they are
synthesised. Knows nothing of queues, legs or the interview."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from media.clip import Clip, WordMark
from server.providers.protocols import KnownWords, ProviderError, SpeechChunk, TextToSpeech, Voice, WordTime
from server.providers.witness import Witness, witnessed_by

log = logging.getLogger(__name__)


class Synthesis:
    """One agent's voice, in a session whose time is `now`."""

    def __init__(
        self,
        text_to_speech: TextToSpeech,
        known_words: KnownWords | None,
        voice: Voice,
        *,
        now: Callable[[], float],
        told: Witness = lambda _: None,
    ) -> None:
        self._text_to_speech = text_to_speech
        self._known_words = known_words
        self._voice = voice
        self._now = now
        self._told = told
        self.begun: tuple[float, Clip] | None = None
        """Words that were begun before they are said, and at which speed: whoever says them takes them."""

    def ready(self, text: str, speed: float) -> Clip | None:
        """Find words that were made ahead, or begun; never waits."""
        if self.begun is not None and self.begun[0] == speed and self.begun[1].text == text:
            clip, self.begun = self.begun[1], None
            return clip
        if self._known_words is None:
            return None
        made = self._known_words.lookup(text, self._at(speed))
        return None if made is None else Clip.ready(text, made.pcm, _marks(made.words), made.packets)

    async def fill(
        self, clip: Clip, speed: float, sound_came: Callable[[], None] = lambda: None
    ) -> str | None:
        """Synthesise `clip.text` into `clip` to its end, or to its failure; returns why it failed.

        `sound_came` is called once, with the first sound.
        """
        with witnessed_by(self._told):
            return await self._fill(clip, speed, sound_came)

    async def _fill(self, clip: Clip, speed: float, sound_came: Callable[[], None]) -> str | None:
        voice = self._at(speed)
        chunks = cast("AsyncGenerator[SpeechChunk, None]", self._text_to_speech.synthesize(clip.text, voice))
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    if chunk.pcm and not clip.samples:
                        clip.first_sound_at = self._now()
                        sound_came()
                    clip.append(chunk.pcm, _marks(chunk.words))
        except ProviderError as error:
            clip.fail()
            return str(error)[:300]
        except Exception as error:  # a vendor's library may raise anything; the page shows the words instead
            log.exception("! a voice raised")
            clip.fail()
            return type(error).__name__
        if clip.samples == 0:
            clip.fail()
            return "the voice gave no sound"
        clip.finish()
        return None

    def _at(self, speed: float) -> Voice:
        if speed == 1.0:
            return self._voice
        bounded = min(max(self._voice.speed * speed, 0.5), 2.0)
        return Voice(self._voice.provider, self._voice.voice_id, bounded)


def _marks(words: tuple[WordTime, ...]) -> list[WordMark]:
    return [WordMark(word.start_char, word.end_char, word.start, word.end) for word in words]
