"""The load client as a process of its own, and where processes run. Knows nothing of who is loaded."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

import click
import msgspec

HERE: Final = Path(__file__).parent
UTTERANCE: Final = HERE / "utterance.wav"
UTTERANCE_DURATION: Final = 4.52
"""Seconds of speech in it."""
FULL_RATE: Final = 49.5
"""Packets a second that a session must get: 50 are perfect."""


class Load(msgspec.Struct, frozen=True):
    """What callers do: `sessions` of them, `cycles` turns each, of which one takes `cycle_duration`."""

    sessions: int
    cycles: int
    cycle_duration: float


class Cores(msgspec.Struct, frozen=True):
    """Where the server and the callers run; None leaves it to the kernel."""

    server: int | None = None
    callers: int | None = None


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started inside stays on this core."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def place_calls(
    load: Load, target: Sequence[str], pid: int, configured_delay: float, core: int | None
) -> dict[str, Any]:
    """Call a server, as `target` says (options of peer_load), and return what peer_load found.

    Raises ClickException when the load could not be applied.
    """
    with TemporaryDirectory(prefix="vivavoce-load-") as folder:
        found = Path(folder) / "found.json"
        command = (
            *(sys.executable, "-m", "benchmarks.peer_load", *target),
            *("--pid", str(pid), "--utterance", str(UTTERANCE), "--sessions", str(load.sessions)),
            *("--cycles", str(load.cycles), "--cycle-seconds", str(load.cycle_duration)),
            *("--configured-delay-ms", str(round(1000 * configured_delay)), "--json", str(found)),
        )
        with on_core(core):
            process = await asyncio.create_subprocess_exec(
                *command, cwd=HERE.parent, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
        try:
            _, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            raise click.ClickException(errors.decode().strip()[-500:])
        report: dict[str, Any] = json.loads(found.read_text())
        return report


def loop_speed() -> float:
    """Million turns a second of an empty loop in this Python: how fast the machine is just now."""
    turns, best = 400_000, float("inf")
    for _ in range(5):
        began = process_time()
        for _ in range(turns):
            pass
        best = min(best, process_time() - began)
    return round(turns / best / 1e6, 1)


def holds(found: dict[str, Any]) -> bool:
    """Whether the server held this load: every packet and every reply came."""
    whole = found["received_per_second_least"] >= FULL_RATE
    return bool(whole and found["turns"] and not found["missed"] and not found["overlapped"])
