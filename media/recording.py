"""The recording: one two-channel Ogg Opus file of the very packets of both sides. Knows no file and no clock.

Left is the participant, right the agent. Nothing is transcoded: each Ogg packet is the participant's Opus
packet in self-delimiting form (RFC 6716 appendix B) and behind it the agent's (RFC 7845 §3), a pair per slot.
"""

import struct
from typing import Final

import msgspec

from media.codecs import CodecError, OpusDecoder, OpusEncoder, frame_samples, packet_frames
from media.frames import OPUS_CLOCK_HZ, OPUS_FRAME_TICKS, OPUS_SILENCE
from media.ogg import BEGIN_OF_STREAM, LastPage, page

PAGE_SLOTS: Final = 10
"""Slots (200 ms) per page: what a kill may cost, against one write for each."""
LATENESS_SLOTS: Final = 10
"""How many slots behind the present a page is closed, so that late packets still find their place."""
MAX_PACKET_BYTES: Final = 1_300
"""Of the agent: one 20 ms frame has at most 1275; what is padded further would burst the page."""
PRE_SKIP: Final = 312
"""Samples at 48 kHz by which libopus delays the sound (RFC 7845 §4.2)."""

_CLOCK_LOOK_FRAMES: Final = 50
"""Frames (1 s) over which the least delay is taken before the participant's clock is followed."""
_CLOCK_PATIENCE_FRAMES: Final = 500
"""Frames after which it is followed even though nobody falls silent."""
_CLOCK_LEAP_SLOTS: Final = 10
_NEW_CLOCK_TICKS: Final = OPUS_CLOCK_HZ // 2
"""After a leap of timestamps longer than this (another leg, an outage) the origin is sought anew."""
_QUIET_SHARE: Final = 0.5
"""A frame of less than this share of the mean size is taken for silence."""

_SILENT_FRAME: Final = (OPUS_SILENCE[:1], OPUS_SILENCE[1:])


def self_delimited(toc: bytes, frame: bytes) -> bytes:
    """Write a packet of one frame with its length in it (RFC 6716 appendix B and §3.2.1)."""
    size = len(frame)
    if size < 252:
        return b"%b%c%b" % (toc, size, frame)
    first = 252 + (size & 3)
    return b"%b%c%c%b" % (toc, first, (size - first) >> 2, frame)


class _SlotFrame(msgspec.Struct, frozen=True):
    ticks: int
    """Where it begins, on the RTP clock."""
    toc: bytes
    data: bytes


class _Framing:
    """Whatever durations the participant's packets have, single frames of 20 ms come out.

    Packets of several 20 ms frames are split as they are. Frames of other lengths, which no browser sends
    unasked, are decoded and encoded anew. Garbage gives nothing.
    """

    def __init__(self) -> None:
        self._decoder: OpusDecoder | None = None
        self._encoder: OpusEncoder | None = None
        self._pcm = b""
        self._pcm_ticks = 0

    def push(self, packet: bytes, ticks: int) -> list[_SlotFrame]:
        try:
            toc, frames = packet_frames(packet)
            if frame_samples(toc, OPUS_CLOCK_HZ) != OPUS_FRAME_TICKS:
                return self._encoded_anew(packet, ticks)
        except CodecError:
            return []
        one_frame = bytes((toc & 0xFC,))
        return [_SlotFrame(ticks + i * OPUS_FRAME_TICKS, one_frame, frame) for i, frame in enumerate(frames)]

    def _encoded_anew(self, packet: bytes, ticks: int) -> list[_SlotFrame]:
        if self._decoder is None or self._encoder is None:
            self._decoder, self._encoder = OpusDecoder(OPUS_CLOCK_HZ), OpusEncoder(OPUS_CLOCK_HZ)
        pcm = self._decoder.decode(packet)
        if ticks != self._pcm_ticks + len(self._pcm) // 2:
            self._pcm, self._pcm_ticks = b"", ticks
        self._pcm += pcm
        out = []
        while len(self._pcm) >= OPUS_FRAME_TICKS * 2:
            again = self._encoder.encode(self._pcm[: OPUS_FRAME_TICKS * 2])
            out.append(_SlotFrame(self._pcm_ticks, again[:1], again[1:]))
            self._pcm = self._pcm[OPUS_FRAME_TICKS * 2 :]
            self._pcm_ticks += OPUS_FRAME_TICKS
        return out


class _Placing:
    """Which slot a moment of the participant's clock falls into: origin and drift by the least delay seen."""

    def __init__(self) -> None:
        self._shift = 0
        self._last_ticks: int | None = None
        self._least_late = 0
        self._looked = 0
        self._mean_size = 0.0

    def slot(self, frame: _SlotFrame, now: int) -> tuple[int, int | None]:
        """Place a frame that comes at slot `now`; with it the slot that a clock set back leaves empty."""
        nominal = (frame.ticks + OPUS_FRAME_TICKS // 2) // OPUS_FRAME_TICKS
        leapt = self._last_ticks is None or abs(frame.ticks - self._last_ticks) > _NEW_CLOCK_TICKS
        self._last_ticks = frame.ticks
        if leapt or now - nominal - self._shift < -_CLOCK_LEAP_SLOTS // 2:
            self._shift = now - nominal
            self._look_again()
        before = nominal + self._shift
        step = self._step(now - before, len(frame.data))
        self._shift += step
        return before + step, before if step == 1 else None

    def _step(self, late: int, size: int) -> int:
        self._mean_size += (size - self._mean_size) * 0.02
        self._least_late = late if self._looked == 0 else min(self._least_late, late)
        self._looked += 1
        least = self._least_late
        if self._looked < _CLOCK_LOOK_FRAMES:
            return 0
        if abs(least) <= 1:
            self._look_again()
            return 0
        if least > _CLOCK_LEAP_SLOTS:
            self._look_again()
            return least
        if size > self._mean_size * _QUIET_SHARE and self._looked < _CLOCK_PATIENCE_FRAMES:
            return 0
        self._look_again()
        return 1 if least > 0 else -1

    def _look_again(self) -> None:
        self._looked = 0


class OggRecording:
    """Turn the packets of one leg into pages, to be appended to a file as they come.

    A file is one logical stream: the first leg writes `header_pages`, both in one write, and a later one goes
    on with `resumed` behind the last whole page, its numbers and times continuing, so that players see one
    recording without a seam. It has no end-of-stream page and needs none. It may be cut at any byte.
    """

    def __init__(self, serial: int, start_slot: int = 0, *, next_sequence: int = 0) -> None:
        self.start_slot = start_slot
        """Slot of the file in which the leg's slot 0 lies."""
        self._serial = serial
        self._sequence = next_sequence
        self._now = 0
        self._next = 0
        """The leg's first slot that is in no page yet."""
        self._framing = _Framing()
        self._placing = _Placing()
        self._received: dict[int, tuple[bytes, bytes]] = {}
        self._sent: dict[int, bytes] = {}

    @classmethod
    def resumed(cls, last: LastPage) -> "OggRecording":
        """Go on with a file behind its last page (`parse_last_page`); what follows that must be cut away.

        Raises ValueError when the file doesn't even have its second header page: begin it anew.
        """
        if last.sequence < 1:
            raise ValueError("the headers are not whole")
        return cls(last.serial, last.granule // OPUS_FRAME_TICKS, next_sequence=last.sequence + 1)

    def header_pages(self) -> list[bytes]:
        """Write the two pages that a new file begins with (RFC 7845 §5)."""
        head = struct.pack("<8sBBHIhB4B", b"OpusHead", 1, 2, PRE_SKIP, OPUS_CLOCK_HZ, 0, 1, 2, 0, 0, 1)
        vendor = b"vivavoce"
        tags = struct.pack("<8sI", b"OpusTags", len(vendor)) + vendor + bytes(4)
        first = page([head], serial=self._serial, sequence=0, granule=0, kind=BEGIN_OF_STREAM)
        second = page([tags], serial=self._serial, sequence=1, granule=0)
        self._sequence = 2
        return [first, second]

    def received(self, packet: bytes, timestamp: int) -> None:
        """Take one Opus packet of the participant; `timestamp` in OPUS_CLOCK_HZ ticks, unwrapped."""
        for frame in self._framing.push(packet, timestamp):
            slot, silent = self._placing.slot(frame, self._now)
            if silent is not None and silent >= self._next:
                self._received.setdefault(silent, _SILENT_FRAME)
            if slot >= self._next:
                self._received.setdefault(slot, (frame.toc, frame.data))

    def sent(self, packet: bytes, slot: int) -> None:
        """Take one Opus packet of the agent, of 20 ms; `slot` is the leg's, from 0."""
        self._now = max(self._now, slot)
        if slot < self._next or packet == OPUS_SILENCE or len(packet) > MAX_PACKET_BYTES:
            return
        try:
            toc, frames = packet_frames(packet)
            whole_slot = frame_samples(toc, OPUS_CLOCK_HZ) * len(frames) == OPUS_FRAME_TICKS
            if whole_slot and min(map(len, frames)) > 1:
                self._sent[slot] = packet
        except CodecError:
            return

    def pages(self, now_slot: int) -> list[bytes]:
        """Give out the pages that are due at the leg's slot `now_slot`, each for one write."""
        self._now = max(self._now, now_slot)
        out = []
        while self._next + PAGE_SLOTS + LATENESS_SLOTS <= self._now:
            out.append(self._page(PAGE_SLOTS))
        return out

    def finish(self) -> list[bytes]:
        """Give out what is left, up to the present slot. The file may be resumed afterwards."""
        out = []
        while (left := self._now + 1 - self._next) > 0:
            out.append(self._page(min(left, PAGE_SLOTS)))
        return out

    def _page(self, slots: int) -> bytes:
        following = range(self._next, self._next + slots)
        packets = [self._participant(slot) + self._sent.pop(slot, OPUS_SILENCE) for slot in following]
        self._next += slots
        granule = (self.start_slot + self._next) * OPUS_FRAME_TICKS
        written = page(packets, serial=self._serial, sequence=self._sequence, granule=granule)
        self._sequence += 1
        return written

    def _participant(self, slot: int) -> bytes:
        # A lost slot is silence. The empty frame that asks a decoder to conceal (RFC 6716 §3.2.1) is no way
        # to say it: FFmpeg's own decoder makes a full-scale burst of it when the voice was coded by SILK.
        toc, frame = self._received.pop(slot, _SILENT_FRAME)
        return self_delimited(toc, frame) if len(frame) > 1 else self_delimited(*_SILENT_FRAME)
