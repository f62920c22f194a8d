"""From what the vendor sends to chunks of speech: whole samples, and the words whose times are known with
them. Knows neither sockets nor HTTP."""

from typing import Final

from server.providers.elevenlabs.account import SoundFormat
from server.providers.elevenlabs.alignment import Characters, WordClock
from server.providers.elevenlabs.faults import fault
from server.providers.protocols import SpeechChunk
from server.providers.spoken_text import MAX_TEXT_CHARS, cleaned, pieces

SHORTEST_SENTENCE: Final = 40
"""Characters; what is shorter is spoken together with what follows. A model that is given two words to say
has nothing to tell the tone from."""
MOST_DURATION: Final = 600.0
"""Seconds of sound for any text; below it, ten and one for each character."""
_MARKUP: Final = str.maketrans("<>", "  ")
"""Angle brackets would be obeyed: a break of three seconds, another pronunciation."""


def sentences(text: str) -> list[str]:
    """Cut a text into what is spoken in one go; none where there is nothing to speak. Raises ProviderError
    when it is too long."""
    if len(text) > MAX_TEXT_CHARS:
        raise fault(f"the text is longer than {MAX_TEXT_CHARS} characters", retryable=False)
    found: list[str] = []
    for piece in pieces(_speakable(text)):
        if found and len(found[-1]) < SHORTEST_SENTENCE:
            found[-1] = f"{found[-1]} {piece.text.strip()}"
        else:
            found.append(piece.text.strip())
    return found


class Incoming:
    """The sound of one text as it comes in."""

    def __init__(self, text: str, sound_format: SoundFormat) -> None:
        self._format = sound_format
        self._clock = WordClock(_speakable(text))
        self._odd = b""
        self._bytes = 0
        self.most_bytes = round(min(MOST_DURATION, 10.0 + len(text)) * sound_format.bytes_per_second)
        """More than that no speech of this text can be."""

    def chunk(self, sound: bytes, characters: Characters | None) -> SpeechChunk | None:
        """Take one message; None when it brings nothing."""
        sound = self._odd + sound
        whole = len(sound) // self._format.sample_bytes * self._format.sample_bytes
        sound, self._odd = sound[:whole], sound[whole:]
        before = self._duration
        self._bytes += len(sound)
        words = self._clock.hear(characters, before, self._duration - before)
        return SpeechChunk(sound, words) if sound or words else None

    @property
    def overflown(self) -> bool:
        """More has come than `most_bytes`."""
        return self._bytes > self.most_bytes

    @property
    def timed(self) -> bool:
        """Whether the vendor has told the time of any letter."""
        return self._clock.spoken_share > 0

    @property
    def spoken_share(self) -> float:
        """Of the text's letters, those whose time is known, 0–1."""
        return self._clock.spoken_share

    def rest(self) -> SpeechChunk | None:
        """The words that are left when the sound is over; None when there are none."""
        words = self._clock.finish(self._duration)
        return SpeechChunk(b"", words) if words else None

    @property
    def _duration(self) -> float:
        return self._bytes / self._format.bytes_per_second


def _speakable(text: str) -> str:
    """The text as it is sent, character for character."""
    return cleaned(text).translate(_MARKUP)
