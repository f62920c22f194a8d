"""The program that tries one draft: `python -m server.rehearsal.simulation_process` reads a design from its
standard input, holds the talks, and writes a line for each. Knows no blueprint's id and no database.

It gives way to everything else on the machine, and ends by itself when it wants too much of it, or when
nobody listens any more.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path
from typing import Final

import msgspec

from dialog.blueprint import Blueprint
from server.pipeline.simulating import LONGEST_REASON, AllHeld, BrokenOff, Order, TalkHeld, Told
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.rehearsal.simulated_talk import Talk
from server.rehearsal.simulation import personas_for, simulate_talks, summarize
from server.rehearsal.talk_figures import TalkFigures

NICENESS: Final = 15
MAX_MEMORY_BYTES: Final = 1 << 30
"""Address space beyond what the program itself needs."""
MAX_CPU_SECONDS: Final = 300


def main() -> int:
    os.nice(NICENESS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MAX_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        asyncio.run(_hold(Blueprint.model_validate(order.design), order.seeds))
    except BrokenPipeError:  # the server is gone: another one begins anew
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # of the design, or ours: who asked learns which
        _tell(BrokenOff(f"{type(error).__name__}: {error}"[:LONGEST_REASON]))
        return 1
    return 0


async def _hold(design: Blueprint, seeds: int) -> None:
    personas = personas_for(design, ["all"])
    planned, held = seeds * len(personas), 0

    def done(_figures: TalkFigures, _talk: Talk) -> None:
        nonlocal held
        held += 1
        _tell(TalkHeld(held, planned))

    talks = await simulate_talks(design, personas, seeds, EmbeddedInterviewer().judge, done=done)
    sums = [summarize(one.name, [talk for talk in talks if talk.persona == one.name]) for one in personas]
    _tell(AllHeld(len(talks), sums, summarize("all", talks)))


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
