"""RTCP: the reports of both sides, read and written (RFC 3550 §6). Knows nothing of sockets, sessions or
sound."""

import struct
from typing import Final

import msgspec

_SENDER_REPORT: Final = 200
_RECEIVER_REPORT: Final = 201
_SOURCE_DESCRIPTION: Final = 202
_BYE: Final = 203
_CNAME: Final = 1

_NTP_EPOCH_S: Final = 2_208_988_800
"""Seconds from 1900 to 1970."""

_MAX_COMPOUND_BYTES: Final = 1_500
_MAX_PACKETS: Final = 16
_REPORT_BLOCK: Final = struct.Struct("!LLLLLL")
_SENDER_INFO: Final = struct.Struct("!LQLLL")

_DROPOUT: Final = 3_000
"""A sequence number further ahead than this is a source that began anew, not a loss (RFC 3550 A.1)."""


class SenderReport(msgspec.Struct, frozen=True):
    """A source tells the wall clock of its RTP time."""

    ssrc: int
    ntp: int


class ReportBlock(msgspec.Struct, frozen=True):
    """A receiver tells how one source arrives."""

    ssrc: int
    fraction_lost: float
    """0–1, since the report before."""
    jitter: int
    """RTP ticks."""
    last_report: int
    """The middle 32 bits of the NTP time of the last sender report that it had; 0 = none."""
    delay: int
    """Since that, in 1/65536 s."""


def ntp_time(wall_clock: float) -> int:
    """Write seconds since 1970 as a 64-bit NTP timestamp (RFC 5905 §6)."""
    return int((wall_clock + _NTP_EPOCH_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def compact_ntp(ntp: int) -> int:
    """The middle 32 bits: seconds modulo 65536 and their 65536ths."""
    return (ntp >> 16) & 0xFFFF_FFFF


def parse_reports(compound: bytes) -> list[SenderReport | ReportBlock]:
    """Read the reports out of a compound packet, as far as it can be read. Never raises; the rest is passed
    over."""
    found: list[SenderReport | ReportBlock] = []
    compound = compound[:_MAX_COMPOUND_BYTES]
    start = 0
    for _ in range(_MAX_PACKETS):
        if len(compound) - start < 8 or compound[start] >> 6 != 2:
            break
        first, kind, words = struct.unpack_from("!BBH", compound, start)
        body = compound[start + 4 : start + 4 + words * 4]
        start += 4 + words * 4
        if start > len(compound):
            break
        blocks = b""
        if kind == _SENDER_REPORT and len(body) >= _SENDER_INFO.size:
            ssrc, ntp, *_ = _SENDER_INFO.unpack_from(body)
            found.append(SenderReport(ssrc, ntp))
            blocks = body[_SENDER_INFO.size :]
        elif kind == _RECEIVER_REPORT:
            blocks = body[4:]
        for i in range(min(first & 0x1F, len(blocks) // _REPORT_BLOCK.size)):
            source, lost, _, jitter, last_report, delay = _REPORT_BLOCK.unpack_from(
                blocks, i * _REPORT_BLOCK.size
            )
            found.append(ReportBlock(source, (lost >> 24) / 256, jitter, last_report, delay))
    return found


def _packet(kind: int, count: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def sender_report(
    ssrc: int, ntp: int, timestamp: int, packets: int, octets: int, block: bytes | None
) -> bytes:
    """Write a sender report: `timestamp` in RTP ticks belongs to the instant `ntp`; `block` reports on the
    far side."""
    info = _SENDER_INFO.pack(ssrc, ntp, timestamp & 0xFFFF_FFFF, packets & 0xFFFF_FFFF, octets & 0xFFFF_FFFF)
    return _packet(_SENDER_REPORT, 0 if block is None else 1, info + (block or b""))


def source_description(ssrc: int, cname: str) -> bytes:
    """Write the name that binds this source to the answer's `a=ssrc` (a compound packet must carry it)."""
    name = cname.encode()[:255]
    return _packet(_SOURCE_DESCRIPTION, 1, struct.pack("!LBB", ssrc, _CNAME, len(name)) + name + b"\x00")


def goodbye(ssrc: int) -> bytes:
    """Write the packet that says that a source ends."""
    return _packet(_BYE, 1, struct.pack("!L", ssrc))


class ReceptionStatistics:
    """What came of one source, as its sender wants to hear it (RFC 3550 A.1, A.3, A.8).

    Browsers put FEC into their Opus only when these reports show loss. The highest sequence number carries
    its cycles: without them a report is wrong after 65,536 packets, 22 minutes.
    """

    def __init__(self, ssrc: int, clock_hz: int) -> None:
        self.ssrc = ssrc
        self._clock_hz = clock_hz
        self._first: int | None = None
        self._highest = 0
        """With its cycles in the upper bits."""
        self._received = 0
        self._expected_before = 0
        self._received_before = 0
        self._transit: float | None = None
        self._jitter = 0.0
        self._last_report = 0
        self._last_report_at = 0.0

    def add(self, sequence: int, timestamp: int, arrival: float) -> None:
        """Count one packet; `arrival` in seconds of any steady clock."""
        self._received += 1
        if self._first is None:
            self._restart(sequence)
        ahead = (sequence - self._highest) & 0xFFFF
        if 0 < ahead < _DROPOUT:
            self._highest += ahead
            self._measure_jitter(timestamp, arrival)
        elif _DROPOUT <= ahead <= 0x1_0000 - _DROPOUT:
            self._restart(sequence)

    def _restart(self, sequence: int) -> None:
        self._first = self._highest = sequence
        self._received, self._transit = 1, None
        self._expected_before = self._received_before = 0

    def _measure_jitter(self, timestamp: int, arrival: float) -> None:
        transit = arrival * self._clock_hz - timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < 1 << 31:  # else the RTP timestamp has wrapped
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    def sender_reported(self, ntp: int, arrival: float) -> None:
        """Remember the sender's report: it is named in ours, so that the sender can tell the round trip."""
        self._last_report, self._last_report_at = compact_ntp(ntp), arrival

    @property
    def packets_lost(self) -> int:
        return self._expected - self._received

    @property
    def _expected(self) -> int:
        return 0 if self._first is None else self._highest - self._first + 1

    def block(self, now: float) -> bytes:
        """Write the report block of the time since the one before."""
        expected, received = self._expected - self._expected_before, self._received - self._received_before
        self._expected_before, self._received_before = self._expected, self._received
        lost = max(0, expected - received)
        fraction = min(255, (lost << 8) // expected) if expected > 0 else 0
        total = max(-(1 << 23), min(self.packets_lost, (1 << 23) - 1)) & 0xFF_FFFF
        delay = int((now - self._last_report_at) * 65_536) if self._last_report else 0
        return _REPORT_BLOCK.pack(
            self.ssrc,
            fraction << 24 | total,
            self._highest & 0xFFFF_FFFF,
            min(int(self._jitter), 0xFFFF_FFFF),
            self._last_report,
            max(0, min(delay, 0xFFFF_FFFF)),
        )
