"""How long the core takes for one signal: CPU time over recorded talks, by kind of signal."""

import gc
import statistics
from collections import defaultdict
from collections.abc import Sequence
from random import Random
from time import perf_counter_ns, process_time_ns

import click

from benchmarks.report import Row, publish, this_machine
from dialog.blueprint import Blueprint
from dialog.manager import Manager
from dialog.signals import AnySignal, Signal
from tests.simulation.designs import any_design
from tests.simulation.sitting import hold_sitting

BUDGET_US = 20.0

Script = tuple[Blueprint, list[tuple[AnySignal, float]]]


def record(talks: int) -> list[Script]:
    """Signals of simulated five-minute sittings, fairly well behaved, with their times."""
    scripts = []
    for seed in range(talks):
        design = any_design(Random(seed))
        sitting = hold_sitting(seed, design, wildness=0.3)
        signals = [(event.body, event.at) for event in sitting.events if isinstance(event.body, Signal)]
        scripts.append((design, signals))
    return scripts


def play(scripts: Sequence[Script]) -> dict[str, list[float]]:
    """µs of each signal by its kind; wall time, as no processor clock is fine enough for one call."""
    taken: dict[str, list[float]] = defaultdict(list)
    for design, signals in scripts:
        manager = Manager(design)
        for signal, at in signals:
            began = perf_counter_ns()
            manager.handle(signal, at)
            taken[type(signal).__name__].append((perf_counter_ns() - began) / 1000)
    return taken


def mean_cpu(scripts: Sequence[Script]) -> float:
    """µs of CPU a signal, over everything at once."""
    began, count = process_time_ns(), 0
    for design, signals in scripts:
        manager = Manager(design)
        for signal, at in signals:
            manager.handle(signal, at)
        count += len(signals)
    return (process_time_ns() - began) / 1000 / count


def figures(taken: Sequence[float]) -> dict[str, float]:
    """Count, mean and percentiles."""
    ordered = sorted(taken)
    return {
        "count": len(ordered),
        "mean_us": round(statistics.fmean(ordered), 2),
        "p50_us": round(ordered[len(ordered) // 2], 2),
        "p99_us": round(ordered[int(0.99 * (len(ordered) - 1))], 2),
    }


@click.command()
@click.option("--talks", type=click.IntRange(1), default=40, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="The best one counts.")
@click.option("--json", "as_json", is_flag=True)
def command(talks: int, rounds: int, as_json: bool) -> None:
    """CPU of the core for one signal, over simulated talks."""
    machine = this_machine()
    scripts = record(talks)
    gc.freeze()
    cpu = min(mean_cpu(scripts) for _ in range(rounds))
    kinds = min((play(scripts) for _ in range(rounds)), key=lambda taken: sum(map(sum, taken.values())))
    everything = [one for taken in kinds.values() for one in taken]
    publish(
        "turn-loop",
        [Row("handle(), CPU a signal, mean", round(cpu, 2), "µs", BUDGET_US)],
        machine,
        as_json=as_json,
        options={"talks": talks, "rounds": rounds},
        detail={
            "all": figures(everything),
            "by_signal": {kind: figures(taken) for kind, taken in sorted(kinds.items())},
        },
    )
