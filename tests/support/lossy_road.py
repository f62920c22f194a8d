"""A participant's sound on its way to an ear, on a clock of its own: numbered, lost, late, repaired.

The sender and the receiver are the gateway's; what lies between them is a seed.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Final

import msgspec

from media.codecs import OpusEncoder
from media.frames import EAR_FRAME_SAMPLES, FRAME_DURATION, AudioFrame, VoiceFrame
from server.gateway.leg import Ear
from server.gateway.rtp import RtpFormat, RtpReceiver, RtpSender
from tests.support.speech import pieces, speech_pcm

WITH_RED: Final = RtpFormat(opus=111, red=63)
FEC_ALONE: Final = RtpFormat(opus=111)
WAY: Final = 0.03
"""Seconds that a packet takes which meets no queue."""

Losing = Callable[[int], bool]
"""Whether the packet of a slot is lost; asked once a slot, in order."""


def at_random(share: float, seed: int) -> Losing:
    """Lose this share of the packets, each by itself."""
    dice = Random(seed)
    return lambda slot: dice.random() < share


def in_bursts(share: float, mean_length: float, seed: int) -> Losing:
    """Lose this share in bursts of this mean length (a Gilbert model)."""
    dice, lost = Random(seed), False

    def next_one(slot: int) -> bool:
        nonlocal lost
        if lost:
            lost = dice.random() >= 1 / mean_length
        else:
            lost = dice.random() < share / (1 - share) / mean_length
        return lost

    return next_one


def between(first: int, behind: int) -> Losing:
    """Lose the slots from `first` up to `behind`."""
    return lambda slot: first <= slot < behind


@cache
def spoken_packets() -> tuple[bytes, ...]:
    """The utterance as a browser would encode it: 48 kHz, 32 kb/s, FEC for 10 % of loss."""
    encoder = OpusEncoder(48_000)
    return tuple(encoder.encode(pcm) for pcm in pieces(speech_pcm(48_000), 1_920))


class Arrival(msgspec.Struct, frozen=True):
    """One frame at the ear. `delay`: seconds behind the moment at which its packet should have come."""

    frame: AudioFrame
    delay: float
    at: float


class LossyRoad:
    """One stream, a packet each 20 ms from second 0 on; `jitter` is the most seconds that one comes late."""

    def __init__(self, agreed: RtpFormat, losing: Losing, *, jitter: float = 0.0, seed: int = 0) -> None:
        self.now = 0.0
        self.ear: Ear | None = None
        """Who else hears what arrives."""
        self.arrivals: list[Arrival] = []
        self.sent = 0
        self.lost_packets = 0
        self.receiver = RtpReceiver(agreed, self, None)
        self._sender = RtpSender(agreed, 0x1234_5678, self._leave)
        self._losing = losing
        self._jitter = jitter
        self._dice = Random(seed)
        self._under_way: list[tuple[float, int, bytes]] = []
        self._first_slot: int | None = None

    def _leave(self, packet: bytes) -> None:
        slot, self.sent = self.sent, self.sent + 1
        if self._losing(slot):
            self.lost_packets += 1
            return
        if self._first_slot is None:
            self._first_slot = slot
        arrival = slot * FRAME_DURATION + WAY + self._dice.random() * self._jitter
        heapq.heappush(self._under_way, (arrival, slot, packet))

    # What the receiver calls (gateway.leg.Ear)

    def hear(self, frame: AudioFrame) -> None:
        slot = (self._first_slot or 0) + frame.timestamp // EAR_FRAME_SAMPLES
        self.arrivals.append(Arrival(frame, self.now - (slot * FRAME_DURATION + WAY), self.now))
        if self.ear is not None:
            self.ear.hear(frame)

    def stalled(self, missing: float) -> None:
        if self.ear is not None:
            self.ear.stalled(missing)

    def lost(self) -> None:
        if self.ear is not None:
            self.ear.lost()

    def found(self) -> None:
        if self.ear is not None:
            self.ear.found()

    # Time

    def carry(self, packet: bytes) -> Sequence[Arrival]:
        """Send the next 20 ms; returns what reaches the ear until the 20 ms after it are due."""
        before = len(self.arrivals)
        end = (self.sent + 1) * FRAME_DURATION
        self._sender.send(self.sent, VoiceFrame(b"", packet))
        while (moment := self._next_moment()) < end:
            self.now = moment
            if self._under_way and self._under_way[0][0] <= moment:
                self.receiver.receive(heapq.heappop(self._under_way)[2], moment)
            else:
                self.receiver.release(moment)
        self.now = end
        self.receiver.tick(end)
        return self.arrivals[before:]

    def _next_moment(self) -> float:
        due = self.receiver.due
        moments = [self._under_way[0][0]] if self._under_way else []
        return min([*moments, max(self.now, due)] if due is not None else moments, default=float("inf"))


class Repair(msgspec.Struct, frozen=True):
    """What came of a stream."""

    frames: int
    lost_share: float
    missing_share: float
    """Of frames that had to be made up out of nothing."""
    delay_p50: float
    delay_p99: float
    delay_max: float
    delay_at_end: float
    """Mean of the last second."""
    media_time_whole: bool
    """Each frame follows the one before it."""


def repair_of(road: LossyRoad) -> Repair:
    """Sum a road up."""
    delays = sorted(arrival.delay for arrival in road.arrivals)
    last = [arrival.delay for arrival in road.arrivals[-50:]]
    stamps = [arrival.frame.timestamp for arrival in road.arrivals]
    return Repair(
        frames=len(delays),
        lost_share=road.lost_packets / road.sent,
        missing_share=road.receiver.concealed / len(delays),
        delay_p50=delays[len(delays) // 2],
        delay_p99=delays[int(0.99 * (len(delays) - 1))],
        delay_max=delays[-1],
        delay_at_end=sum(last) / len(last),
        media_time_whole=all(b - a == EAR_FRAME_SAMPLES for a, b in itertools.pairwise(stamps)),
    )


def carry_speech(
    agreed: RtpFormat, losing: Losing, seconds: float, *, jitter: float = 0.0, seed: int = 0
) -> Repair:
    """Send the utterance over and over, then a second without loss or jitter."""
    slots = round(seconds / FRAME_DURATION)
    road = LossyRoad(agreed, lambda slot: slot < slots and losing(slot), jitter=jitter, seed=seed)
    packets = spoken_packets()
    for slot in range(slots + 50):
        road._jitter = jitter if slot < slots else 0.0
        road.carry(packets[slot % len(packets)])
    return repair_of(road)
