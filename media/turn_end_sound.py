"""The last seconds of one participant's sound, kept for a model that judges by it whether a turn is over.
Knows no model."""

from typing import Final

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION, AudioFrame

KEPT_DURATION: Final = 8.0
"""Seconds kept where nobody asks for more or less: what the models of today look at."""
_FRAME_BYTES: Final = 2 * EAR_FRAME_SAMPLES


class TurnEndSound:
    """A ring of the newest seconds of a turn, KEPT_DURATION unless another length is asked for.

    A turn begins with the first voice after the agent has spoken for a while. What lies before it is left
    out, but for a moment: models were taught on single turns, with nothing in front.
    """

    def __init__(
        self, duration: float = KEPT_DURATION, *, pre_roll: float = 0.5, agent_turn: float = 1.0
    ) -> None:
        """`pre_roll`: seconds kept from before the first voice. `agent_turn`: seconds of the agent's voice
        between two stretches of the participant's from which they are two turns; shorter is an
        acknowledgement or a cue."""
        self._ring = bytearray(max(1, round(duration / FRAME_DURATION)) * _FRAME_BYTES)
        self._next = 0
        self._kept = 0
        self._pre_roll = round(pre_roll / FRAME_DURATION) * _FRAME_BYTES
        self._agent_frames = 0
        self._agent_turn_frames = round(agent_turn / FRAME_DURATION)

    @property
    def duration(self) -> float:
        """Seconds that are kept now."""
        return self._kept / (2 * EAR_RATE_HZ)

    def hear(self, frame: AudioFrame, *, agent_sounds: bool) -> None:
        """Take the next frame, whatever is in it: the gaps of a turn belong to it."""
        if len(frame.pcm) != _FRAME_BYTES:
            return
        self._agent_frames += agent_sounds
        self._ring[self._next : self._next + _FRAME_BYTES] = frame.pcm
        self._next = (self._next + _FRAME_BYTES) % len(self._ring)
        self._kept = min(self._kept + _FRAME_BYTES, len(self._ring))

    def begin_voice(self) -> None:
        """The voice has set in: a new turn, if the agent has had one since the last time."""
        if self._agent_frames >= self._agent_turn_frames:
            self._kept = min(self._kept, self._pre_roll)
        self._agent_frames = 0

    def latest(self) -> bytes:
        """All that is kept, oldest first: mono s16le at EAR_RATE_HZ."""
        size = self._kept
        begin = (self._next - size) % len(self._ring)
        if begin < self._next or size == 0:
            return bytes(self._ring[begin : begin + size])
        return bytes(self._ring[begin:] + self._ring[: self._next])
