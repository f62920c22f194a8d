"""The agent's side of a simulated talk: one speech after the other, on a clock that it is told."""

from collections.abc import Callable
from typing import Final

import msgspec

from dialog.commands import Say
from dialog.signals import AnySignal, SpeechBegan, SpeechEnded
from dialog.speaking import TOKENS
from server.rehearsal.chance import Chance

DOWNLINK: Final = 0.1
"""Seconds from a command to the ear."""
FADE: Final = 0.04
_WORDS_PER_S: Final = 3.0
_TOKEN_DURATION: Final = 0.5
_FIRST_SOUND: Final = (0.12, 0.30)
"""Of words that were not synthesised ahead, by the embedded voice: median and 95th percentile."""

Later = Callable[[float, Callable[[], None]], None]
"""Do something so many seconds from now."""


class Sounding(msgspec.Struct):
    """One speech on its way to the ear. A `plan` that is not the newest does nothing."""

    say: Say
    began_at: float | None = None
    played: float = 0.0
    held: bool = False
    plan: int = 0

    @property
    def duration(self) -> float:
        if self.say.kind in TOKENS:
            return _TOKEN_DURATION
        return max(0.4, len(self.say.text.split()) / _WORDS_PER_S / self.say.speed)


class SimulatedMouth:
    """`tell` takes its signals; `began` and `heard` are told of each speech at the ear and its end."""

    def __init__(
        self,
        known: frozenset[str],
        chance: Chance,
        tell: Callable[[AnySignal], None],
        later: Later,
        began: Callable[[Say], None],
        heard: Callable[[Say], None],
    ) -> None:
        self.now = 0.0
        self._known = known
        self._chance = chance
        self._tell = tell
        self._later = later
        self._began = began
        self._heard = heard
        self._queue: list[Sounding] = []

    @property
    def silent(self) -> bool:
        """Nothing is being said or waits to be, tokens aside."""
        return all(one.say.kind in TOKENS for one in self._queue)

    def say(self, say: Say) -> None:
        """Say it, after whatever is being said."""
        self._queue.append(Sounding(say))
        if len(self._queue) == 1:
            self._play(self._queue[0])

    def first_sound(self, text: str) -> float:
        """Seconds until words would begin to sound."""
        return 0.01 if text in self._known else self._chance.delay(*_FIRST_SOUND)

    def stop(self, speech_id: int) -> None:
        """Fade out; what is queued behind is dropped with it."""
        ids = [one.say.speech_id for one in self._queue]
        if speech_id not in ids:
            return
        place = ids.index(speech_id)
        dropped = self._queue[place:]
        del self._queue[place:]
        for one in dropped:
            one.plan += 1
            fraction = self._fraction(one)
            words = one.say.text.split()
            heard = " ".join(words[: round(fraction * len(words))])
            ended = SpeechEnded(one.say.speech_id, heard, fraction, cut=True)
            self._later(FADE, lambda ended=ended: self._tell(ended))  # type: ignore[misc]

    def hold(self, speech_id: int) -> None:
        """Fall silent for a moment."""
        for one in self._queue[:1]:
            if one.say.speech_id == speech_id and one.began_at is not None and not one.held:
                one.played += self.now - one.began_at
                one.held, one.plan = True, one.plan + 1

    def resume(self, speech_id: int) -> None:
        """Go on after a hold."""
        for one in self._queue[:1]:
            if one.say.speech_id == speech_id and one.held:
                one.held, one.began_at = False, self.now
                self._end_later(one)

    def cut_off(self) -> None:
        """The road to the ear is gone, and everything that was to go there."""
        for one in self._queue:
            one.plan += 1
        self._queue.clear()

    def _fraction(self, one: Sounding) -> float:
        running = self.now - one.began_at if one.began_at is not None and not one.held else 0.0
        return min(1.0, (one.played + running) / one.duration)

    def _play(self, one: Sounding) -> None:
        one.plan += 1
        plan = one.plan

        def begin() -> None:
            if one.plan == plan:
                one.began_at = self.now
                self._began(one.say)
                self._tell(SpeechBegan(one.say.speech_id))
                if one.plan == plan:
                    self._end_later(one)

        self._later(DOWNLINK + self.first_sound(one.say.text), begin)

    def _end_later(self, one: Sounding) -> None:
        one.plan += 1
        plan = one.plan

        def end() -> None:
            if one.plan == plan and one in self._queue:
                self._queue.remove(one)
                one.plan += 1
                if self._queue:
                    self._play(self._queue[0])
                self._tell(SpeechEnded(one.say.speech_id, one.say.text, 1.0))
                self._heard(one.say)

        self._later(max(0.0, one.duration - one.played), end)
