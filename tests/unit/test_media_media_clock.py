from random import Random

import pytest

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION
from media.media_clock import MediaClock


def _clock(frames: int, jitter: float, *, drift: float = 0.0) -> MediaClock:
    """A stream whose first sample came at second 10, each frame late by up to `jitter`."""
    random, clock = Random(7), MediaClock()
    for frame in range(1, frames + 1):
        late = random.uniform(0, jitter)
        clock.arrived(frame * EAR_FRAME_SAMPLES, 10 + frame * FRAME_DURATION * (1 + drift) + late)
    return clock


def test_nothing_is_known_before_the_first_frame() -> None:
    assert MediaClock().time_of(0) is None


@pytest.mark.parametrize("frames", [200, 251, 3_000])
def test_a_place_came_when_frames_usually_come(frames: int) -> None:
    place = (frames - 10) * EAR_FRAME_SAMPLES

    assert 10.03 + place / EAR_RATE_HZ == pytest.approx(_clock(frames, 0.06).time_of(place), abs=0.005)


def test_frames_that_met_a_stall_move_nothing() -> None:
    clock = MediaClock()
    for frame in range(1, 201):
        clock.arrived(frame * EAR_FRAME_SAMPLES, frame * FRAME_DURATION + (0.3 if frame > 180 else 0.0))

    assert 4.0 == pytest.approx(clock.time_of(200 * EAR_FRAME_SAMPLES))


def test_a_sound_card_that_runs_slow_is_followed() -> None:
    frames, drift = 30_000, 100e-6
    place = frames * EAR_FRAME_SAMPLES
    found = _clock(frames, 0.0, drift=drift).time_of(place)

    assert 10 + place / EAR_RATE_HZ * (1 + drift) == pytest.approx(found, abs=0.002)


def test_a_longer_way_is_learned_within_five_seconds() -> None:
    clock = MediaClock()
    for frame in range(1, 1_501):
        way = 0.05 if frame > 900 else 0.01
        clock.arrived(frame * EAR_FRAME_SAMPLES, frame * FRAME_DURATION + way)

    assert 30.05 == pytest.approx(clock.time_of(1_500 * EAR_FRAME_SAMPLES))
