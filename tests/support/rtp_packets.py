"""RTP packets as a browser would send them, made by hand."""

import struct

SSRC = 0x1234_5678


def rtp(
    sequence: int, payload: bytes, *, kind: int = 111, ssrc: int = SSRC, level: int | None = None
) -> bytes:
    """A packet as a browser would send it; its timestamp follows the sequence."""
    first = 0x80 if level is None else 0x90
    extension = b"" if level is None else struct.pack("!HHBBxx", 0xBEDE, 1, 0x10, 0x80 | level)
    timestamp = sequence * 960 & 0xFFFF_FFFF
    return struct.pack("!BBHLL", first, kind, sequence & 0xFFFF, timestamp, ssrc) + extension + payload
