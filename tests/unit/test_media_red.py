import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.red import MAX_BLOCK_BYTES, MAX_BLOCKS, MAX_OFFSET, RedBlock, RedError, pack_red, parse_red

payload_types = st.integers(0, 127)
blocks = st.tuples(st.integers(1, MAX_OFFSET), st.binary(min_size=1, max_size=MAX_BLOCK_BYTES))


@given(payload_types, st.binary(min_size=1, max_size=1_500), st.lists(blocks, max_size=MAX_BLOCKS))
def test_what_is_packed_comes_apart_again(
    payload_type: int, primary: bytes, earlier: list[tuple[int, bytes]]
) -> None:
    expected = [RedBlock(payload_type, offset, data) for offset, data in earlier]
    expected.append(RedBlock(payload_type, 0, primary))

    assert expected == parse_red(pack_red(payload_type, primary, earlier))


@given(st.binary(max_size=400))
def test_garbage_gives_bounded_blocks_or_the_documented_error(garbage: bytes) -> None:
    try:
        parsed = parse_red(garbage)
    except RedError:
        return

    assert 1 <= len(parsed) <= MAX_BLOCKS + 1
    assert sum(len(block.data) for block in parsed) < len(garbage)
    assert parsed[-1].data


@given(st.binary(min_size=20, max_size=60), st.data())
def test_a_packet_cut_anywhere_in_its_headers_or_blocks_is_refused(block: bytes, data: st.DataObject) -> None:
    whole = pack_red(111, b"primary", [(960, block)])
    cut = data.draw(st.integers(0, len(whole) - len(b"primary")))

    with pytest.raises(RedError):
        parse_red(whole[:cut])


def test_the_layout_is_that_of_the_rfc() -> None:
    packet = pack_red(111, b"new", [(960, b"old!")])

    assert packet == bytes((0x80 | 111, 0x0F, 0x00, 0x04, 111)) + b"old!" + b"new"


def test_blocks_that_the_format_can_not_say_are_left_out() -> None:
    too_old, too_long, empty = (MAX_OFFSET + 1, b"x"), (960, bytes(MAX_BLOCK_BYTES + 1)), (960, b"")

    assert [RedBlock(63, 0, b"new")] == parse_red(pack_red(63, b"new", [too_old, too_long, empty]))


def test_an_empty_redundant_block_keeps_its_place() -> None:
    assert [RedBlock(111, 960, b""), RedBlock(111, 0, b"new")] == parse_red(
        bytes((0x80 | 111, 0x0F, 0x00, 0x00, 111)) + b"new"
    )


def test_more_blocks_than_anybody_needs_are_refused() -> None:
    with pytest.raises(RedError):
        parse_red(bytes((0xEF, 0, 4, 1)) * (MAX_BLOCKS + 1) + bytes((111,)) + bytes(100))
