import numpy as np
import pytest

from media.resampler import Resampler, resample


def tone(rate_hz: int, duration: float = 1.0, pitch_hz: float = 440.0) -> bytes:
    at = np.arange(round(rate_hz * duration)) / rate_hz
    return (np.sin(2 * np.pi * pitch_hz * at) * 12_000).astype(np.int16).tobytes()


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(48_000, 16_000), (8_000, 16_000), (22_050, 24_000), (24_000, 8_000)]
)
def test_a_stream_in_pieces_equals_the_whole_and_keeps_its_length_and_pitch(from_hz: int, to_hz: int) -> None:
    pcm = tone(from_hz)
    stream = Resampler(from_hz, to_hz)
    in_pieces = b"".join(stream.push(pcm[at : at + 882]) for at in range(0, len(pcm), 882)) + stream.finish()
    expected = np.frombuffer(tone(to_hz), np.int16).astype(float)
    heard = np.frombuffer(in_pieces, np.int16).astype(float)

    assert abs(len(expected) - len(heard)) <= 1
    assert resample(pcm, from_hz, to_hz) == in_pieces
    middle = slice(to_hz // 10, -to_hz // 10)
    assert np.max(np.abs(expected[middle] - heard[: len(expected)][middle])) < 60


def test_equal_rates_pass_through() -> None:
    assert resample(tone(16_000), 16_000, 16_000) == tone(16_000)


def test_nothing_in_gives_nothing_out() -> None:
    assert resample(b"", 48_000, 16_000) == b""
