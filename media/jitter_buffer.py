"""Packets in the order of their sequence numbers. Knows nothing of what they carry.

There is no constant delay: the listener is not a loudspeaker. What is in order leaves at once; only a hole is
waited for, until `patience` after the moment at which its packet should have come; then it is Lost.
"""

import math
from typing import Final

import msgspec

from media.frames import OPUS_CLOCK_HZ

MAX_HOLE: Final = 50
"""Packets. A longer hole is a break: the stream begins anew behind it, and nothing is concealed."""
MAX_WAITING: Final = 64
"""Packets kept behind a hole before it is given up whatever the time."""
_GRAIN: Final = 0.002
"""Seconds. A hole that is due within this is given up now: timers come late, and `patience` is the most."""
_MAX_BACKSTEP: Final = 100
"""Packets. What comes from further back is no late packet but another numbering."""
_MAX_CLOCK_LEAP: Final = 3600.0
"""Seconds by which a timestamp may lie ahead of the newest one; beyond that it is of another clock."""
_MAX_CLOCK_BACKSTEP: Final = 6.0
"""Seconds by which it may lie behind: the oldest late packet, were each one of 60 ms."""
_MAX_AHEAD: Final = 3.0
"""Seconds by which media time may outrun the time of arrival since the first packet: more is no sound."""
_CREEP: Final = 0.01
"""Share by which the estimate of the least delay follows larger delays, per packet: about two seconds."""


class Packet(msgspec.Struct, frozen=True):
    sequence: int
    """Unwrapped: goes on over 65535."""
    timestamp: int
    """Unwrapped; grows from packet to packet."""
    payload: bytes
    arrival: float
    """Seconds on the clock of whoever pushed it."""
    redundant: bool = False
    """Came inside a later packet."""


class Lost(msgspec.Struct, frozen=True):
    """A packet that was waited for in vain; its timestamp is put between its neighbours'."""

    sequence: int
    timestamp: int


def unwrapped(value: int, near: int, bits: int) -> int:
    """Return the number closest to `near` whose lowest `bits` are `value`."""
    half, whole = 1 << (bits - 1), 1 << bits
    return near + (value - near + half) % whole - half


class JitterBuffer:
    """Order one RTP stream: `push` what arrives, and `pop` now and then. `patience`: seconds."""

    def __init__(self, clock_hz: int = OPUS_CLOCK_HZ, patience: float = 0.04) -> None:
        self.lost = 0
        """Packets that were given up."""
        self.dropped = 0
        """Packets that came twice or too late, redundant ones left out."""
        self._clock_hz = clock_hz
        self._patience = patience
        self._waiting: dict[int, Packet] = {}
        self._started = False
        self._next_sequence = 0
        self._newest_timestamp = 0
        self._released_timestamp = -1
        self._timestamp_shift = 0
        self._began_at = 0.0
        """Arrival minus timestamp of the first packet, in seconds."""
        self._least_delay: float | None = None
        """Arrival minus timestamp of a packet that met no queue, in seconds between two unrelated clocks."""
        self._stranger: int | None = None
        """The sequence number that would prove a break, after one packet from elsewhere."""

    def push(
        self, sequence: int, timestamp: int, payload: bytes, arrival: float, *, redundant: bool = False
    ) -> None:
        """Take one packet as it arrives: 16-bit `sequence`, 32-bit `timestamp`, `arrival` in seconds.

        A packet found inside a later one is pushed before that one, as `redundant`; an empty one is none.
        """
        if redundant and not payload:
            return
        if not self._started:
            self._started = True
            self._next_sequence = sequence
            self._newest_timestamp = timestamp
            self._released_timestamp = timestamp - 1
            self._began_at = arrival - timestamp / self._clock_hz
        whole = unwrapped(sequence, self._next_sequence, 16)
        if not -_MAX_BACKSTEP <= whole - self._next_sequence <= MAX_HOLE:
            if redundant:
                return
            if sequence != self._stranger:
                self._stranger = (sequence + 1) & 0xFFFF
                self.dropped += 1
                return
            whole = self._begin_anew(sequence)
        elif not redundant:
            self._stranger = None
        if whole < self._next_sequence or whole in self._waiting:
            self.dropped += not redundant
            return
        ticks = self._whole_timestamp(timestamp, arrival)
        self._waiting[whole] = Packet(whole, ticks, payload, arrival, redundant)
        if not redundant:
            self._learn_delay(arrival - ticks / self._clock_hz)

    def pop(self, now: float) -> list[Packet | Lost]:
        """Give out all that is in order by `now`, with what was waited for in vain as Lost."""
        out: list[Packet | Lost] = []
        while self._waiting:
            item: Packet | Lost | None = self._waiting.pop(self._next_sequence, None)
            if item is None:
                if now < self._hole_due() - _GRAIN:
                    break
                self.lost += 1
                item = Lost(self._next_sequence, self._hole_timestamp())
            self._next_sequence += 1
            if item.timestamp > self._released_timestamp:
                self._released_timestamp = item.timestamp
                out.append(item)
        return out

    @property
    def due(self) -> float | None:
        """When to pop at the latest, if nothing is pushed before; None while nothing waits behind a hole."""
        return self._hole_due() - _GRAIN if self._waiting else None

    def _hole_due(self) -> float:
        if len(self._waiting) > MAX_WAITING:
            return -math.inf
        nominal = self._hole_timestamp() / self._clock_hz + (self._least_delay or 0.0)
        # the packet behind has come already, and the missing one was sent before it
        return min(nominal, self._waiting[min(self._waiting)].arrival) + self._patience

    def _hole_timestamp(self) -> int:
        behind = self._waiting[min(self._waiting)]
        gap = behind.timestamp - self._released_timestamp
        return self._released_timestamp + gap // (behind.sequence - self._next_sequence + 1)

    def _learn_delay(self, delay: float) -> None:
        if self._least_delay is None or delay < self._least_delay:
            self._least_delay = delay
        else:
            self._least_delay += (delay - self._least_delay) * _CREEP

    def _whole_timestamp(self, timestamp: int, arrival: float) -> int:
        newest = self._newest_timestamp
        whole = unwrapped((timestamp + self._timestamp_shift) & 0xFFFFFFFF, newest, 32)
        leap = (whole - newest) / self._clock_hz
        ahead = whole / self._clock_hz + self._began_at - arrival
        if not -_MAX_CLOCK_BACKSTEP <= leap <= _MAX_CLOCK_LEAP or (leap > 0 and ahead > _MAX_AHEAD):
            # go on as if one frame had passed, so that media time neither leaps nor runs backwards
            whole = newest + self._clock_hz // 50
            self._timestamp_shift = whole - timestamp
            self._least_delay = None
        self._newest_timestamp = max(newest, whole)
        return whole

    def _begin_anew(self, sequence: int) -> int:
        """Follow a new numbering from its second packet on (RFC 3550 appendix A.1); return that, whole."""
        self._stranger = None
        self._waiting.clear()
        self._least_delay = None
        self._next_sequence = unwrapped(sequence, self._next_sequence + (1 << 15) + MAX_HOLE, 16)
        return self._next_sequence
