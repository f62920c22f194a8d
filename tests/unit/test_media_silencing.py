import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.frames import OPUS_FRAME_TICKS
from media.ogg import checksum, parse_page
from media.recording import PRE_SKIP
from media.silencing import SilentSpan, silenced_pages
from tests.support.recordings import SIDES, decoded, tone_level, two_tones

SLOTS = 300


@pytest.fixture(scope="module")
def recorded() -> bytes:
    """Six seconds of a tone on either side."""
    return b"".join(page for pages in two_tones(SLOTS) for page in pages)


def packets_in(file: bytes) -> list[bytes]:
    at, found = 0, []
    while (page := parse_page(file, at)) is not None:
        found += page.packets(file[at : page.end])
        at = page.end
    assert at == len(file)
    return found


@pytest.mark.parametrize(("side", "other"), [SIDES, SIDES[::-1]])
def test_a_tone_is_gone_in_the_span_and_stays_around_it(recorded: bytes, side: str, other: str) -> None:
    span = SilentSpan("participant" if side == "participant" else "agent", 103, 187)
    silent, taken = silenced_pages(recorded, [span])
    before, after = decoded(recorded), decoded(silent)

    assert taken == len(recorded)
    assert tone_level(before, side, 110, 180) > 0.1
    assert tone_level(after, side, 105, 186) < 1e-4, "but for the overlap of frames"
    assert tone_level(after, side, 0, 100) > 0.1
    assert tone_level(after, side, 195, 295) > 0.1
    assert tone_level(after, other, 105, 186) > 0.1
    assert before.shape == after.shape == (2, SLOTS * OPUS_FRAME_TICKS - PRE_SKIP)


def test_every_packet_outside_of_the_span_stays_as_it_was(recorded: bytes) -> None:
    silent, _ = silenced_pages(recorded, [SilentSpan("participant", 103, 187)])
    before, after = packets_in(recorded), packets_in(silent)
    changed = [place - 2 for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]

    assert changed == list(range(103, 187))


def test_pages_keep_their_numbers_and_times_and_get_new_checksums(recorded: bytes) -> None:
    silent, _ = silenced_pages(recorded, [SilentSpan("participant", 0, SLOTS)])
    before = after = 0
    while (page := parse_page(recorded, before)) is not None:
        new = parse_page(silent, after)
        assert new is not None
        whole = bytearray(silent[after : new.end])
        written, whole[22:26] = bytes(whole[22:26]), bytes(4)

        assert (page.sequence, page.granule, page.serial) == (new.sequence, new.granule, new.serial)
        assert checksum(bytes(whole)) == written
        before, after = page.end, new.end

    assert (before, after) == (len(recorded), len(silent))


def test_nothing_to_silence_changes_no_byte(recorded: bytes) -> None:
    assert (recorded, len(recorded)) == silenced_pages(recorded, [SilentSpan("agent", 10_000, 20_000)])


def test_silencing_twice_is_silencing_once(recorded: bytes) -> None:
    spans = [SilentSpan("participant", 50, 60), SilentSpan("agent", 55, 90)]
    once, _ = silenced_pages(recorded, spans)

    assert once == silenced_pages(once, spans)[0]


@given(st.integers(min_value=66_000, max_value=120_000))
def test_pieces_give_what_the_whole_gives(recorded: bytes, size: int) -> None:
    spans = [SilentSpan("participant", 50, 60), SilentSpan("agent", 55, 90)]
    whole, _ = silenced_pages(recorded, spans)
    written, rest = b"", b""
    for at in range(0, len(recorded), size):
        rest += recorded[at : at + size]
        out, taken = silenced_pages(rest, spans, last=at + size >= len(recorded))
        written, rest = written + out, rest[taken:]

    assert whole == written
    assert rest == b""


def test_half_a_page_and_what_is_none_are_left_out(recorded: bytes) -> None:
    first = parse_page(recorded)
    assert first is not None
    torn = recorded[: first.end] + b"OggS no page" + recorded[first.end :] + recorded[-40:]

    assert recorded == silenced_pages(torn, [])[0]


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=40_000))
def test_garbage_is_never_an_error(recorded: bytes, garbage: bytes, at: int) -> None:
    spoiled = recorded[:at] + garbage + recorded[at + len(garbage) :]
    written, taken = silenced_pages(spoiled, [SilentSpan("participant", 0, SLOTS)])

    assert taken == len(spoiled)
    assert len(written) <= len(spoiled)
