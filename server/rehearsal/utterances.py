"""What an ear and a recogniser tell of a simulated answer, and when: the signals that real ones would give.
Knows no agent and no question."""

from collections.abc import Sequence
from typing import Final

import msgspec

from dialog.signals import AnySignal, FinalTranscript, PartialTranscript, SpeechStarted, SpeechStopped
from server.rehearsal.chance import Chance
from server.rehearsal.persona import Phrase, Recognition

UPLINK: Final = 0.1
"""Seconds from the mouth to the ear."""
_ONSET: Final = (0.06, 0.14)
_OFFSET: Final = (0.10, 0.24)
"""How late voice activity notices a beginning and an end: median and 95th percentile."""
_PARTIAL: Final = (0.20, 0.35)
_FINAL: Final = (0.10, 0.16)
"""The recogniser: behind a word, and behind the closing of an utterance."""
STOP_SILENCE: Final = 0.2
CLOSING_SILENCE: Final = 0.44
BRIEF_CLOSING_SILENCE: Final = 0.2
"""As the listener's: silence before it is told of, and before an utterance's last words are asked for."""
_SHORTEST_VOICE: Final = 0.02
_CONFIDENCE_SPREAD: Final = 0.06


class Delivery(msgspec.Struct, frozen=True):
    """An answer being given: its signals by time (seconds after its first sound), and where it is over."""

    signals: tuple[tuple[float, AnySignal], ...]
    duration: float
    utterances: int
    phrase_starts: tuple[float, ...]


class _Breath:
    """One utterance: what is said between two silences that are long enough to close it."""

    def __init__(self, number: int, began_at: float) -> None:
        self.number = number
        self.began_at = began_at
        self.heard: list[str] = []


class _Ear:
    def __init__(self, utterances_before: int, recognition: Recognition, chance: Chance, brief: bool) -> None:
        self.signals: list[tuple[float, AnySignal]] = []
        self.utterance = utterances_before
        self._recognition = recognition
        self._chance = chance
        self._closing = BRIEF_CLOSING_SILENCE if brief else CLOSING_SILENCE
        self._breath: _Breath | None = None
        self._voice_from: float | None = None
        self._known_at = 0.0
        spread = chance.between(-_CONFIDENCE_SPREAD, _CONFIDENCE_SPREAD)
        self._confidence = min(max(recognition.confidence + spread, 0.05), 0.99)

    def voice(self, at: float) -> None:
        """A voice sets in."""
        if self._breath is None:
            self.utterance += 1
            self._breath = _Breath(self.utterance, at)
        if self._voice_from is None:
            self._voice_from = at
            self._tell(at + UPLINK + self._chance.delay(*_ONSET), SpeechStarted(self._breath.number))

    def word(self, word: str, ended_at: float, said_before: Sequence[str]) -> None:
        """A word has been said; it may be taken for another, or lost."""
        assert self._breath is not None
        understood = word
        if self._chance.happens(self._recognition.word_errors):
            understood = self._chance.one_of([*said_before, ""]) if said_before else ""
        if understood:
            self._breath.heard.append(understood)
            self._known_at = max(self._known_at, ended_at + UPLINK + self._chance.delay(*_PARTIAL))
            text = " ".join(self._breath.heard)
            self._tell(self._known_at, PartialTranscript(self._breath.number, text, self._confidence))

    def silence(self, at: float, duration: float | None) -> None:
        """Silence from `at` on, for so long; None = for good."""
        if self._breath is None or self._voice_from is None:
            return
        noticed = at + UPLINK + self._chance.delay(*_OFFSET)
        again = None if duration is None else at + duration + UPLINK
        if again is not None and noticed + STOP_SILENCE >= again:
            return
        number, voiced = self._breath.number, max(_SHORTEST_VOICE, at - self._voice_from)
        self._tell(noticed + STOP_SILENCE, SpeechStopped(number, STOP_SILENCE, voiced))
        self._voice_from = None
        if again is None or noticed + self._closing < again:
            text = " ".join(self._breath.heard)
            due = max(noticed + self._closing + self._chance.delay(*_FINAL), self._known_at)
            self._tell(due, FinalTranscript(number, text, self._confidence if text else 1.0))
            self._breath = None

    def _tell(self, at: float, signal: AnySignal) -> None:
        self.signals.append((at, signal))


def deliver(
    phrases: Sequence[Phrase],
    recognition: Recognition,
    chance: Chance,
    *,
    words_per_s: float,
    utterances_before: int,
    brief: bool = False,
) -> Delivery:
    """Give an answer: word for word, phrase for phrase. `brief` where the core waits for a short one."""
    ear = _Ear(utterances_before, recognition, chance, brief)
    now, starts = 0.0, []
    said: list[str] = []
    for place, phrase in enumerate(phrases):
        starts.append(now)
        ear.voice(now)
        for word in phrase.say.split():
            now += (0.5 + 0.11 * len(word)) / words_per_s * chance.between(0.85, 1.15)
            ear.word(word, now, said[-8:])
            said.append(word)
        now += phrase.ms / 1000 if phrase.sound else 0.0
        if place < len(phrases) - 1:
            pause = phrase.pause_ms / 1000 * chance.between(0.75, 1.35)
            ear.silence(now, pause)
            now += pause
    ear.silence(now, None)
    signals = tuple(sorted(ear.signals, key=lambda one: one[0]))
    return Delivery(signals, now, ear.utterance - utterances_before, tuple(starts))
