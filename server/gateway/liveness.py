"""Whether sound still comes from a participant: what a leg tells the ear when it ceases, and when it is back.

Knows nothing of packets. Time is counted in beats that were held: while our own loop stands still nobody's
sound is missing, for what came meanwhile waits in the sockets.
"""

from typing import Final

from media.frames import FRAME_DURATION
from server.gateway.leg import Ear

LOST_AFTER: Final = 2.0
"""Seconds without sound after which the link counts as lost: a browser sends 50 packets a second, muted or
not, and a closed tab says nothing, which ICE alone notices after half a minute."""


class Liveness:
    """One leg's watch over what comes in; `stalled_after` is in seconds."""

    def __init__(self, ear: Ear, stalled_after: float) -> None:
        self._ear = ear
        self._stalled_after = stalled_after
        self._beats = 0
        """Held since sound last came."""
        self._lost = self._stalled = False

    @property
    def missing(self) -> float:
        """Seconds for which no sound has come, at least; those when nobody was there to hear it left out."""
        return max(0, self._beats - 1) * FRAME_DURATION  # the first beat may follow at once

    def came(self) -> None:
        """Sound came in."""
        self._beats, self._stalled = 0, False
        if self._lost:
            self._lost = False
            self._ear.found()

    def beat(self) -> None:
        """One beat of the metronome was held, 20 ms after the one before it, or later."""
        self._beats += 1
        if not self._lost and self._over(LOST_AFTER):
            self._lost = True
            self._ear.lost()
        elif not self._stalled and self._over(self._stalled_after):
            self._stalled = True
            self._ear.stalled(self.missing)

    def _over(self, duration: float) -> bool:
        return self._beats > round(duration / FRAME_DURATION)
