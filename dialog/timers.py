"""Named instants, of which the earliest is the core's one deadline. Reads no clock."""


class Timers:
    """At most one instant per name; setting one again moves it."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    @property
    def deadline(self) -> float | None:
        return min(self._at.values()) if self._at else None

    def set(self, name: str, at: float) -> None:
        self._at[name] = at

    def cancel(self, *names: str) -> None:
        for name in names:
            self._at.pop(name, None)

    def cancel_all(self) -> None:
        self._at.clear()

    def is_set(self, name: str) -> bool:
        return name in self._at

    def take_due(self, now: float) -> str | None:
        """Remove and name the earliest instant that has come; None when there is none."""
        if not self._at:
            return None
        name = min(self._at, key=self._at.__getitem__)
        if self._at[name] > now + 1e-9:
            return None
        del self._at[name]
        return name
