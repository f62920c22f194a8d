"""When a place in a stream of sound came by, on the listener's clock. Knows nothing of who speaks or why the
way was slow."""

from collections import deque
from statistics import median
from typing import Final

from media.frames import EAR_RATE_HZ

REMEMBERED_FRAMES: Final = 256
"""Frames whose arrival counts, five seconds: enough for a middle that jitter hardly moves, and short against
the drift of a sound card's clock (half a millisecond at 100 ppm)."""


class MediaClock:
    """Places of one stream in time, by how long frames usually take: a single one may have met a queue."""

    def __init__(self) -> None:
        self._origins: deque[float] = deque(maxlen=REMEMBERED_FRAMES)
        """When the stream's first sample would have come, by each of the latest frames."""

    def arrived(self, end: int, now: float) -> None:
        """Sound up to the sample `end` of the stream is here at `now`, in seconds."""
        self._origins.append(now - end / EAR_RATE_HZ)

    def time_of(self, place: int) -> float | None:
        """When the sample at `place` would have come by the usual way; None before any has."""
        return median(self._origins) + place / EAR_RATE_HZ if self._origins else None
