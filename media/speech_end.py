"""Where in the stream the voice was last to be heard: the sound's own end, to a few milliseconds.

Knows nothing of what counts as speech; that is media/vad.py's to say, later and more coarsely.
"""

from collections import deque
from typing import Final

import numpy as np

from media.frames import EAR_FRAME_SAMPLES, FRAME_DURATION, AudioFrame

PIECE_SAMPLES: Final = 80
"""5 ms: two periods of a low voice fit into four of them, and no more is needed to place an end."""
HISTORY: Final = 0.8
"""Seconds that are looked back over: the silence that ends speech, and the last syllable before it."""
BELOW_LOUDEST_DB: Final = 35.0
"""How far below the loudest piece of the speech its end may lie. Larger: breath and reverberation count."""
ABOVE_FLOOR_DB: Final = 9.0
"""How far above the quietest sound of the history it must lie. Larger: soft endings in noise are cut off."""
_HISTORY_FRAMES: Final = round(HISTORY / FRAME_DURATION)
_QUIETEST_SHARE: Final = 0.1
_LEAST_POWER: Final = 10.0 * PIECE_SAMPLES
"""Sum of squares of a piece, in units of 16-bit samples: −80 dBFS, below which nothing is heard."""

_ABOVE_FLOOR: Final = 10 ** (ABOVE_FLOOR_DB / 10)
_BELOW_LOUDEST: Final = 10 ** (-BELOW_LOUDEST_DB / 10)


class SpeechEnd:
    """Follows one participant's sound; asked when the voice detection says that speech has stopped."""

    def __init__(self) -> None:
        self._fresh: list[AudioFrame] = []
        """Frames not measured yet: many at once cost hardly more than one."""
        self._pieces: deque[tuple[int, list[float]]] = deque(maxlen=_HISTORY_FRAMES)
        """(place, sums of squares of its pieces) of each frame."""
        self._loudest = 0.0

    def begin(self) -> None:
        """Voice has set in: its end is measured by its own loudness, not by what was louder before it."""
        self._measure()
        self._loudest = max((max(powers) for _, powers in self._pieces), default=0.0)

    def hear(self, frame: AudioFrame) -> None:
        """Take the next frame. Those that were made up or muted have no voice of anybody in them."""
        if frame.concealed or frame.muted:
            return
        self._fresh.append(frame)
        if len(self._fresh) == _HISTORY_FRAMES:
            self._measure()

    def _measure(self) -> None:
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        samples = np.frombuffer(b"".join(frame.pcm for frame in fresh), np.int16).astype(np.float32)
        pieces = samples.reshape(len(fresh), -1, PIECE_SAMPLES)
        powers: list[list[float]] = np.vecdot(pieces, pieces).tolist()
        self._pieces.extend(zip((frame.timestamp for frame in fresh), powers, strict=True))
        self._loudest = max(self._loudest, *map(max, powers))

    def place(self) -> int | None:
        """Sample of the stream at which the voice was over; None where nothing in reach was loud enough."""
        self._measure()
        if not self._pieces:
            return None
        powers = np.array([powers for _, powers in self._pieces]).ravel()
        quietest = int(_QUIETEST_SHARE * (len(powers) - 1))
        floor = float(np.partition(powers, quietest)[quietest])
        least = max(floor * _ABOVE_FLOOR, self._loudest * _BELOW_LOUDEST, _LEAST_POWER)
        loud = np.flatnonzero(powers >= least)
        if not len(loud):
            return None
        frame, piece = divmod(int(loud[-1]), EAR_FRAME_SAMPLES // PIECE_SAMPLES)
        return self._pieces[frame][0] + (piece + 1) * PIECE_SAMPLES
