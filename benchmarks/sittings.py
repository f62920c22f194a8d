"""How long simulated sittings take: the real session, mouth, loop and log on virtual time. Prints JSON.

`python -m benchmarks.sittings [--sittings N] [--minutes M]`. The aim: forty of five minutes in under 20 s.
"""

import argparse
import json
from random import Random
from time import perf_counter_ns, process_time_ns

from tests.simulation.designs import any_design
from tests.simulation.sitting import hold_sitting

AIM_S = 20.0


def main() -> None:
    """Hold them one after the other; a sitting may end before its time, so the minutes held are counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sittings", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    began, cpu_began = perf_counter_ns(), process_time_ns()
    events, talked = 0, 0.0
    for seed in range(options.sittings):
        sitting = hold_sitting(seed, any_design(Random(seed)), duration=60 * options.minutes)
        events += len(sitting.logged)
        talked += sitting.logged[-1].at
    wall, cpu = (perf_counter_ns() - began) / 1e9, (process_time_ns() - cpu_began) / 1e9
    result = {
        "sittings": options.sittings,
        "minutes_talked": round(talked / 60, 1),
        "events": events,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "cpu_ms_per_talked_minute": round(1000 * cpu / (talked / 60), 1),
        "aim_s": AIM_S,
        "within_aim": wall <= AIM_S,
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
