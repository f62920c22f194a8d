"""Those who listen for the ends of turns, on bad days: an audio model that is late, silent or unknown, and a
recogniser whose events say anything. Knows no floor."""

from collections.abc import Callable
from random import Random
from typing import Literal

from dialog.calibration import DETECTORS, RECOGNISERS
from dialog.commands import LookForEnd
from dialog.signals import AnySignal, TurnEndHinted, TurnEndScored
from tests.simulation.mouth import Later

_MODELS = (*DETECTORS, "mine 0.1/0.6@0.8 0.4/0.95@0.2", "nobody knows")
_HINTS: tuple[Literal["eager", "over", "resumed"], ...] = ("eager", "over", "resumed")


class FickleEar:
    """`faults` is the share of looks that go wrong. Half of the talks have a model, half a recogniser with
    events of its own."""

    def __init__(self, rng: Random, faults: float, tell: Callable[[AnySignal], None], later: Later) -> None:
        self.detector = rng.choice(_MODELS) if rng.random() < 0.5 else ""
        self.recogniser = rng.choice([*RECOGNISERS]) if rng.random() < 0.5 else ""
        self._rng = rng
        self._faults = faults
        self._tell = tell
        self._later = later
        self._latest = 0

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self._faults = 0.0

    def look(self, command: LookForEnd) -> None:
        """Answer, sooner or later, or not at all."""
        self._latest = command.look_id
        rng, dice = self._rng, self._rng.random()
        if dice < 0.2 * self._faults:
            return
        probability = None if dice < 0.3 * self._faults else rng.choice((0.0, rng.random(), 1.0))
        delay = rng.uniform(0.05, 0.2) if dice >= 0.6 * self._faults else rng.uniform(0.2, 5.0)
        score = TurnEndScored(command.look_id, probability, self.detector)
        self._later(delay, lambda: self._tell(score))
        if 0.3 * self._faults <= dice < 0.4 * self._faults:
            self._later(delay, lambda: self._tell(score))

    def hint(self, utterance_id: int, length: float) -> None:
        """Say something of an utterance that takes so long, in its time or past it."""
        if not self.recogniser:
            return
        for _ in range(self._rng.randrange(4)):
            told = TurnEndHinted(utterance_id, self._rng.choice(_HINTS), self._rng.uniform(-0.5, 1.5))
            self._later(self._rng.uniform(0.2, length + 2.5), lambda told=told: self._tell(told))  # type: ignore[misc]

    def stale(self) -> AnySignal:
        """A word on what is long over, or never was."""
        looks = (self._latest - 1, 10_000)
        if self._rng.random() < 0.5:
            return TurnEndScored(self._rng.choice(looks), 1.0, self.detector)
        return TurnEndHinted(10_000, "over", 1.0)
