import random

from media.noise_floor import BLOCK_FRAMES, BLOCKS, NoiseFloor


def test_the_floor_is_the_quietest_frame_of_the_last_seconds() -> None:
    floor, chance = NoiseFloor(), random.Random(1)
    powers = [chance.random() for _ in range(1_000)]
    for heard, power in enumerate(powers, start=1):
        floor.hear(power)
        this_block = (heard - 1) // BLOCK_FRAMES * BLOCK_FRAMES
        begin = max(0, this_block - (BLOCKS - 1) * BLOCK_FRAMES)

        assert floor.power == min(powers[begin:heard])


def test_a_room_that_gets_louder_is_the_floor_within_three_seconds() -> None:
    floor = NoiseFloor()
    for _ in range(500):
        floor.hear(1e-8)
    for _ in range(BLOCK_FRAMES * BLOCKS):
        floor.hear(1e-4)

    assert floor.power == 1e-4


def test_a_single_quiet_frame_lowers_the_floor_at_once() -> None:
    floor = NoiseFloor()
    floor.hear(0.5)
    floor.hear(1e-6)

    assert floor.power == 1e-6
