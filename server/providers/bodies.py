"""How much of a vendor's answer over HTTP is read, and how much of it in one go. Libraries gather what
belongs together to its end, and read it at once, however long it is: meanwhile no talk has the loop. Knows no
vendor and no library.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from typing import Final, Literal

import msgspec

Unit = Literal["line", "event", "body"]
"""What is read in one go: a line, all that comes up to an empty line (server-sent events), or everything."""
MOST_LINES: Final = 64
"""That are handed on at once. Larger: an answer of nothing but small lines keeps the loop longer."""


class UnboundedReply(Exception):
    """More comes than any answer can hold, or in a form that doesn't show how much."""


class Bounds(msgspec.Struct, frozen=True):
    """What an answer can hold. Larger: a hostile one keeps the loop longer, and takes more memory."""

    unit: Unit
    most_bytes: int
    longest: int
    """Bytes of a unit."""
    most_members: int
    """Of the lists and objects in a unit, all together: each becomes an object of its own."""


async def bounded(body: AsyncIterable[bytes], bounds: Bounds) -> AsyncIterator[bytes]:
    """The pieces of a body, cut into so much as may be read in one go; whatever else waits has its turn
    between them. Raises UnboundedReply."""
    measure = _Measure(bounds)
    read = 0
    async for piece in body:
        read += len(piece)
        if read > bounds.most_bytes:
            raise UnboundedReply
        handed = 0
        for part in measure.parts(piece):
            yield part
            handed += len(part)
            if handed < len(piece):
                await asyncio.sleep(0)


async def lines(pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The lines of a body, without their ends; what stands behind the last end is one too."""
    begun: list[bytes] = []
    async for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for line in ended:
            yield b"".join((*begun, line))
            begun.clear()
        begun.append(rest)
    if rest := b"".join(begun):
        yield rest


class _Measure:
    """Of the unit that comes in: how long it is by now, and how many commas it has that no string holds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._length = self._members = 0
        self._blank = True
        """Nothing has come of the present line."""
        self._quoted = False
        self._escape = b""
        self._returned = False
        """The present line has come up to a carriage return, which only its end may follow."""
        self._endings: bool | None = None
        """Whether the line before ended with one; None before the first."""

    def parts(self, piece: bytes) -> Iterator[bytes]:
        """What to hand on of a piece at once, each part with the end of a unit in it as long as there is one.
        Raises UnboundedReply before one that is too much."""
        begin = at = ended_lines = members = 0
        while (end := -1 if self._bounds.unit == "body" else piece.find(b"\n", at)) >= 0:
            self._add(piece[at:end])
            members += self._end_line()
            ended_lines, at = ended_lines + 1, end + 1
            if ended_lines == MOST_LINES or members > self._bounds.most_members // 4:
                yield piece[begin:at]
                begin, ended_lines, members = at, 0, 0
        self._add(piece[at:])
        if begin < len(piece):
            yield piece[begin:]

    def _add(self, text: bytes) -> None:
        """Take in more of a line. Raises UnboundedReply."""
        self._length += len(text)
        self._blank = self._blank and text in (b"", b"\r")
        if self._bounds.unit == "event" and text:
            if self._returned or b"\r" in text[:-1]:
                raise UnboundedReply  # an end of a line too, to who reads events, but nobody sends it
            self._returned = text.endswith(b"\r")
        self._members += (self._outside(text) if self._quoted or b'"' in text else text).count(b",")
        if self._length > self._bounds.longest or self._members > self._bounds.most_members:
            raise UnboundedReply

    def _end_line(self) -> int:
        """A line is over, and whatever string was in it: the members of the unit, if that is over too."""
        over = self._blank if self._bounds.unit == "event" else True
        before, self._endings, self._returned = self._endings, self._returned, False
        if self._blank and self._bounds.unit == "event" and before not in (None, self._endings):
            raise UnboundedReply  # not every reader takes that for the end of an event
        self._blank, self._quoted, self._escape = True, False, b""
        members = self._members
        if not over:
            return 0
        self._length = self._members = 0
        return members

    def _outside(self, text: bytes) -> bytes:
        """What of a text stands in no string."""
        text, self._escape = self._escape + text, b""
        if b"\\" in text:
            text = text.replace(b"\\\\", b"")
            if text.endswith(b"\\"):
                text, self._escape = text[:-1], b"\\"
            text = text.replace(b'\\"', b"")
        parts = text.split(b'"')
        outside = b"".join(parts[self._quoted :: 2])
        self._quoted ^= len(parts) % 2 == 0
        return outside
