"""A circuit breaker: a provider that has failed again and again isn't asked for a while, so that nobody waits
for its next failure. Knows no vendor, no clock and no role.
"""

from collections import deque

import msgspec


class BreakerPolicy(msgspec.Struct, frozen=True):
    """When a breaker opens. Durations in seconds."""

    failures: int = 3
    """Within `window`. Larger: more replies wait for a provider that is down."""
    window: float = 60.0
    cool_down: float = 15.0
    """Before one call is let through to try. Larger: a provider that is back is used later."""
    longest_cool_down: float = 240.0
    """Each trial that fails doubles the wait, up to this."""


class Breaker:
    """One provider's, for all talks. `now` is any clock that only goes forward.

    Closed: every call goes through. Open: none. After the cool-down it is half open: one call is let through
    (`admits` says so once), and what comes of it closes or opens the breaker again. Should nothing come of
    it, as when its talk ends, another is let through a cool-down later.
    """

    def __init__(self, policy: BreakerPolicy | None = None) -> None:
        self._policy = policy or BreakerPolicy()
        self._failures: deque[float] = deque(maxlen=self._policy.failures)
        self._cool_down = self._policy.cool_down
        self._trial_at: float | None = None
        """When the next trial may be; None = closed."""
        self._on_trial = False
        self.last_fault = ""

    @property
    def is_open(self) -> bool:
        """Whether calls are kept away, but for trials."""
        return self._trial_at is not None

    def admits(self, now: float) -> bool:
        """Whether a call may go through now; where it is the trial, the next is a cool-down away."""
        if self._trial_at is None:
            return True
        if now < self._trial_at:
            return False
        self._trial_at = now + self._cool_down
        self._on_trial = True
        return True

    def succeeded(self) -> bool:
        """A call has done what it was for; tells whether that has closed the breaker."""
        was_open, self._trial_at, self._on_trial = self.is_open, None, False
        self._failures.clear()
        self._cool_down = self._policy.cool_down
        return was_open

    def failed(self, now: float, why: str, *, at_once: bool = False, rest: float | None = None) -> bool:
        """A call has failed; tells whether that has opened the breaker.

        `at_once` opens it without waiting for more, as a refused key does. `rest` is for how many seconds the
        provider wants to be left alone.
        """
        self.last_fault = why
        self._failures.append(now)
        was_open = self.is_open
        if was_open and not self._on_trial and rest is None:
            return False  # a call from before it opened: all talks feel the same hiccup at once
        if was_open:
            self._on_trial = False
            self._cool_down = min(2 * self._cool_down, self._policy.longest_cool_down)
        full = len(self._failures) == self._policy.failures
        recent = full and now - self._failures[0] <= self._policy.window
        if was_open or at_once or recent or rest is not None:
            self._trial_at = now + max(self._cool_down, min(rest or 0.0, self._policy.longest_cool_down))
        return self.is_open and not was_open
