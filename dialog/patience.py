"""How long one person's own pauses are. Knows no floor."""

from typing import Final

from dialog.policy import Policy

_NOTICED_PERCENTILE: Final = 0.8
"""Of the pauses long enough to be noticed (0.3 s and more) this is the 90th of all: half are shorter."""


class Patience:
    """How long one person's own pauses are, and so how long the floor is held open for them.

    The person's 90th-percentile pause within answers, shrunk towards one second by `pause_pseudo_count`
    imagined pauses, clamped to `patience_range`. It scales the hold, where a cut-off adds to it for three
    answers, and what a silence of theirs is worth as evidence.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._pauses: list[float] = []
        self._since_cut_off: int | None = None
        self.pace = min(max(1.0, policy.patience_range[0]), policy.patience_range[1])
        """Their long pauses beside one second."""

    def pause_bridged(self, duration: float) -> None:
        """A pause of this many seconds turned out to lie within an answer. Only the latest 200 count."""
        if not 0.2 <= duration <= 10.0:
            return
        self._pauses.append(duration)
        del self._pauses[:-200]
        ordered = sorted(self._pauses)
        own = ordered[min(len(ordered) - 1, int(_NOTICED_PERCENTILE * len(ordered)))]
        pseudo = self._policy.pause_pseudo_count
        low, high = self._policy.patience_range
        self.pace = min(max((len(ordered) * own + pseudo) / (len(ordered) + pseudo), low), high)

    def cut_off(self) -> None:
        """We began to speak, and the person was going on."""
        self._since_cut_off = 0

    def answer_given(self) -> None:
        if self._since_cut_off is not None:
            self._since_cut_off += 1
            if self._since_cut_off >= 3:
                self._since_cut_off = None

    def factor(self) -> float:
        """What the hold is multiplied with."""
        if self._since_cut_off is None:
            return self.pace
        return self.pace * (1.0 + (self._policy.cut_off_factor - 1.0) * (3 - self._since_cut_off) / 3)
