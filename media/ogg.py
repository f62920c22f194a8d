"""Ogg pages (RFC 3533), written and found again. Knows nothing of what the packets hold."""

import struct
import zlib
from collections.abc import Sequence
from typing import Final

import msgspec

CAPTURE: Final = b"OggS"
BEGIN_OF_STREAM: Final = 2
MAX_PAGE_BYTES: Final = 27 + 255 + 255 * 255

_HEADER: Final = struct.Struct("<4sBBqIIIB")
_CHECKSUM: Final = slice(22, 26)
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the other order."""


class LastPage(msgspec.Struct, frozen=True):
    """What a file must be known by to be written on."""

    serial: int
    sequence: int
    granule: int
    end: int
    """Bytes from the beginning of what was searched to the end of the page; behind it is nothing whole."""


class FoundPage(msgspec.Struct, frozen=True):
    """A page where it lies. Its checksum has not been looked at."""

    serial: int
    sequence: int
    granule: int
    lacing: bytes
    """How long each of its segments is."""
    end: int
    """Where it ends in what was searched."""

    @property
    def packet_count(self) -> int:
        """How many packets end on it."""
        return sum(size < 255 for size in self.lacing)

    def packets(self, whole: bytes) -> list[bytes]:
        """Take the page apart; one that goes on on the next page is left out, as `page` writes none."""
        found, begin, at = [], _HEADER.size + len(self.lacing), _HEADER.size + len(self.lacing)
        for size in self.lacing:
            at += size
            if size < 255:
                found.append(whole[begin:at])
                begin = at
        return found


def checksum(page: bytes) -> bytes:
    """Compute the four checksum bytes of a page whose checksum field is zero.

    Ogg's CRC runs with its bits in the other order, from zero and without a final inversion; on mirrored
    bytes zlib computes the same, a hundred times faster than Python could.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return mirrored.to_bytes(4, "big").translate(_MIRRORED)


def page(packets: Sequence[bytes], *, serial: int, sequence: int, granule: int, kind: int = 0) -> bytes:
    """Write one page of whole packets. Raises ValueError when their sizes don't fit into its 255 segments."""
    segments = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in packets)
    if len(segments) > 255:
        raise ValueError(f"{len(segments)} segments don't fit into a page")
    header = _HEADER.pack(CAPTURE, 0, kind, granule, serial, sequence & 0xFFFFFFFF, 0, len(segments))
    whole = bytearray(b"".join((header, segments, *packets)))
    whole[_CHECKSUM] = checksum(bytes(whole))
    return bytes(whole)


def parse_page(data: bytes, at: int = 0) -> FoundPage | None:
    """Find the page that begins at `at`; None when there is none, or not all of it."""
    if not data.startswith(CAPTURE, at) or at + _HEADER.size > len(data):
        return None
    _, version, _, granule, serial, sequence, _, segments = _HEADER.unpack_from(data, at)
    body = at + _HEADER.size + segments
    lacing = data[at + _HEADER.size : body]
    end = body + sum(lacing)
    if version != 0 or len(lacing) < segments or end > len(data):
        return None
    return FoundPage(serial, sequence, granule, lacing, end)


def parse_last_page(tail: bytes) -> LastPage | None:
    """Find the last whole page in the end of a file; None if there is none.

    MAX_PAGE_BYTES twice over are enough to look at. What lies behind `end` was cut off in the middle of a
    write and must be cut away before the file is written on.
    """
    at = tail.rfind(CAPTURE)
    while at >= 0:
        found = _whole_page(tail, at)
        if found is not None:
            return found
        at = tail.rfind(CAPTURE, 0, at + len(CAPTURE) - 1)
    return None


def _whole_page(data: bytes, at: int) -> LastPage | None:
    found = parse_page(data, at)
    if found is None:
        return None
    whole = bytearray(data[at : found.end])
    written = bytes(whole[_CHECKSUM])
    whole[_CHECKSUM] = bytes(4)
    if checksum(bytes(whole)) != written:
        return None
    return LastPage(found.serial, found.sequence, found.granule, found.end)
