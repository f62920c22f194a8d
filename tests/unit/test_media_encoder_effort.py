import random

from media.encoder_effort import DOWN_AFTER, STEPS, UP_AFTER, EncoderEffort
from media.frames import FRAME_DURATION

CALM, BUSY = 0.1 * FRAME_DURATION, 0.9 * FRAME_DURATION


def beats(effort: EncoderEffort, count: int, worked: float, lateness: float = 0.0) -> list[int]:
    """The complexity after each beat."""
    after = []
    for _ in range(count):
        effort.beat(lateness, worked)
        after.append(effort.complexity)
    return after


def test_without_strain_voices_are_encoded_as_well_as_can_be() -> None:
    assert {5} == set(beats(EncoderEffort(), 5_000, CALM))


def test_lasting_strain_steps_down_one_at_a_time_to_the_least_and_no_further() -> None:
    after = beats(EncoderEffort(), 500, BUSY)

    assert list(STEPS) == list(dict.fromkeys(after))
    assert after.index(3) < 2 * DOWN_AFTER
    assert after.index(1) - after.index(3) >= DOWN_AFTER


def test_lateness_counts_like_work() -> None:
    assert 1 == beats(EncoderEffort(), 500, CALM, lateness=BUSY)[-1]


def test_when_the_strain_is_over_it_goes_back_up_slowly() -> None:
    effort = EncoderEffort()
    beats(effort, 500, BUSY)
    after = beats(effort, 3 * UP_AFTER, CALM)

    assert [1, 3, 5] == list(dict.fromkeys(after))
    assert after.index(3) >= UP_AFTER
    assert after.index(5) - after.index(3) >= UP_AFTER


def test_one_stall_of_the_whole_machine_changes_nothing() -> None:
    effort = EncoderEffort()
    beats(effort, 100, CALM)

    assert {5} == set(beats(effort, 1, CALM, lateness=0.3) + beats(effort, 100, CALM))


def test_between_strained_and_relaxed_it_stays_where_it_is() -> None:
    effort = EncoderEffort()
    beats(effort, DOWN_AFTER + 5, BUSY)
    steady = beats(effort, 5_000, 0.6 * FRAME_DURATION)

    assert {3} == set(steady)


def test_it_tells_of_each_change_and_of_nothing_else() -> None:
    effort, chance = EncoderEffort(), random.Random(7)
    before = effort.complexity
    for _ in range(20_000):
        load = BUSY if chance.random() < 0.5 else CALM
        for _ in range(chance.randrange(1, 40)):
            told = effort.beat(0.0, load)

            assert told == (effort.complexity != before)
            before = effort.complexity
