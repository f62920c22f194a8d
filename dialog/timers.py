"""Named instants, of which the earliest is the core's one deadline. Reads no clock."""

from typing import Final

LONGEST_STILL: Final = 1.9
"""Seconds for which clocks wait for sound at most. A link without sound for two seconds is told of in another
way; of one that comes back just before, the agent's own wait of a second is over before silence lasts for
three."""


class Timers:
    """At most one instant per name; setting one again moves it.

    Those named in `on_sound` run on what is heard: while no sound comes they stand still, but no longer than
    LONGEST_STILL, and then go on.
    """

    def __init__(self, on_sound: frozenset[str] = frozenset()) -> None:
        self._at: dict[str, float] = {}
        self._on_sound = on_sound
        self._still_since: float | None = None

    @property
    def deadline(self) -> float | None:
        running = self._running()
        return min(running.values()) if running else None

    def set(self, name: str, at: float) -> None:
        self._at[name] = at

    def at(self, name: str) -> float | None:
        """When it comes; None while it isn't set."""
        return self._at.get(name)

    def cancel(self, *names: str) -> None:
        for name in names:
            self._at.pop(name, None)

    def cancel_all(self) -> None:
        self._at.clear()

    def is_set(self, name: str) -> bool:
        return name in self._at

    def take_due(self, now: float) -> str | None:
        """Remove and name the earliest instant that has come; None when there is none."""
        running = self._running()
        if not running:
            return None
        earliest = min(running.values())
        if earliest > now + 1e-9:
            return None
        name = next(name for name, at in running.items() if at == earliest)
        del self._at[name]
        return name

    def _running(self) -> dict[str, float]:
        if self._still_since is None:
            return self._at
        return {name: at + LONGEST_STILL * (name in self._on_sound) for name, at in self._at.items()}

    # What runs on sound

    @property
    def still(self) -> bool:
        return self._still_since is not None

    def stand_still(self, since: float) -> None:
        """No sound has come since then: what runs on it waits."""
        if self._still_since is None:
            self._still_since = since

    def go_on(self, now: float, at_most: float = LONGEST_STILL) -> float:
        """Sound comes again: what waited goes on, later by what this returns: the seconds for which it stood
        still, but no more than `at_most`."""
        if self._still_since is None:
            return 0.0
        still, self._still_since = min(max(0.0, now - self._still_since), at_most), None
        self.put_back(still)
        return still

    def put_back(self, by: float) -> None:
        """So many seconds of sound were never heard: what runs on it comes later by as much."""
        for name in self._at.keys() & self._on_sound:
            self._at[name] += by

    def heard_until(self, now: float) -> float:
        """The present, or the moment from which on nothing was heard."""
        return now if self._still_since is None else min(now, max(self._still_since, now - LONGEST_STILL))
