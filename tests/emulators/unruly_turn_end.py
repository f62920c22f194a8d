"""The child of an end-of-turn model that misbehaves in the way named: `python -m
tests.emulators.unruly_turn_end MODE MODEL`."""

import math
import os
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from server.providers.embedded.pipe import Ready, read_body, write
from server.providers.turn_end_pipe import Fit, Look, Scored, ToTurnEnd, Unfit

PATIENCE: Final = 60.0
LIFE: Final = Path(f"{sys.argv[-1]}.lived")
"""Tells a second life of the child from the first."""


def main(mode: str) -> None:
    sink = sys.stdout.buffer
    if mode == "vanish":
        return
    write(sink, Ready(mode))
    match mode:
        case "undecided":
            time.sleep(PATIENCE)
        case "boast":
            write(sink, Fit("boast", 1e9, 0.1))
        case "slow":
            write(sink, Fit("slow", 8.0, 2.5))
        case "refuse":
            write(sink, Unfit("it doesn't like Mondays." + "!" * 10_000))
        case "once" if LIFE.exists():
            time.sleep(PATIENCE)
        case "changeling":
            write(sink, Fit(f"changeling-{os.getpid()}", 8.0, 0.001))
        case "once":
            LIFE.touch()
            write(sink, Fit(mode, 8.0, 0.001))
        case _:
            write(sink, Fit(mode, 8.0, 0.001))
    if mode == "weary":
        return
    decoder = msgspec.msgpack.Decoder(ToTurnEnd)
    looks = 0
    while (body := read_body(sys.stdin.buffer)) is not None:
        looks += 1
        answer(mode, decoder.decode(body), looks)


def answer(mode: str, look: Look, looks: int) -> None:
    sink = sys.stdout.buffer
    match mode:
        case "sleep":
            time.sleep(PATIENCE)
        case "die":
            sys.exit(1)
        case "garbage":
            sink.write(b"\xff" * 4_096)
            sink.flush()
        case "stranger":
            write(sink, Scored(999_999, 0.5))
        case "beyond":
            write(sink, Scored(look.look_id, 17.0))
        case "nan":
            write(sink, Scored(look.look_id, math.nan))
        case "twice":
            write(sink, Scored(look.look_id, 0.5))
            write(sink, Scored(look.look_id, 0.5))
        case "mum":
            write(sink, Scored(look.look_id, None))
        case "measure":
            write(sink, Scored(look.look_id, len(look.pcm) / (1 << 20)))
        case _:  # "count"
            write(sink, Scored(look.look_id, looks / 100))


if __name__ == "__main__":
    main(sys.argv[1])
