"""An answer is read as far as one can hold, and no more of it at once than the loop can spare, however it is
cut into pieces."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from msgspec.structs import replace

from server.providers.bodies import MOST_LINES, Bounds, UnboundedReply, bounded, lines

BOUNDS = Bounds("line", most_bytes=1_000, longest=100, most_members=10)
EVENTS = replace(BOUNDS, unit="event")
BODY = replace(BOUNDS, unit="body")
SIZES = [2, 7, 64, 2_000]


async def _parts(body: bytes, size: int, bounds: Bounds = BOUNDS) -> list[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    return [part async for part in bounded(pieces(), bounds)]


async def _read(body: bytes, size: int, bounds: Bounds = BOUNDS) -> bytes:
    return b"".join(await _parts(body, size, bounds))


def _lines(*lengths: int) -> bytes:
    return b"".join(b"x" * length + b"\n" for length in lengths)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("body", "bounds"),
    [
        (b"", BOUNDS),
        (_lines(99, 0, 100, 3), BOUNDS),
        (b"1,2,3\n" * 100, BOUNDS),
        (b"x" * 100, BOUNDS),
        (b"[" + b"1," * 10, BOUNDS),
        (b"data: 1,2,3\n\n" * 60, EVENTS),
        (b"data: 1,2,3\r\n\r\n" * 60, EVENTS),
        (_lines(30, 30, 40, 0, 100, 0, 0, 0, 99), EVENTS),
        (_lines(30, 60), BODY),
    ],
)
async def test_what_keeps_within_its_bounds_is_read_whole(body: bytes, bounds: Bounds, size: int) -> None:
    assert body == await _read(body, size, bounds)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("body", "bounds"),
    [
        (_lines(*[50] * 20), BOUNDS),
        (_lines(3, 101), BOUNDS),
        (b"x" * 101, BOUNDS),
        (b"\n" + b"1," * 11, BOUNDS),
        (b"data: 1,2,3\n" * 6, EVENTS),
        (_lines(30, 30, 41), EVENTS),
        (b"data: 1\r\rdata: 2\n\n", EVENTS),
        (_lines(30, 80), BODY),
        (b"[\n1,1,1,1,\n1,1,1,1,\n1,1,1,1]", BODY),
    ],
)
async def test_what_does_not_is_read_no_further(body: bytes, bounds: Bounds, size: int) -> None:
    with pytest.raises(UnboundedReply):
        await _read(body, size, bounds)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("body", "too_many"),
    [
        (b'{"said": "one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve"}', False),
        (rb'{"said": "she said \"a, b, c, d, e, f\" and \\", "and": "g, h, i, j, k, l, m"}', False),
        (rb'{"path": "C:\\", "numbers": [1,2,3,4,5,6,7,8,9,0,1]}', True),
        (b'[",",",",",",",",",",",",",",",",",",",",",",","]', True),
        (b'"\n[1,2,3,4,5,6,7,8,9,0,1,2]', True),
    ],
)
async def test_a_comma_in_what_was_said_is_no_member(body: bytes, too_many: bool, size: int) -> None:
    if too_many:
        with pytest.raises(UnboundedReply):
            await _read(body, size)
    else:
        assert body == await _read(body, size)


@pytest.mark.parametrize("bounds", [BOUNDS, EVENTS])
async def test_small_lines_are_handed_on_a_few_at_a_time_and_others_have_their_turn(bounds: Bounds) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(others())
        parts = await _parts(b"\n" * 1_000, 1_000, bounds)
        waiting.cancel()

    assert {MOST_LINES} == {len(part) for part in parts[:-1]}
    assert turns >= len(parts) - 1


@pytest.mark.parametrize("unit", ["1,2,3\n", "data: 1,2,3\n\n"])
async def test_units_of_many_members_are_handed_on_alone(unit: str) -> None:
    bounds = BOUNDS if unit.count("\n") == 1 else EVENTS
    parts = await _parts(unit.encode() * 20, 1_000, bounds)

    assert {2} == {part.count(b"1,2,3") for part in parts}


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("body", [b"", b"\n", b"one\ntwo\n", b"one\n\ntwo", b"one"])
async def test_lines_are_what_stands_between_their_ends(body: bytes, size: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    assert body.splitlines() == [line async for line in lines(pieces())]


@pytest.mark.parametrize(
    "pieces",
    [
        (b'data: "\r', b"data: [1,2,3]\n\n"),
        (b"data: 1\r", b"\rdata: 2\n\n"),
        (b"data: 1\n\r\n",),
        (b"data: 1\r\n\n",),
    ],
)
async def test_an_end_that_not_every_reader_takes_for_one_is_refused(pieces: tuple[bytes, ...]) -> None:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    with pytest.raises(UnboundedReply):
        [part async for part in bounded(body(), EVENTS)]
