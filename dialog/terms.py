"""What holds for a talk beside its blueprint: how long it may take, and where help is to be had. Asks nothing
itself."""

from dialog.blueprint import Blueprint
from dialog.run_state import RunState
from dialog.script import first_help_line


class Terms:
    """The blueprint's, until somebody else's are agreed on."""

    def __init__(self, blueprint: Blueprint, reserve: float) -> None:
        """`reserve` is the share of the time after which what is left is kept for required questions."""
        self._longest = blueprint.settings.max_duration_m * 60.0
        self._named = first_help_line(blueprint)
        self._reserve = reserve
        self.time_limit = self._longest
        """Seconds of talk over all sittings."""
        self.help_line = self._named
        """Where help is to be had; "" = nobody said."""

    def agree(self, time_limit: float | None, help_line: str) -> None:
        """Take in what the channel allows, the smaller limit counts, and what the organization names, which
        counts where the blueprint names nothing."""
        self.time_limit = self._longest if time_limit is None else min(self._longest, time_limit)
        self.help_line = self._named or help_line

    def short_of_time(self, state: RunState, now: float) -> bool:
        """Whether only required questions are asked from here on."""
        return state.time.elapsed(now) >= self.time_limit * self._reserve
