import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.frames import EAR_RATE_HZ
from media.turn_end_features import (
    HOP_SAMPLES,
    MEL_BANDS,
    WINDOW_SAMPLES,
    Floats,
    as_floats,
    fitted,
    levelled,
    log_mel,
    mel_centres,
)
from tests.support.speech import speech_pcm

SPEECH = as_floats(speech_pcm())


def sine(hz: float, duration: float = 0.5, level: float = 0.5) -> Floats:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(duration * EAR_RATE_HZ)) / EAR_RATE_HZ)).astype(
        np.float32
    )


def hz_of_mel(mel: float) -> float:
    """Slaney's scale, as one reads it aloud."""
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def slow_log_mel(samples: Floats) -> npt.NDArray[np.float64]:
    """The definition, one figure after the other, in double precision: a Fourier sum for each line, a
    triangle for each band."""
    x = [float(sample) for sample in samples]
    mirrored = x[WINDOW_SAMPLES // 2 : 0 : -1] + x + x[-2 : -2 - WINDOW_SAMPLES // 2 : -1]
    edges = [
        hz_of_mel(i * (15 + 27 * math.log(8) / math.log(6.4)) / (MEL_BANDS + 1)) for i in range(MEL_BANDS + 2)
    ]
    turns = np.exp(-2j * np.pi * np.outer(np.arange(201), np.arange(400)) / 400)
    bands = [
        [
            max(0.0, min((hz - low) / (centre - low), (high - hz) / (high - centre))) * 2 / (high - low)
            for hz in (line * 40.0 for line in range(201))
        ]
        for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False)
    ]
    columns = []
    for frame in range(len(x) // HOP_SAMPLES):
        piece = mirrored[frame * HOP_SAMPLES : frame * HOP_SAMPLES + WINDOW_SAMPLES]
        hann = [sample * math.sin(math.pi * i / WINDOW_SAMPLES) ** 2 for i, sample in enumerate(piece)]
        power = [abs(line) ** 2 for line in turns @ np.array(hann)]
        totals = [sum(p * h for p, h in zip(power, heights, strict=True)) for heights in bands]
        columns.append([math.log10(max(total, 1e-10)) for total in totals])
    loudest = max(map(max, columns))
    return np.array([[(max(value, loudest - 8) + 4) / 4 for value in column] for column in columns]).T


@pytest.mark.parametrize("begin", [0, 20_000, 41_234])
def test_features_of_speech_are_those_of_the_definition(begin: int) -> None:
    samples = SPEECH[begin : begin + 2_000]

    assert log_mel(samples) == pytest.approx(slow_log_mel(samples), abs=2e-5)


def test_features_of_speech_behind_zeros_are_those_of_the_definition() -> None:
    samples = levelled(fitted(SPEECH[30_000:31_000], 2_000, pad_left=True))

    assert log_mel(samples) == pytest.approx(slow_log_mel(samples), abs=2e-5)


def test_eight_seconds_become_eighty_bands_of_eight_hundred_frames() -> None:
    features = log_mel(fitted(SPEECH, 8 * EAR_RATE_HZ, pad_left=True))

    assert (MEL_BANDS, 800) == features.shape
    assert np.float32 == features.dtype
    assert features.flags.c_contiguous


@pytest.mark.parametrize("band", [5, 20, 40, 60, 78])
def test_a_sine_peaks_at_its_band(band: int) -> None:
    features = log_mel(sine(float(mel_centres()[band + 1])))

    assert {band} == set(features[:, 5:-5].argmax(axis=0).tolist())


def test_twice_as_loud_is_six_decibels_more_wherever_it_is_not_clamped() -> None:
    quiet, loud = log_mel(sine(1000, level=0.25)), log_mel(sine(1000, level=0.5))
    unclamped = (quiet > quiet.min() + 0.05) & (loud > loud.min() + 0.05)

    assert unclamped.sum() > 100
    assert 2 * math.log10(2) / 4 == pytest.approx(float((loud - quiet)[unclamped].mean()), abs=1e-3)


def test_silence_is_the_floor_everywhere() -> None:
    assert {-1.5} == set(log_mel(np.zeros(EAR_RATE_HZ, np.float32)).ravel().tolist())


def test_nothing_lies_deeper_than_eighty_decibels() -> None:
    features = log_mel(sine(440))

    assert 2.0 == pytest.approx(float(features.max() - features.min()), abs=1e-6)


def test_less_than_half_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="half a window"):
        log_mel(np.zeros(200, np.float32))


def test_levelled_sound_has_no_offset_and_unit_variance() -> None:
    sound = levelled(sine(300, level=0.01) + np.float32(0.2))

    assert 0 == pytest.approx(float(sound.mean()), abs=1e-4)
    assert 1 == pytest.approx(float(sound.var()), abs=1e-2)
    assert not levelled(np.zeros(100, np.float32)).any()


def test_sound_is_fitted_by_its_end_and_padded_on_the_side_that_is_named() -> None:
    sound = np.arange(1, 4, dtype=np.float32)

    assert [2, 3] == fitted(sound, 2, pad_left=True).tolist()
    assert [0, 0, 1, 2, 3] == fitted(sound, 5, pad_left=True).tolist()
    assert [1, 2, 3, 0, 0] == fitted(sound, 5, pad_left=False).tolist()


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=402, max_size=6_000))
def test_any_sound_has_finite_features(pcm: bytes) -> None:
    features = log_mel(levelled(as_floats(pcm)))

    assert np.isfinite(features).all()
