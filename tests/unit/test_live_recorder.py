from collections.abc import Callable

from media.frames import OPUS_FRAME_TICKS, OPUS_SILENCE
from media.ogg import parse_page
from media.recording import OggRecording
from media.silencing import SilentSpan
from server.live.recorder import SessionRecorder
from tests.support.recordings import decoded, tone_level, tone_packets

SLOTS = 150
LEFT, RIGHT = tone_packets(440.0, SLOTS), tone_packets(1_000.0, SLOTS)


class KeptPages:
    """A file that is written at once, and what it was asked for."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    @property
    def whole(self) -> bytes:
        return b"".join(self.writes)

    def write(self, page: bytes) -> None:
        self.writes.append(page)

    async def rewrite(self, rewriting: Callable[[bytes, bool], tuple[bytes, int]]) -> None:
        self.writes = [rewriting(self.whole, True)[0]]

    async def close(self) -> None:
        pass


def recorder(file: KeptPages, start_slot: int = 0) -> SessionRecorder:
    return SessionRecorder(OggRecording(1, start_slot), file, begun=False)


async def test_what_is_silenced_is_gone_from_pages_written_before_and_after() -> None:
    file = KeptPages()
    recording = recorder(file)
    tap = recording.tap(0.0)
    for slot in range(SLOTS):
        tap.sent(RIGHT[slot], slot)
        tap.received(LEFT[slot], slot * OPUS_FRAME_TICKS)
        if slot == 70:
            await recording.silence([SilentSpan("participant", 40, 100)])
    await recording.close(SLOTS * 0.02)
    channels = decoded(file.whole)

    assert tone_level(channels, "participant", 41, 99) < 1e-4
    assert tone_level(channels, "participant", 10, 38) > 0.1
    assert tone_level(channels, "participant", 110, 140) > 0.1
    assert tone_level(channels, "agent", 41, 99) > 0.1


async def test_a_leg_that_comes_late_is_one_write_behind_its_silence() -> None:
    """Ten minutes of text came before it; page by page, the disk would be taken for too slow."""
    file = KeptPages()
    recording = recorder(file)
    tap = recording.tap(600.0)
    writes = len(file.writes)
    tap.sent(OPUS_SILENCE, 0)
    await recording.close(600.2)
    pages, at = 0, 0
    while (page := parse_page(file.whole, at)) is not None:
        pages, at, end = pages + 1, page.end, page.granule

    assert writes <= 3
    assert pages > 3_000
    assert 600.2 * 48_000 <= end <= 600.3 * 48_000


def test_a_sitting_knows_where_in_the_file_its_time_zero_lies() -> None:
    assert 42.0 == recorder(KeptPages(), start_slot=2_100).offset
