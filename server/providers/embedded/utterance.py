"""One utterance on its way through the decoders: the sound still to be heard, the words so far, its one
answer.

Knows no process. An utterance longer than a decoder may be leased for is heard in several stretches.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from media.frames import EAR_RATE_HZ
from server.providers.embedded.limits import QUIET, RecogniserLimits
from server.providers.embedded.pipe import HeardWord
from server.providers.protocols import Transcript

REPORTS_UNCHANGED: Final = 3
"""After this many reports (0.2 s of sound each) without a new word the last partial is given again."""


def written(words: Sequence[str]) -> str:
    """Words as one writes them down: the decoder knows lower case alone, and people read this as
    they speak."""
    return " ".join("I" + word[1:] if word == "i" or word.startswith("i'") else word for word in words)


class TalkMemory:
    """What a decoder learns about one talk's microphone, carried from one utterance to the next."""

    def __init__(self) -> None:
        self.cepstral_mean = ""


class Utterance:
    """`answer` is called with partials and, exactly once and last, with the final transcript."""

    def __init__(
        self,
        utterance_id: int,
        memory: TalkMemory,
        answer: Callable[[Transcript], None],
        limits: RecogniserLimits,
    ) -> None:
        self.utterance_id = utterance_id
        self.memory = memory
        self.ended = False
        self.answered = False
        self.failed: str | None = None
        self._answer = answer
        self._words: list[HeardWord] = []
        self._claim = ""
        self._kept: deque[bytes] = deque()
        self._kept_samples = 0
        self._shown = ""
        self._unchanged = 0
        self._max_kept_samples = limits.kept_duration * EAR_RATE_HZ

    @property
    def has_sound(self) -> bool:
        return bool(self._kept)

    def keep(self, pcm: bytes) -> None:
        """Hold sound until a decoder is free; past `kept_duration` the utterance has failed for being too
        many."""
        if self.failed or self.answered:
            return
        if self._kept_samples + len(pcm) // 2 > self._max_kept_samples:
            self.fail("busy")
            return
        self._kept.append(pcm)
        self._kept_samples += len(pcm) // 2

    def next_sound(self) -> bytes | None:
        """The oldest sound held, or None."""
        if not self._kept:
            return None
        pcm = self._kept.popleft()
        self._kept_samples -= len(pcm) // 2
        return pcm

    def heard(self, words: tuple[HeardWord, ...], claim: str = "") -> None:
        """Add the words of one stretch; `claim` is the right that may have been claimed with them."""
        self._claim = claim if not self._words else ""  # which is short, and no part of a longer one
        self._words.extend(words)

    def show(self, text: str, behind: float) -> None:
        """Give a partial; `text` is that of the present stretch. A decoder knows no confidence before its
        end: 1.0."""
        if not self.answered and not self.failed:
            self._shown = written([*(word.text for word in self._words), *text.split()])
            self._unchanged = 0
            self._answer(Transcript(self.utterance_id, self._shown, 1.0, final=False, behind=behind))

    def nothing_new(self, behind: float) -> None:
        """The decoder hears on without a new word: say so now and then, for silence would look like delay."""
        self._unchanged += 1
        if self._unchanged % REPORTS_UNCHANGED == 0 and not self.answered and not self.failed:
            self._answer(Transcript(self.utterance_id, self._shown, 1.0, final=False, behind=behind))

    def fail(self, reason: str) -> None:
        """Nothing more is to be had; the final transcript, when it is asked for, says so."""
        self.failed = self.failed or reason
        self._kept.clear()
        self._kept_samples = 0

    def finish(self) -> None:
        """Give the final transcript, once."""
        if self.answered:
            return
        self.answered = True
        self._kept.clear()
        text = written([word.text for word in self._words])
        confidence = sum(word.confidence for word in self._words) / len(self._words) if self._words else 1.0
        self._answer(
            Transcript(self.utterance_id, text, confidence, final=True, failed=self.failed, claim=self._claim)
        )

    def abandon(self) -> None:
        """Nobody wants to know any more."""
        self.answered = True
        self._kept.clear()


class Stretch:
    """How much of an utterance the present lease has taken, and where it had better end."""

    def __init__(self, limits: RecogniserLimits) -> None:
        self.samples = 0
        self._most = limits.lease_duration * EAR_RATE_HZ
        self._enough = limits.soft_lease_duration * EAR_RATE_HZ
        self._loudest = 0
        self._quiet = False

    def take(self, pcm: bytes) -> None:
        self.samples += len(pcm) // 2
        peak = int(np.abs(np.frombuffer(pcm, np.int16, len(pcm) // 2).astype(np.int32)).max(initial=0))
        self._loudest = max(self._loudest, peak)
        self._quiet = peak < self._loudest * QUIET

    @property
    def is_full(self) -> bool:
        return self.samples >= self._most or (self.samples >= self._enough and self._quiet)
