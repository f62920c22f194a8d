"""Our end of the RTP stream, both ways: packets to frames and frames to packets, one call stack each, no
task, thread or queue in between. Knows nothing of SDP, ICE, encryption or sockets: it is given plain
packets and a way to send them."""

import struct
from collections.abc import Callable
from typing import Final

import msgspec

from media.codecs import CodecError, OpusDecoder, OpusEncoder, carries_fec
from media.encoder_effort import EncoderEffort
from media.frames import (
    EAR_FRAME_SAMPLES,
    EAR_RATE_HZ,
    OPUS_CLOCK_HZ,
    OPUS_FRAME_TICKS,
    OPUS_SILENCE,
    VOICE_RATE_HZ,
    AudioFrame,
    VoiceFrame,
)
from media.jitter_buffer import JitterBuffer, Lost, Packet
from media.red import RedError, pack_red, parse_red
from server.gateway import rtcp
from server.gateway.leg import Ear, Tap
from server.gateway.liveness import LOST_AFTER, Liveness

STALLED_AFTER: Final = 0.06
"""Seconds without a packet after which sound counts as missing: the next one is then as late as a hole is
waited for."""

MUTED_AFTER_FRAMES: Final = 250
"""Frames of unbroken digital silence (audio level 127) that make a muted microphone. The noise gates of
headsets give exact zeros between words and after them: what is shorter than the pause that ends the most
patient answer must count as silence. Larger: a switch on the device is noticed later; the page's own tells
at once."""

_MOST_MADE_UP: Final = EAR_RATE_HZ
"""Samples of one hole that are filled, a second: behind them media time leaps to what came."""
_MUTED_LEVEL: Final = 127
_TICKS_PER_SAMPLE: Final = OPUS_CLOCK_HZ // EAR_RATE_HZ
_FRAME_BYTES: Final = EAR_FRAME_SAMPLES * 2
_HEADER: Final = struct.Struct("!BBHLL")


class RtpFormat(msgspec.Struct, frozen=True):
    """What was agreed on: the payload types, and the id of the audio level extension."""

    opus: int
    red: int | None = None
    audio_level_id: int | None = None


class RtpPacket(msgspec.Struct, frozen=True):
    """One RTP packet, its header read (RFC 3550 §5.1)."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    audio_level: int | None
    """−dBov: 0 is loudest, 127 digital silence; None where it was not sent."""


def parse_packet(data: bytes, audio_level_id: int | None) -> RtpPacket | None:
    """Read one RTP packet, or None for what isn't one. Never raises."""
    if len(data) < _HEADER.size or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start, end, level = _HEADER.size + 4 * (first & 0x0F), len(data), None
    if first & 0x10:
        if end < start + 4:
            return None
        profile, words = struct.unpack_from("!HH", data, start)
        extensions = data[start + 4 : start + 4 + 4 * words]
        start += 4 + 4 * words
        if audio_level_id is not None:
            level = _audio_level(profile, extensions, audio_level_id)
    if first & 0x20 and end > start:
        end -= data[-1]
    if start >= end:
        return None
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, data[start:end], level)


def _audio_level(profile: int, extensions: bytes, wanted: int) -> int | None:
    """Find the level among header extensions of one-byte or two-byte form (RFC 8285 §4.2, §4.3; RFC 6464)."""
    one_byte = profile == 0xBEDE
    if not one_byte and profile >> 4 != 0x100:
        return None
    position = 0
    while position < len(extensions):
        first = extensions[position]
        position += 1
        if first == 0:  # padding
            continue
        if one_byte:
            number, size = first >> 4, (first & 0x0F) + 1
        elif position < len(extensions):
            number, size = first, extensions[position]
            position += 1
        else:
            return None
        if number == wanted and size >= 1 and position < len(extensions):
            return extensions[position] & 0x7F
        position += size
    return None


class RtpReceiver:
    """Turn the packets of one participant into frames for the ear: in order, holes repaired or concealed.

    A hole is filled from RED, then from the FEC of the packet after it, then by concealment. `receive` and
    `tick` never raise on anything that comes from the wire.
    """

    def __init__(self, agreed: RtpFormat, ear: Ear, tap: Tap | None) -> None:
        self._agreed, self._ear, self._tap = agreed, ear, tap
        self._buffer = JitterBuffer()
        self._decoder = OpusDecoder(EAR_RATE_HZ)
        self._framer = Framer(ear)
        self._packet_samples = EAR_FRAME_SAMPLES
        self._origin: int | None = None
        self._silent_packets = 0
        self._liveness = Liveness(ear, STALLED_AFTER)
        self.statistics: rtcp.ReceptionStatistics | None = None
        """Of the source that is being heard; None before its first packet."""
        self.refused = 0
        """Packets that were no audio of ours: malformed, of another type or another source."""
        self.restored = 0
        """Packets that came only as the FEC of the one behind them."""
        self.heard = 0
        """Packets that were decoded as they came."""
        self.concealed = 0
        """Packets that had to be made up out of nothing."""

    def receive(self, data: bytes, now: float) -> None:
        """Take one RTP packet off the wire at `now`."""
        packet = parse_packet(data, self._agreed.audio_level_id)
        if packet is None or not self._is_ours(packet):
            self.refused += 1
            return
        self._liveness.came()
        assert self.statistics is not None
        self.statistics.add(packet.sequence, packet.timestamp, now)
        if packet.audio_level is not None:
            self._silent_packets = self._silent_packets + 1 if packet.audio_level == _MUTED_LEVEL else 0
        if packet.payload_type == self._agreed.opus:
            self._buffer.push(packet.sequence, packet.timestamp, packet.payload, now)
        else:
            self._push_redundant(packet, now)
        self.release(now)

    def tick(self, now: float) -> None:
        """Give up on holes whose time is over, and notice a link that has gone quiet. Called every 20 ms."""
        self.release(now)
        self._liveness.beat()

    @property
    def due(self) -> float | None:
        """When to `release` at the latest; None while nothing waits behind a hole."""
        return self._buffer.due

    def _is_ours(self, packet: RtpPacket) -> bool:
        if packet.payload_type not in (self._agreed.opus, self._agreed.red):
            return False
        if self.statistics is None or packet.ssrc != self.statistics.ssrc:
            # One source is heard at a time. Another may take over when it has gone quiet: a page that came
            # back.
            if self.statistics is not None and self._liveness.missing < LOST_AFTER:
                return False
            self.statistics = rtcp.ReceptionStatistics(packet.ssrc, OPUS_CLOCK_HZ)
        return True

    def _push_redundant(self, packet: RtpPacket, now: float) -> None:
        try:
            *earlier, primary = parse_red(packet.payload)
        except RedError:
            self.refused += 1
            return
        for back, block in zip(range(len(earlier), 0, -1), earlier, strict=True):
            if block.payload_type == self._agreed.opus:
                sequence = (packet.sequence - back) & 0xFFFF
                timestamp = (packet.timestamp - block.offset) & 0xFFFF_FFFF
                self._buffer.push(sequence, timestamp, block.data, now, redundant=True)
        if primary.payload_type == self._agreed.opus:
            self._buffer.push(packet.sequence, packet.timestamp, primary.data, now)

    def release(self, now: float) -> None:
        """Hand on what is in order by `now`, or was waited for in vain."""
        ready = self._buffer.pop(now)
        made_up = 0
        for index, item in enumerate(ready):
            if self._origin is None:
                self._origin = item.timestamp
            ticks = item.timestamp - self._origin
            if isinstance(item, Packet):
                self._decode(item, ticks)
                made_up = 0
            elif (made_up := made_up + self._packet_samples) <= _MOST_MADE_UP:
                self._repair(ready[index + 1] if index + 1 < len(ready) else None, ticks)

    def _decode(self, packet: Packet, ticks: int) -> None:
        try:
            pcm = self._decoder.decode(packet.payload)
        except CodecError:
            self._repair(None, ticks)
            return
        self.heard += 1
        self._packet_samples = len(pcm) // 2
        if self._tap is not None:
            self._tap.received(packet.payload, ticks)
        self._framer.push(pcm, ticks // _TICKS_PER_SAMPLE, muted=self._muted)

    @property
    def _muted(self) -> bool:
        return self._silent_packets >= MUTED_AFTER_FRAMES

    def _repair(self, following: Packet | Lost | None, ticks: int) -> None:
        """Make up the packet at `ticks`; what the FEC of the one after it gives back has been heard."""
        restored = False
        try:
            if isinstance(following, Packet) and carries_fec(following.payload):
                pcm = self._decoder.decode_fec(following.payload, self._packet_samples)
                restored = True
            else:
                pcm = self._decoder.conceal(self._packet_samples)
        except CodecError:
            pcm = bytes(self._packet_samples * 2)
        self.restored += restored
        self.concealed += not restored
        self._framer.push(pcm, ticks // _TICKS_PER_SAMPLE, concealed=not restored, muted=self._muted)


class Framer:
    """Cut decoded pieces of any length into the ear's 20 ms frames, with timestamps that only grow."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._held = b""
        self._end = 0
        """Where the last piece ended, in samples."""

    def push(self, pcm: bytes, position: int, *, concealed: bool = False, muted: bool = False) -> None:
        """Take a piece that belongs at `position`; what overlaps with sound already heard is cut off."""
        overlap = self._end - position
        if overlap > 0:
            pcm, position = pcm[overlap * 2 :], self._end
        elif overlap < 0:
            self._held = b""  # a gap in media time: a rest of less than a frame is not carried over it
        if self._held:
            position -= len(self._held) // 2
            pcm = self._held + pcm
        whole = len(pcm) - len(pcm) % _FRAME_BYTES
        for start in range(0, whole, _FRAME_BYTES):
            frame = AudioFrame(pcm[start : start + _FRAME_BYTES], position + start // 2, concealed, muted)
            self._ear.hear(frame)
        self._held = pcm[whole:]
        self._end = position + len(pcm) // 2


class RtpSender:
    """Turn the agent's frames into packets, one per slot and never fewer: a browser stretches the last
    sound of a stream that ceases by 150–300 ms."""

    def __init__(
        self,
        agreed: RtpFormat,
        ssrc: int,
        send: Callable[[bytes], None],
        effort: EncoderEffort | None = None,
    ) -> None:
        self._agreed, self._ssrc, self._send = agreed, ssrc, send
        self._effort = effort or EncoderEffort()
        self._payload_type = agreed.opus if agreed.red is None else agreed.red
        self._encoder: OpusEncoder | None = None
        # The SSRC is random; so are these, without a draw of their own. The first sequence numbers stay
        # clear of the wrap, where the two sides of SRTP could disagree on the cycle (RFC 3711 §3.3.1).
        self._sequence = (ssrc >> 8) & 0x7FFF
        self._timestamp_origin = (ssrc * 2_654_435_761) & 0xFFFF_FFFF
        self._before: tuple[int, bytes] | None = None
        self.packets = 0
        self.octets = 0
        """Of payload, as sender reports count them."""

    def timestamp(self, slot: int) -> int:
        """RTP timestamp of a slot, 32 bits."""
        return (self._timestamp_origin + slot * OPUS_FRAME_TICKS) & 0xFFFF_FFFF

    def send(self, slot: int, frame: VoiceFrame | None) -> bytes:
        """Send one frame, None for silence; returns its Opus packet.

        The timestamp follows the slot, missed slots included; the sequence is continuous.
        """
        if frame is None:
            packet = OPUS_SILENCE
        elif frame.packet is not None:
            packet = frame.packet
        else:
            packet = self._encoded(frame.pcm)
        payload = packet if self._agreed.red is None else self._redundant(slot, packet)
        header = _HEADER.pack(0x80, self._payload_type, self._sequence, self.timestamp(slot), self._ssrc)
        self._send(header + payload)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        return packet

    def _encoded(self, pcm: bytes) -> bytes:
        if self._encoder is None:
            self._encoder = OpusEncoder(VOICE_RATE_HZ)
        if self._encoder.complexity != self._effort.complexity:
            self._encoder.complexity = self._effort.complexity
        return self._encoder.encode(pcm)

    def _redundant(self, slot: int, packet: bytes) -> bytes:
        earlier = []
        if self._before is not None:
            slot_before, packet_before = self._before
            earlier.append(((slot - slot_before) * OPUS_FRAME_TICKS, packet_before))
        self._before = (slot, packet)
        return pack_red(self._agreed.opus, packet, earlier)
