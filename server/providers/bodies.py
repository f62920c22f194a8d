"""How much of a vendor's answer over HTTP is read. Libraries gather a line to its end, and read it in one go,
however long it is: meanwhile no talk has the loop. Knows no vendor and no library.
"""

from collections.abc import AsyncIterable, AsyncIterator

import msgspec


class UnboundedReply(Exception):
    """More comes than any answer can hold, or in a form that doesn't show how much."""


class Bounds(msgspec.Struct, frozen=True):
    """What an answer can hold. Larger: a hostile one keeps the loop longer, and takes more memory."""

    most_bytes: int
    longest_line: int
    """Bytes of one."""
    most_members: int
    """Of the lists and objects in a line, all together: each becomes an object of its own."""


async def bounded(body: AsyncIterable[bytes], bounds: Bounds) -> AsyncIterator[bytes]:
    """The pieces of a body, each some ten kilobytes at most. Raises UnboundedReply."""
    read = length = members = 0
    async for piece in body:
        read += len(piece)
        for place, line in enumerate(piece.split(b"\n")):
            if place > 0:
                length = members = 0
            length, members = length + len(line), members + line.count(b",")
            if length > bounds.longest_line or members > bounds.most_members:
                raise UnboundedReply
        if read > bounds.most_bytes:
            raise UnboundedReply
        yield piece
