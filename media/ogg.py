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
    if at + _HEADER.size > len(data):
        return None
    _, version, _, granule, serial, sequence, _, segments = _HEADER.unpack_from(data, at)
    body = at + _HEADER.size + segments
    end = body + sum(data[at + _HEADER.size : body])
    if version != 0 or body > len(data) or end > len(data):
        return None
    whole = bytearray(data[at:end])
    written = bytes(whole[_CHECKSUM])
    whole[_CHECKSUM] = bytes(4)
    if checksum(bytes(whole)) != written:
        return None
    return LastPage(serial, sequence, granule, end)
