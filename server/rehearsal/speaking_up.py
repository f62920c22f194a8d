"""When a simulated participant speaks: after what they have heard to its end, in their own time, in pieces.

Knows the clock that it is told; what is said comes from `conversing`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from dialog.blueprint import Blueprint
from dialog.commands import Say
from dialog.script import MISHEARD_OFFER
from dialog.signals import AnySignal, TextTyped, TypingNoticed
from server.rehearsal.chance import Chance
from server.rehearsal.conversing import Conversing, behaviours_at
from server.rehearsal.persona import Drop, Persona, Phrase, Recognition
from server.rehearsal.simulated_mouth import Later
from server.rehearsal.utterances import deliver

_OVER_THE_QUESTION: Final = ("backchannel", "barge_in", "barge-in")
_STROKE: Final = 0.25
"""Seconds between two keystrokes."""
_CLEAR: Final = Recognition(0.0, 0.95)


class SpeakingUp:
    """One participant's mouth and hands. `drop` cuts the link, for so many seconds."""

    def __init__(
        self,
        persona: Persona,
        blueprint: Blueprint,
        seed: int,
        tell: Callable[[AnySignal], None],
        later: Later,
        drop: Callable[[float], None],
    ) -> None:
        self.now = 0.0
        self.brief = False
        """A short answer is awaited: its last words are asked for sooner."""
        self.conversing = Conversing(persona, blueprint)
        self._persona = persona
        self._name = (persona.name, seed)
        self._tell = tell
        self._later = later
        self._drop = drop
        self._utterances = 0
        self._given = 0
        self._plan = 0
        self._about_to_speak = False
        self._answer_until = 0.0
        self._ended_at: float | None = None
        self._drops: list[Drop] = list(persona.drops)
        self._done: set[int] = set()
        self._messages = 0

    @property
    def speaking(self) -> bool:
        """An answer has begun and is not over: pauses belong to it."""
        return self.now < self._answer_until

    def take_end(self) -> float | None:
        """When the last answer ended, once."""
        ended_at, self._ended_at = self._ended_at, None
        return ended_at

    def listen(self, say: Say) -> None:
        """Something begins to be heard: some say a word over it."""
        for behaviour in behaviours_at(self._persona.behaviours, say.node_key or "", _OVER_THE_QUESTION):
            number = self._persona.behaviours.index(behaviour)
            during = behaviour.at.get("during") if isinstance(behaviour.at, dict) else None
            if number not in self._done and say.kind == (during or "question"):
                self._done.add(number)
                after = _milliseconds(behaviour.at, "after_ms", 900) / 1000
                self._later(after, lambda said=behaviour.say: self._put_in(said))  # type: ignore[misc]

    def heard(self, say: Say, field: str | None) -> None:
        """Something was heard to its end: it is answered, when the answer before it is over."""
        if say.kind == "check_in" and (self.speaking or self._about_to_speak):
            return
        if say.text == MISHEARD_OFFER and self.conversing.said:
            self._type(_said(self.conversing.said))
            return
        phrases = self.conversing.hear(say, field)
        if not phrases:
            return
        self._plan += 1
        plan, node = self._plan, say.node_key or ""
        self._about_to_speak = True
        chance = Chance(*self._name, "start", self._plan)
        delay = self._persona.start_delay_ms / 1000 * chance.between(0.7, 1.6)
        begins = max(self.now, self._answer_until) + delay
        typed = bool(behaviours_at(self._persona.behaviours, node, ("typing", "types")))

        def begin() -> None:
            if plan == self._plan:
                self._about_to_speak = False
                if typed:
                    self._type(_said(phrases))
                else:
                    self._say(phrases, node)

        self._later(begins - self.now, begin)

    def _say(self, phrases: Sequence[Phrase], node: str) -> None:
        self._given += 1
        persona = self._persona
        delivery = deliver(
            phrases,
            persona.recognition,
            Chance(*self._name, "answer", self._given),
            words_per_s=persona.words_per_s,
            utterances_before=self._utterances,
            brief=self.brief,
        )
        self._utterances += delivery.utterances
        self._answer_until = self._ended_at = self.now + delivery.duration
        for at, signal in delivery.signals:
            self._later(at, lambda signal=signal: self._tell(signal))  # type: ignore[misc]
        drop = next((one for one in self._drops if one.node in (node, "")), None)
        if drop is not None and drop.after_ms / 1000 < delivery.duration:
            self._drops.remove(drop)
            self._later(drop.after_ms / 1000, lambda: self._leave(drop, phrases, delivery.phrase_starts))

    def _leave(self, drop: Drop, phrases: Sequence[Phrase], starts: Sequence[float]) -> None:
        """The link is gone: what was not said yet is said when somebody asks for it again."""
        began = drop.after_ms / 1000
        broken = sum(start < began for start in starts) - 1
        self.conversing.said = tuple(phrases[broken:])
        self._answer_until, self._ended_at = self.now, None
        self._drop(drop.away_ms / 1000)

    def _put_in(self, said: str) -> None:
        """A word or two over the agent's voice."""
        delivery = deliver(
            (Phrase(say=said),),
            _CLEAR,
            Chance(*self._name, "aside", self._utterances),
            words_per_s=self._persona.words_per_s,
            utterances_before=self._utterances,
        )
        self._utterances += delivery.utterances
        for at, signal in delivery.signals:
            self._later(at, lambda signal=signal: self._tell(signal))  # type: ignore[misc]

    def _type(self, text: str) -> None:
        self._messages += 1
        strokes = min(len(text), 40)
        for stroke in range(strokes):
            self._later(stroke * _STROKE, lambda: self._tell(TypingNoticed()))
        typed = TextTyped(text, f"typed-{self._messages}")
        self._later(strokes * _STROKE, lambda: self._tell(typed))
        self._answer_until = self.now + strokes * _STROKE
        self._ended_at = self._answer_until


def _said(phrases: Sequence[Phrase]) -> str:
    return " ".join(phrase.say for phrase in phrases if phrase.say)


def _milliseconds(at: Any, name: str, default: int) -> float:
    value = at.get(name, default) if isinstance(at, dict) else default
    return float(value) if isinstance(value, int | float) else float(default)
