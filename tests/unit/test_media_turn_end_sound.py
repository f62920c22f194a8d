from itertools import count

import pytest

from media.frames import EAR_FRAME_SAMPLES, AudioFrame
from media.turn_end_sound import KEPT_DURATION, TurnEndSound

SECOND = 50


class Ear:
    """A ring that is fed frames, each full of its own number."""

    def __init__(self, duration: float = KEPT_DURATION) -> None:
        self.sound = TurnEndSound(duration)
        self._numbers = count()

    def hear(self, frames: int, *, agent_sounds: bool = False) -> None:
        for _ in range(frames):
            number = next(self._numbers)
            frame = AudioFrame(number.to_bytes(2, "little") * EAR_FRAME_SAMPLES, number * EAR_FRAME_SAMPLES)
            self.sound.hear(frame, agent_sounds=agent_sounds)

    def numbers(self) -> list[int]:
        pcm = self.sound.latest()
        return [
            int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), 2 * EAR_FRAME_SAMPLES)
        ]


def test_before_anything_is_heard_there_is_nothing() -> None:
    assert b"" == TurnEndSound().latest()


@pytest.mark.parametrize("frames", [1, 100, 399, 400, 401, 650, 800, 1201])
def test_the_newest_eight_seconds_are_kept_oldest_first(frames: int) -> None:
    ear = Ear()
    ear.hear(frames)

    assert list(range(max(0, frames - 400), frames)) == ear.numbers()
    assert min(frames / SECOND, KEPT_DURATION) == ear.sound.duration


def test_another_length_can_be_kept() -> None:
    ear = Ear(0.5)
    ear.hear(60)

    assert list(range(35, 60)) == ear.numbers()


def test_a_pause_does_not_begin_a_turn() -> None:
    ear = Ear()
    ear.sound.begin_voice()
    ear.hear(3 * SECOND)
    ear.sound.begin_voice()
    ear.hear(SECOND)

    assert 4 * SECOND == len(ear.numbers())


def test_an_acknowledgement_of_the_agent_does_not_begin_a_turn() -> None:
    ear = Ear()
    ear.hear(2 * SECOND)
    ear.hear(SECOND // 2, agent_sounds=True)
    ear.hear(SECOND)
    ear.sound.begin_voice()

    assert 3.5 * SECOND == len(ear.numbers())


def test_the_first_voice_after_the_agents_turn_begins_one_with_a_moment_before_it() -> None:
    ear = Ear()
    ear.hear(2 * SECOND)
    ear.hear(3 * SECOND, agent_sounds=True)
    ear.hear(SECOND)
    ear.sound.begin_voice()
    ear.hear(2)

    assert list(range(6 * SECOND - 25, 6 * SECOND + 2)) == ear.numbers()


def test_a_turn_that_has_begun_is_not_begun_again() -> None:
    ear = Ear()
    ear.hear(3 * SECOND, agent_sounds=True)
    ear.sound.begin_voice()
    ear.hear(2 * SECOND)
    ear.sound.begin_voice()

    assert 2 * SECOND + 25 == len(ear.numbers())


def test_a_frame_of_another_length_is_left_out() -> None:
    sound = TurnEndSound()
    for size in (0, 1, 639, 641, 1280):
        sound.hear(AudioFrame(bytes(size), 0), agent_sounds=False)

    assert b"" == sound.latest()
