"""One wild talk from its seed to its end, with everything looked at that must hold."""

from random import Random

from tests.simulation.designs import any_design, showing
from tests.simulation.wild_world import WildWorld

_FEWEST, _USUAL, _MOST = 4, 24, 160
"""Signals of a talk that has no length of its own: many are over soon, some go on."""
_SHOWING = 8
"""One in so many of these has something to look at."""


def length_of(seed: int) -> int:
    """How many signals a seed's talk has: most few, as strange orders at a beginning are the commonest."""
    return min(_MOST, _FEWEST + int(Random(f"length {seed}").expovariate(1 / (_USUAL - _FEWEST))))


def hold_a_talk(seed: int, signals: int | None = None, *, thorough: bool = True) -> WildWorld:
    """A wild talk; then everybody falls silent, and it has to find its end by itself.

    `thorough` looks at the log twice, also before all falls silent.
    """
    shows = signals is None and seed % _SHOWING == 0
    world = WildWorld(seed, showing() if shows else any_design(Random(seed)))
    try:
        world.run(length_of(seed) if signals is None else signals)
        if thorough:
            world.check_aftermath()
        world.rest().check_aftermath()
        floor = world.manager._turns.state
        assert world.at_rest, f"left alone for ten minutes, the floor is {floor}"
    except Exception as error:
        error.add_note(f"seed {seed}, after {len(world.events)} events, at {world.now:.3f} s")
        raise
    return world
