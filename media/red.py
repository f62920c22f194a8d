"""Redundant audio data (RFC 2198): a packet that carries earlier ones again. Knows nothing of codecs."""

from collections.abc import Sequence
from typing import Final

import msgspec


class RedError(Exception):
    """A payload that is no redundant audio data."""


MAX_BLOCKS: Final = 16
"""More blocks than this are no protection any more but an attack; browsers send two."""
MAX_OFFSET: Final = (1 << 14) - 1
MAX_BLOCK_BYTES: Final = (1 << 10) - 1


class RedBlock(msgspec.Struct, frozen=True):
    payload_type: int
    """0–127."""
    offset: int
    """How many ticks of the RTP clock before the packet's own timestamp, 0–16383; 0 for the primary."""
    data: bytes


def parse_red(payload: bytes) -> list[RedBlock]:
    """Take a payload apart: redundant blocks as they come, oldest first, the primary block last.

    A redundant block may be empty: it stands for a packet left out, so that places still count. Raises
    RedError for lengths that don't fit, a missing or empty primary, or more than MAX_BLOCKS.
    """
    headers: list[tuple[int, int, int]] = []
    at = 0
    while at < len(payload) and payload[at] & 0x80:
        if len(headers) == MAX_BLOCKS:
            raise RedError("too many blocks")
        if at + 4 > len(payload):
            raise RedError("a block's header is cut off")
        lengths = int.from_bytes(payload[at + 1 : at + 4], "big")
        headers.append((payload[at] & 0x7F, lengths >> 10, lengths & MAX_BLOCK_BYTES))
        at += 4
    if at >= len(payload):
        raise RedError("the primary block has no header")
    primary_type = payload[at]
    at += 1
    blocks = []
    for payload_type, offset, size in headers:
        if at + size > len(payload):
            raise RedError("a block is cut off")
        blocks.append(RedBlock(payload_type, offset, payload[at : at + size]))
        at += size
    if at == len(payload):
        raise RedError("the primary block is empty")
    blocks.append(RedBlock(primary_type, 0, payload[at:]))
    return blocks


def pack_red(payload_type: int, primary: bytes, earlier: Sequence[tuple[int, bytes]] = ()) -> bytes:
    """Put `primary` behind the `earlier` (offset, data) blocks, oldest first, all of one payload type.

    Blocks that the format can't say (more than 16383 ticks old, or longer than 1023 bytes) are left out.
    """
    sayable = [
        (offset, data)
        for offset, data in earlier
        if 0 < offset <= MAX_OFFSET and 0 < len(data) <= MAX_BLOCK_BYTES
    ]
    sayable = sayable[-MAX_BLOCKS:]
    headers = [
        bytes((0x80 | payload_type,)) + (offset << 10 | len(data)).to_bytes(3, "big")
        for offset, data in sayable
    ]
    return b"".join((*headers, bytes((payload_type,)), *(data for _, data in sayable), primary))
