"""An answer is read as far as one can hold, however it is cut into pieces."""

from collections.abc import AsyncIterator, Sequence

import pytest

from server.providers.bodies import Bounds, UnboundedReply, bounded

BOUNDS = Bounds(most_bytes=1_000, longest_line=100, most_members=10)


async def _read(body: bytes, size: int) -> bytes:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    return b"".join([piece async for piece in bounded(pieces(), BOUNDS)])


def _lines(*lengths: int) -> bytes:
    return b"".join(b"x" * length + b"\n" for length in lengths)


@pytest.mark.parametrize("size", [1, 7, 64])
@pytest.mark.parametrize(
    "body", [b"", _lines(99, 0, 100, 3), b"1,2,3\n" * 100, b"x" * 100, b"[" + b"1," * 10]
)
async def test_what_keeps_within_its_bounds_is_read_whole(body: bytes, size: int) -> None:
    assert body == await _read(body, size)


@pytest.mark.parametrize("size", [1, 7, 64])
@pytest.mark.parametrize("body", [_lines(*[50] * 20), _lines(3, 101), b"x" * 101, b"\n" + b"1," * 11])
async def test_what_does_not_is_read_no_further(body: bytes, size: int) -> None:
    with pytest.raises(UnboundedReply):
        await _read(body, size)


async def test_a_body_is_not_waited_for_beyond_its_bounds() -> None:
    asked: list[int] = []

    async def endless(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
        while True:
            asked.append(1)
            for piece in pieces:
                yield piece

    with pytest.raises(UnboundedReply):
        async for _ in bounded(endless([b"xx"]), BOUNDS):
            pass

    assert 51 == len(asked)
