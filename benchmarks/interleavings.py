"""How often the core breaks a promise, over random interleavings of all that the world may do to it."""

import multiprocessing
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from random import SystemRandom
from time import perf_counter_ns
from typing import Final

import click
import msgspec

from benchmarks.report import Row, publish, this_machine
from tests.simulation.wild_talk import hold_a_talk

AIM_S: Final = 1200.0
"""For 100,000 talks on two cores."""
_PIECE: Final = 200
"""Talks that a process takes at once."""
_SHOWN: Final = 20
"""Failures that are printed; the report's detail holds them all."""


class Failure(msgspec.Struct, frozen=True):
    """A talk in which something happened that must not."""

    seed: int
    what: str
    """The promise that was broken, on one line."""


class Piece(msgspec.Struct, frozen=True):
    """What some talks in a row came to."""

    talks: int
    signals: int
    events: int
    failures: tuple[Failure, ...]


def hold_piece(seeds: range) -> Piece:
    """Hold the talk of each seed; one that fails keeps none of the others from being held."""
    signals = events = 0
    failures = []
    for seed in seeds:
        try:
            world = hold_a_talk(seed, thorough=False)
        except Exception as error:
            failures.append(Failure(seed, _told(error)))
        else:
            signals += world.signals
            events += len(world.events)
    return Piece(len(seeds), signals, events, tuple(failures))


def _told(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    words = " ".join(str(error).split())[:200]
    return f"{type(error).__name__} in {place.name}: {words}"


def hold_talks(first: int, count: int, processes: int) -> Iterator[Piece]:
    """The talks of `count` seeds from `first` on, piece by piece as they are done."""
    pieces = [
        range(begin, min(begin + _PIECE, first + count)) for begin in range(first, first + count, _PIECE)
    ]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(hold_piece, pieces)


def kind_of(failure: Failure) -> str:
    """A failure without its numbers: what several seeds have in common."""
    return "".join("#" if char.isdigit() else char for char in failure.what)[:80]


@click.command()
@click.option("--count", type=click.IntRange(1), default=100_000, show_default=True, help="Talks.")
@click.option("--seed", type=int, default=None, help="Of the first talk; drawn when it is not given.")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(count: int, seed: int | None, processes: int, as_json: bool) -> None:
    """Random interleavings of signals, each with every promise checked.

    A seed makes a talk: participant, voice, recogniser, judge, network and operator all have a bad day; then
    all fall silent, and it has to end by itself. `tests/simulation/wild_talk.py` plays one again.
    """
    machine, began = this_machine(), perf_counter_ns()
    first = seed if seed is not None else SystemRandom().randrange(10**6, 10**9)
    talks = signals = events = 0
    failures: list[Failure] = []
    with click.progressbar(length=count, label="talks", file=sys.stderr) as bar:
        for piece in hold_talks(first, count, processes):
            talks, signals, events = talks + piece.talks, signals + piece.signals, events + piece.events
            failures += piece.failures
            bar.update(piece.talks)
    wall = (perf_counter_ns() - began) / 1e9
    failures.sort(key=lambda failure: failure.seed)
    for failure in failures[:_SHOWN]:
        click.echo(f"seed {failure.seed}: {failure.what}", err=True)
    publish(
        "interleavings",
        [
            Row("broken promises", float(len(failures)), "talks", 0.0),
            Row("interleavings held", float(talks), ""),
            Row("signals in them", float(signals), ""),
            Row("time for 100,000", round(wall / talks * 100_000, 1), "s", AIM_S),
        ],
        machine,
        as_json=as_json,
        options={"count": count, "seed": first, "processes": processes},
        detail={
            "events": events,
            "kinds": dict(Counter(map(kind_of, failures)).most_common()),
            "failures": [msgspec.to_builtins(failure) for failure in failures],
        },
    )
