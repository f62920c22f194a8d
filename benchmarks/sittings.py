"""How long simulated sittings take: the real session, mouth, loop and log on virtual time."""

from random import Random
from time import perf_counter_ns, process_time_ns

import click

from benchmarks.report import Row, publish, this_machine
from tests.simulation.designs import any_design
from tests.simulation.sitting import hold_sitting

AIM_S = 20.0


@click.command()
@click.option("--sittings", type=click.IntRange(1), default=40, show_default=True)
@click.option("--minutes", type=float, default=5.0, show_default=True, help="Longest duration of each.")
@click.option("--json", "as_json", is_flag=True)
def command(sittings: int, minutes: float, as_json: bool) -> None:
    """Simulated sittings on virtual time, one after the other.

    A sitting may end before its time, so the minutes held are counted.
    """
    machine = this_machine()
    began, cpu_began = perf_counter_ns(), process_time_ns()
    events, talked = 0, 0.0
    for seed in range(sittings):
        sitting = hold_sitting(seed, any_design(Random(seed)), duration=60 * minutes)
        events += len(sitting.logged)
        talked += sitting.logged[-1].at
    wall, cpu = (perf_counter_ns() - began) / 1e9, (process_time_ns() - cpu_began) / 1e9
    rows = [
        Row("all sittings, one after the other", round(wall, 2), "s", AIM_S),
        Row("talked in them", round(talked / 60, 1), "min"),
        Row("CPU a talked minute", round(1000 * cpu / (talked / 60), 1), "ms"),
    ]
    options: dict[str, object] = {"sittings": sittings, "minutes": minutes}
    publish("sittings", rows, machine, as_json=as_json, options=options, detail={"events": events})
