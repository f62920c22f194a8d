"""A participant whom a seed makes: mumbles, pauses, interrupts, presses, types. Knows no floor, and does what
comes to mind."""

from collections.abc import Callable
from random import Random
from typing import get_args

from dialog.blueprint import Blueprint
from dialog.judgement import Right
from dialog.signals import (
    AnySignal,
    DonePressed,
    FinalTranscript,
    FormFilled,
    HoldToTalk,
    KeyPressed,
    PartialTranscript,
    RightClaimed,
    SpeechLasted,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TypingNoticed,
)
from tests.simulation.mouth import Later
from tests.simulation.sayings import something

RIGHTS: tuple[Right, ...] = get_args(Right)


class Participant:
    """Each act begins now and returns how many seconds it takes; `wildness` 0–1 is the share of mishaps."""

    def __init__(
        self,
        rng: Random,
        wildness: float,
        blueprint: Blueprint,
        tell: Callable[[AnySignal], None],
        later: Later,
        heard: Callable[[int, float], None] = lambda utterance_id, length: None,
    ) -> None:
        self.utterance = 0
        """The newest one."""
        self.held = False
        """The key of hold-to-talk is down."""
        self._rng = rng
        self._wildness = wildness
        self._blueprint = blueprint
        self._tell = tell
        self._later = later
        self._heard = heard
        self._typed = 0

    def wait(self) -> float:
        """Say nothing."""
        return self._rng.choice((1.0, 3.0, 8.0, 20.0, 40.0))

    def speak(self) -> float:
        """Say something: the ear's and the recogniser's word of it come as the day is."""
        rng, wild = self._rng, self._wildness
        self.utterance += 1
        number, text = self.utterance, something(rng)
        words = text.split()
        length = max(0.3, 0.3 * len(words) * rng.uniform(0.7, 1.5))
        if rng.random() > 0.08 * wild:
            self._later(0.08, lambda: self._tell(SpeechStarted(number)))
            self._sound_on(number, length)
        shown = [count for count in range(1, len(words) + 1) if rng.random() < 0.6]
        if rng.random() > 0.1 * wild:
            for count in shown:
                part = PartialTranscript(number, " ".join(words[:count]), 0.9)
                self._later(length * count / len(words) + 0.1, lambda part=part: self._tell(part))  # type: ignore[misc]
        if rng.random() < 0.2:
            pause = rng.uniform(0.3, 1.0) * length
            self._later(pause, lambda: self._tell(SpeechStopped(number, 0.2, max(0.02, pause - 0.2))))
            self._later(pause + 0.1, lambda: self._tell(SpeechStarted(number)))
        if rng.random() > 0.06 * wild:
            voiced = max(0.02, length - 0.08)
            self._later(length + 0.2, lambda: self._tell(SpeechStopped(number, 0.2, voiced)))
        self._conclude_utterance(number, text, length)
        self._heard(number, length)
        return length

    def _sound_on(self, number: int, length: float) -> None:
        """What the ear says while the voice lasts; also when it has stopped, or another has begun."""
        rng = self._rng
        since = rng.choice((0.2, 0.3, 0.5))
        while since < length or rng.random() < 0.05 * self._wildness:
            lasted = SpeechLasted(number, since if rng.random() < 0.9 else rng.uniform(0.0, 20.0))
            self._later(since + 0.08, lambda lasted=lasted: self._tell(lasted))  # type: ignore[misc]
            since += rng.choice((0.1, 0.5, 2.0))

    def _conclude_utterance(self, number: int, text: str, length: float) -> None:
        rng, wild = self._rng, self._wildness
        dice = rng.random() / max(wild, 0.01)
        delay = length + rng.uniform(0.25, 0.6)
        confidence = rng.uniform(0.3, 1.0)
        if dice < 0.05:
            return
        if dice < 0.1:
            self._later(delay, lambda: self._tell(FinalTranscript(number, "", 1.0, "timeout")))
            return
        if dice < 0.2:
            delay += rng.uniform(1, 8)
        if dice < 0.25:
            text += " indeed"
        self._later(delay, lambda: self._tell(FinalTranscript(number, text, confidence)))
        if dice < 0.3:
            self._later(
                delay + rng.uniform(0, 4), lambda: self._tell(FinalTranscript(number, text, confidence))
            )

    def press(self) -> float:
        """Press a button."""
        rng = self._rng
        dice = rng.random()
        if dice < 0.35:
            self._tell(DonePressed())
        elif dice < 0.75:
            right = rng.choice([right for right in RIGHTS if right != "stop" or rng.random() < 0.1])
            self._tell(RightClaimed(right))
        else:
            self.held = not self.held
            self._tell(HoldToTalk(self.held))
            return rng.uniform(0.2, 3.0)
        return 0.0

    def use_hands(self) -> float:
        """Type, press keys, or fill in a form."""
        rng = self._rng
        dice = rng.random()
        if dice < 0.5:
            strokes = rng.randrange(1, 8)
            for stroke in range(strokes):
                self._later(0.3 * stroke, lambda: self._tell(TypingNoticed()))
            if rng.random() < 0.7:
                self._typed += rng.random() < 0.9
                message = TextTyped(something(rng), f"m{self._typed}" if rng.random() < 0.8 else "")
                self._later(0.3 * strokes + 0.2, lambda: self._tell(message))
            return 0.3 * strokes
        if dice < 0.8:
            self._tell(KeyPressed(rng.choice("0123456789*#")))
        else:
            key = rng.choice(list(self._blueprint.graph.nodes))
            if fields := self._blueprint.graph.nodes[key].fields:
                self._tell(FormFilled(key, {field.name: rng.choice((1, True, "text")) for field in fields}))
        return 0.0
