"""When the participant's voice left the mouth: where in the sound it ended, when that came, and what the way
took. Knows nothing of turns."""

from collections.abc import Callable

from media.frames import EAR_FRAME_SAMPLES, AudioFrame
from media.media_clock import MediaClock
from media.speech_end import SpeechEnd


class MouthClock:
    """Follows one leg's sound. `now` is session time, `uplink_delay` the leg's."""

    def __init__(self, now: Callable[[], float], uplink_delay: Callable[[], float]) -> None:
        self._now = now
        self._uplink_delay = uplink_delay
        self._media = MediaClock()
        self._end = SpeechEnd()

    def hear(self, frame: AudioFrame) -> None:
        """Take the next frame, as it comes."""
        self._media.arrived(frame.timestamp + EAR_FRAME_SAMPLES, self._now())
        self._end.hear(frame)

    def begin_utterance(self) -> None:
        """Voice has set in: how loud it is, is measured anew."""
        self._end.begin()

    def spoken_until(self) -> float | None:
        """When the last sound loud enough for speech left the mouth; None where there was none."""
        place = self._end.place()
        came_at = None if place is None else self._media.time_of(place)
        return None if came_at is None else came_at - self._uplink_delay()
