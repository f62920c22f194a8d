import numpy as np
import pytest

from media.frames import EAR_RATE_HZ
from media.speech_end import SpeechEnd
from tests.support.speech import ear_frames

FLOOR = 3.0


def _sound(*parts: tuple[float, float]) -> bytes:
    """(seconds, amplitude) each: a voice of 150 Hz over the noise of a quiet room."""
    rng = np.random.default_rng(1)
    pieces = []
    for duration, amplitude in parts:
        at = np.arange(round(duration * EAR_RATE_HZ)) / EAR_RATE_HZ
        pieces.append(amplitude * np.sin(2 * np.pi * 150 * at) + rng.normal(0, FLOOR, len(at)))
    return np.concatenate(pieces).astype(np.int16).tobytes()


def _end_of(sound: bytes) -> float | None:
    end = SpeechEnd()
    for frame in ear_frames(sound):
        end.hear(frame)
    place = end.place()
    return None if place is None else place / EAR_RATE_HZ


@pytest.mark.parametrize("length", [0.5, 0.507, 0.511, 0.519])
def test_the_end_of_a_voice_is_found_to_a_few_milliseconds(length: float) -> None:
    found = _end_of(_sound((0.3, 0), (length, 4_000), (0.4, 0)))

    assert found is not None
    assert 0.3 + length == pytest.approx(found, abs=0.006)


def test_a_soft_last_syllable_is_part_of_the_speech() -> None:
    found = _end_of(_sound((0.3, 0), (0.5, 4_000), (0.1, 400), (0.3, 0)))

    assert 0.9 == pytest.approx(found, abs=0.006)


def test_the_noise_of_a_street_is_none() -> None:
    found = _end_of(_sound((0.3, 150), (0.5, 4_000), (0.4, 150)))

    assert 0.8 == pytest.approx(found, abs=0.011)


def test_soft_speech_after_loud_speech_is_measured_by_itself() -> None:
    end = SpeechEnd()
    for frame in ear_frames(_sound((0.5, 20_000), (1.0, 0))):
        end.hear(frame)
    end.begin()
    for frame in ear_frames(_sound((0.5, 200), (0.3, 0)), start_frame=75):
        end.hear(frame)

    assert 2.0 * EAR_RATE_HZ == pytest.approx(end.place(), abs=0.006 * EAR_RATE_HZ)


def test_speech_of_long_ago_leaves_no_end() -> None:
    assert _end_of(_sound((0.5, 4_000), (1.0, 0))) is None


def test_without_sound_there_is_no_end() -> None:
    assert SpeechEnd().place() is None
    assert _end_of(bytes(32_000)) is None
