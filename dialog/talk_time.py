"""How long a run has been talked in, by its facts. Knows no limit, nor what is done when time runs out."""

import msgspec
from msgspec.structs import replace


class TalkTime(msgspec.Struct, frozen=True):
    """Seconds of talk over all sessions; a pause takes none, nor does being away. Instants are seconds of the
    present session."""

    before: float = 0.0
    """Talk of the earlier sessions, by their last timed facts."""
    last_at: float = 0.0
    rested: float = 0.0
    """Seconds of this session's pauses and absences that are over."""
    paused_at: float | None = None
    """Since when the talk rests; None while it doesn't, and where nobody noted it."""

    def elapsed(self, now: float) -> float:
        """Seconds of talk up to `now`."""
        talked_until = now if self.paused_at is None else min(now, self.paused_at)
        return self.before + max(0.0, talked_until - self.rested)

    def seen(self, at: float) -> "TalkTime":
        """Something was said at `at`."""
        return replace(self, last_at=max(self.last_at, at))

    def paused(self, at: float | None) -> "TalkTime":
        """The talk pauses, unless it does already. `at` is None in logs that don't say when."""
        return self if self.paused_at is not None else replace(self, paused_at=at)

    def resumed(self, at: float | None) -> "TalkTime":
        """The pause is over."""
        going = replace(self, paused_at=None)
        return going if self.paused_at is None or at is None else going.rest(self.paused_at, at)

    def rest(self, began_at: float, ended_at: float) -> "TalkTime":
        """Nobody talked in between. What of it lies in a pause is counted with the pause."""
        counted = ended_at if self.paused_at is None else min(ended_at, self.paused_at)
        return replace(self.seen(ended_at), rested=self.rested + max(0.0, counted - began_at))

    def begun_anew(self, *, paused: bool) -> "TalkTime":
        """A session begins, with its own clock; in a run that is `paused` the talk still rests."""
        return TalkTime(before=self.elapsed(self.last_at), paused_at=0.0 if paused else None)
