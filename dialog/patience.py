"""How long one person's own pauses are. Knows no floor."""

from collections.abc import Iterable, Sequence
from typing import Final

from dialog.policy import Policy

_WORDS_A_PAUSE: Final = 3.75
"""Pauses of 0.2 s and more are so many words apart. Short ones escape the ear, so that the 90th percentile of
all can't be counted out; but among the words of ten of them lies, on average, one that is longer than it."""
_LONGEST: Final = 10.0
_REMEMBERED: Final = 20
"""Answers."""


class Patience:
    """How long one person's own pauses are, and so how long the floor is held open for them.

    The person's 90th-percentile pause within answers, shrunk towards one second by `pause_pseudo_count`
    imagined pauses, clamped to `patience_range`. It scales the hold, and the hold alone; a cut-off adds to it
    for three answers. `heard` are the spoken answers of earlier sessions: how many words, and the pauses
    between them.
    """

    def __init__(self, policy: Policy, heard: Iterable[tuple[int, Sequence[float]]] = ()) -> None:
        self._policy = policy
        self._heard = [*heard][-_REMEMBERED:]
        self._since_cut_off: int | None = None
        self.pace = 1.0
        """Their long pauses beside one second."""
        self.weigh(0, ())

    def weigh(self, words: int, pauses: Sequence[float]) -> None:
        """A pause turned out to lie within an answer, which has so many words and pauses by now."""
        words += sum(count for count, _ in self._heard)
        every = [pause for _, earlier in self._heard for pause in earlier if pause <= _LONGEST]
        every += [pause for pause in pauses if pause <= _LONGEST]
        among = words / _WORDS_A_PAUSE
        rank = min(int(0.1 * among), len(every) - 1)
        own = sorted(every, reverse=True)[rank] if every else 0.0
        pseudo = self._policy.pause_pseudo_count
        low, high = self._policy.patience_range
        self.pace = min(max((among * own + pseudo) / (among + pseudo), low), high)

    def cut_off(self) -> None:
        """We began to speak, and the person was going on: the last answer is not over."""
        self._since_cut_off = 0
        del self._heard[-1:]

    def answer_given(self, words: int, pauses: Sequence[float]) -> None:
        """A spoken answer is over."""
        if self._since_cut_off is not None:
            self._since_cut_off += 1
            if self._since_cut_off >= 3:
                self._since_cut_off = None
        self._heard = [*self._heard, (words, tuple(pauses))][-_REMEMBERED:]
        self.weigh(0, ())

    def factor(self) -> float:
        """What the hold is multiplied with."""
        if self._since_cut_off is None:
            return self.pace
        return self.pace * (1.0 + (self._policy.cut_off_factor - 1.0) * (3 - self._since_cut_off) / 3)
