"""What became true between two sections of an interview."""

from dialog.fact import Fact


class SectionOver(Fact, frozen=True):
    """A section has been gone through, and the next one begins. Told once of each."""

    section: str
    read_back: tuple[int, ...] = ()
    """The turns out of which something was read back; none where nothing was."""
    minutes_left: int | None = None
    """How long the participant was told that the rest takes; None where nothing was said of it."""
    at: float = 0.0
    """In session seconds."""
