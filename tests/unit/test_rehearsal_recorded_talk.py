from collections.abc import Sequence
from pathlib import Path

import pytest

from media.frames import OPUS_FRAME_TICKS
from media.recording import OggRecording
from server.rehearsal.recorded_talk import RecordedTalk, measure_talk
from server.rehearsal.sound import ClipError
from tests.support.house import ROOT
from tests.support.recordings import TONES_HZ, tone_packets

SECOND = 50


def _recording(
    path: Path, *, participant: Sequence[tuple[int, int]], agent: Sequence[tuple[int, int]]
) -> Path:
    """Ten seconds with a tone in these ranges of slots of either side, and silence elsewhere."""
    file = OggRecording(7)
    pages = [*file.header_pages()]
    left, right = (tone_packets(hz, 10 * SECOND) for hz in TONES_HZ.values())
    for slot in range(10 * SECOND):
        if any(begin <= slot < end for begin, end in agent):
            file.sent(right[slot], slot)
        if any(begin <= slot < end for begin, end in participant):
            file.received(left[slot], slot * OPUS_FRAME_TICKS)
        pages += file.pages(slot)
    pages += file.finish()
    path.write_bytes(b"".join(pages))
    return path


def _rounded(talk: RecordedTalk) -> tuple[float, float, float]:
    """To half seconds, for a codec lets a tone fade in and out."""
    times = (talk.participant_speech_s, talk.agent_speech_s, talk.longest_overlap_s)
    first, second, third = (round(2 * seconds) / 2 for seconds in times)
    return first, second, third


def test_the_speech_of_either_side_is_counted_and_where_they_meet(tmp_path: Path) -> None:
    path = _recording(tmp_path / "talk.ogg", participant=[(0, 150), (300, 350)], agent=[(100, 250)])

    assert (4.0, 3.0, 1.0) == _rounded(measure_talk(path))


def test_sides_that_take_turns_do_not_overlap(tmp_path: Path) -> None:
    path = _recording(tmp_path / "talk.ogg", participant=[(0, 100)], agent=[(125, 250)])

    assert (2.0, 2.5, 0.0) == _rounded(measure_talk(path))


def test_a_stop_within_a_word_does_not_part_two_overlaps(tmp_path: Path) -> None:
    path = _recording(tmp_path / "talk.ogg", participant=[(0, 250)], agent=[(50, 98), (101, 150)])

    assert 2.0 == _rounded(measure_talk(path))[2]


def test_two_backchannels_are_two_overlaps(tmp_path: Path) -> None:
    path = _recording(tmp_path / "talk.ogg", participant=[(0, 250)], agent=[(50, 75), (125, 150)])

    assert 0.5 == _rounded(measure_talk(path))[2]


def test_a_side_that_says_nothing_has_no_speech(tmp_path: Path) -> None:
    path = _recording(tmp_path / "talk.ogg", participant=[], agent=[(0, 100)])

    assert 0.0 == measure_talk(path).participant_speech_s


@pytest.mark.parametrize("content", [b"", b"OggS", b"no sound at all" * 100])
def test_what_is_no_recording_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "talk.ogg"
    path.write_bytes(content)

    with pytest.raises(ClipError):
        measure_talk(path)


def test_a_recording_that_is_missing_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(ClipError):
        measure_talk(tmp_path / "talk.ogg")


def test_a_file_of_one_channel_is_no_recording_of_a_talk() -> None:
    with pytest.raises(ClipError, match="1 channel"):
        measure_talk(ROOT / "tests/support/utterance.wav")
