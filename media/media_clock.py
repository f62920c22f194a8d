"""When a place in a stream of sound came by, on the listener's clock. Knows nothing of who speaks or why the
way was slow."""

from typing import Final

from media.frames import EAR_RATE_HZ

BLOCK_SAMPLES: Final = 5 * EAR_RATE_HZ
"""Of the sound over which the fastest way is sought, twice: enough for one frame that met no queue, and short
against the drift of a sound card's clock (1 ms in ten seconds at 100 ppm)."""


class MediaClock:
    """Places of one stream in time, by the frames that came fastest: jitter only ever delays."""

    def __init__(self) -> None:
        self._block_end = BLOCK_SAMPLES
        self._before: float | None = None
        self._least: float | None = None

    def arrived(self, end: int, now: float) -> None:
        """Sound up to the sample `end` of the stream is here at `now`, in seconds."""
        if end >= self._block_end:
            self._block_end = end + BLOCK_SAMPLES
            self._before, self._least = self._least, None
        origin = now - end / EAR_RATE_HZ
        if self._least is None or origin < self._least:
            self._least = origin

    def time_of(self, place: int) -> float | None:
        """When the sample at `place` would have come, had nothing held it up; None before any has."""
        known = [origin for origin in (self._before, self._least) if origin is not None]
        return min(known) + place / EAR_RATE_HZ if known else None
