"""The speech of one utterance, growing or whole, and where in it each word is. Knows nothing of playing."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from media.frames import VOICE_FRAME_SAMPLES, VOICE_RATE_HZ

MAX_CLIP_SAMPLES: Final = 600 * VOICE_RATE_HZ
"""Ten minutes: more is a synthesis gone mad, and counts as failed."""
CHARS_PER_SECOND: Final = 15.0
"""Of speech at 150 words a minute: how far unaligned speech is estimated to be while its end is unknown."""
PHRASE_PAUSE: Final = 0.15
"""Seconds of silence between two words that make a boundary, punctuation or not."""
MAX_REPEATED: Final = 5.0
"""Seconds. A phrase that began longer ago is not said again as a whole."""
LEAD_IN: Final = 0.06
"""Seconds before a word's time that belong to it, as far as there is silence."""
MAX_LEAD_IN: Final = 0.3
"""Seconds that are searched for where the sound of a clip begins."""
QUIET_DBFS: Final = -45.0
QUIET_FRAMES: Final = 5
_PHRASE_ENDS: Final = (".", ",", ";", ":", "!", "?", "…", "–", "—")
_AFTER_PHRASE_END: Final = " \n\"'”’»)"


class WordMark(msgspec.Struct, frozen=True):
    """When one word of a text sounds, in seconds from the start of the audio; characters index the text."""

    start_char: int
    end_char: int
    start: float
    end: float


class Heard(msgspec.Struct, frozen=True):
    """What of a text has sounded."""

    text: str
    end_char: int
    """`text` is the first `end_char` characters; it ends with a word and what is written close to it."""
    fraction: float
    """Share of the characters, 0–1; 1.0 only when all has sounded."""


class Clip:
    """Speech of `text`, mono s16le at VOICE_RATE_HZ: filled while it is synthesised, or ready at once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.finished = False
        """Nothing more will be appended."""
        self.failed = False
        """The synthesis broke off: what is there is not the whole text."""
        self.first_sound_at: float | None = None
        """When its first sound came, by the clock of whoever fills it; None for one made ahead."""
        self._pcm: bytes | bytearray = bytearray()
        self._packets: Sequence[bytes] = ()
        self._words: list[WordMark] = []

    @classmethod
    def ready(
        cls, text: str, pcm: bytes, words: Sequence[WordMark] = (), packets: Sequence[bytes] = ()
    ) -> "Clip":
        """Make a whole clip. `packets` are its Opus packets, one for each 20 ms of `pcm` from the start.

        The sound isn't copied: known words of many talks lie in memory once.
        """
        clip = cls(text)
        clip._pcm, clip._words, clip._packets = pcm[: MAX_CLIP_SAMPLES * 2], list(words), packets
        clip.finished, clip.failed = True, len(pcm) > MAX_CLIP_SAMPLES * 2
        return clip

    @property
    def samples(self) -> int:
        """How many samples there are so far."""
        return len(self._pcm) // 2

    @property
    def duration(self) -> float:
        """Seconds of sound there are so far."""
        return self.samples / VOICE_RATE_HZ

    @property
    def lead_in(self) -> float:
        """Seconds of silence at its beginning, as far as there is any sound of it but two frames."""
        most = min(round(MAX_LEAD_IN * VOICE_RATE_HZ), self.samples - 2 * VOICE_FRAME_SAMPLES)
        samples = np.frombuffer(self.pcm(0, max(0, most)), np.int16)
        loud = np.flatnonzero(np.abs(samples) > 32_768 * 10 ** (QUIET_DBFS / 20))
        return (int(loud[0]) if len(loud) else len(samples)) / VOICE_RATE_HZ

    def append(self, pcm: bytes, words: Sequence[WordMark] = ()) -> None:
        """Add a piece of any length and the words that begin in it, timed from the start of the clip."""
        if self.finished:
            return
        self._pcm += pcm
        self._words += words
        if self.samples > MAX_CLIP_SAMPLES:
            self._pcm = self._pcm[: MAX_CLIP_SAMPLES * 2]
            self.fail()

    def finish(self) -> None:
        """The text is spoken to its end."""
        self.finished = True

    def fail(self) -> None:
        """Nothing more will come, though the text isn't over; what is there will still be said."""
        self.finished = self.failed = True

    def pcm(self, start: int, samples: int) -> bytes:
        """Up to `samples` samples from `start` on."""
        return bytes(self._pcm[start * 2 : (start + samples) * 2])

    def packet_at(self, start: int) -> bytes | None:
        """The ready Opus packet of the 20 ms that begin at sample `start`, if there is exactly one."""
        index, offset = divmod(start, VOICE_FRAME_SAMPLES)
        return self._packets[index] if not offset and index < len(self._packets) else None

    def heard(self, place: int) -> Heard:
        """Tell what has sounded when the first `place` samples have. A word has when half of it has."""
        if place <= 0 or not self.text:
            return Heard("", 0, 0.0)
        if self.finished and not self.failed and place >= self.samples:
            return Heard(self.text, len(self.text), 1.0)
        if self._words:
            at = place / VOICE_RATE_HZ
            spoken = max(
                (word.end_char for word in self._words if (word.start + word.end) / 2 <= at), default=0
            )
        else:
            spoken = self._unaligned_chars(place)
        end = min(max(spoken, 0), len(self.text))
        while 0 < end < len(self.text) and not self.text[end].isspace():
            end += 1
        return Heard(self.text[:end], end, end / len(self.text))

    def phrase_start(self, place: int) -> int:
        """Find the sample at or before `place` from which to say it again: where its phrase begins."""
        earliest = max(0, place - round(MAX_REPEATED * VOICE_RATE_HZ))
        if self._words:
            starts = self._word_starts(place)
            phrases = [start for start, opens in starts if opens and start >= earliest]
            if phrases:
                return phrases[-1]
            return starts[-1][0] if starts else 0
        return self._quiet_place(earliest, place)

    def _unaligned_chars(self, place: int) -> int:
        """Guess by proportion, and step back to the end of the last whole word."""
        if self.finished and not self.failed:
            reached = len(self.text) * place // self.samples
        else:
            reached = min(len(self.text), int(place / VOICE_RATE_HZ * CHARS_PER_SECOND))
        while 0 < reached < len(self.text) and not self.text[reached].isspace():
            reached -= 1
        return reached

    def _word_starts(self, place: int) -> list[tuple[int, bool]]:
        """Where the words up to `place` begin, with what silence is before them, and which open a phrase."""
        starts = []
        before: WordMark | None = None
        for word in self._words:
            silent_from = before.end if before is not None else 0.0
            start = round(max(min(silent_from, word.start), word.start - LEAD_IN) * VOICE_RATE_HZ)
            if start > place:
                break
            opens = (
                before is None
                or word.start - before.end >= PHRASE_PAUSE
                or self.text[before.start_char : word.start_char]
                .rstrip(_AFTER_PHRASE_END)
                .endswith(_PHRASE_ENDS)
            )
            starts.append((start if before is not None else 0, opens))
            before = word
        return starts

    def _quiet_place(self, earliest: int, place: int) -> int:
        """Without alignment: the end of the last pause in the sound, else the earliest place."""
        first = earliest // VOICE_FRAME_SAMPLES
        samples = np.frombuffer(self.pcm(0, place), np.int16)[first * VOICE_FRAME_SAMPLES :]
        frames = samples[: len(samples) // VOICE_FRAME_SAMPLES * VOICE_FRAME_SAMPLES]
        frames = frames.reshape(-1, VOICE_FRAME_SAMPLES).astype(np.float32)
        quiet = np.sqrt(np.mean(frames * frames, axis=1)) < 32_768 * 10 ** (QUIET_DBFS / 20)
        run = 0
        found = earliest
        for i, is_quiet in enumerate(quiet):
            run = run + 1 if is_quiet else 0
            if run >= QUIET_FRAMES:
                found = (first + i) * VOICE_FRAME_SAMPLES
        return found
