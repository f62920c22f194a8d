"""How long sound takes between a page and us, by what the page says of its own part and by round trips.

Those are pings (server/gateway/pings.py), and RTCP where it tells; alone it is too rare, for a browser
reports on a stream of sound every five seconds or so.
"""

from collections import deque
from statistics import median
from typing import Final

from media.frames import FRAME_DURATION

DEFAULT_PLAYOUT_DELAY: Final = 0.08
"""Seconds until the page reports its own: 73–86 ms were measured from sending to sounding in Chromium on one
host."""

CAPTURE_DELAY: Final = 0.01
"""Seconds from a sound at the mouth to the packet that ends with it, besides its way: a browser takes sound
in pieces of 10 ms. What a microphone's own hardware holds back, nobody tells us."""

REMEMBERED: Final = 16
"""Round trips that are counted: eight seconds at two a second. Larger: follows a change of network later."""
LONGEST: Final = 10.0
"""Seconds; what takes longer is no measure of the way that sound takes."""


class RoundTrips:
    """The latest round trips of one connection."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)
        self.asked: dict[int, float] = {}
        """Pings that are not answered, and when they were sent."""
        self._number = 0

    def ask(self, now: float) -> int:
        """The number of a ping that is sent now. Those unanswered for long are forgotten."""
        self._number += 1
        self.asked[self._number] = now
        if len(self.asked) > REMEMBERED:
            del self.asked[next(iter(self.asked))]
        return self._number

    def answered(self, number: int, now: float) -> None:
        """A pong came; one that was not asked for, or came twice, says nothing."""
        asked_at = self.asked.pop(number, None)
        if asked_at is not None:
            self.took(now - asked_at)

    def took(self, seconds: float) -> None:
        """A round trip that somebody else has measured."""
        if 0.0 <= seconds < LONGEST:
            self._seconds.append(seconds)

    @property
    def usual(self) -> float:
        """Seconds of a round trip as they are now; 0.0 before the first."""
        return median(self._seconds) if self._seconds else 0.0


class PathDelay:
    """How long sound takes between one page and us, each way."""

    def __init__(self) -> None:
        self.round_trips = RoundTrips()
        self.playout: float | None = None
        """Seconds from the arrival of a packet to its sounding (jitter buffer and output), by the page's
        word; None before its first."""

    def to_the_ear(self) -> float:
        """Seconds from sending a packet to its sounding; DEFAULT_PLAYOUT_DELAY before the page's word."""
        if self.playout is None:
            return DEFAULT_PLAYOUT_DELAY
        return self.playout + self.round_trips.usual / 2 + FRAME_DURATION

    def from_the_mouth(self) -> float:
        """Seconds from a sound at the mouth to the arrival of the packet that ends with it."""
        return self.round_trips.usual / 2 + CAPTURE_DELAY
