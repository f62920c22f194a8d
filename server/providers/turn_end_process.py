"""The program that runs the end-of-turn model: `python -m server.providers.turn_end_process PATH`. Knows no
talks.

In a child of its own, because a model is a stranger's file: one that crashes, hangs or wants all memory
costs looks, not talks; and because a look is a tenth of a second of arithmetic, which the sound must not
wait for.
"""

import os
import resource
import sys
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from server.providers.embedded.pipe import PipeError, Ready, nobody_reads, read_body, write
from server.providers.turn_end_manifest import TurnEndUnfit, find_model
from server.providers.turn_end_model import TurnEndModel
from server.providers.turn_end_pipe import Fit, Scored, ToTurnEnd, Unfit

NICENESS: Final = 5
"""The media loop must win the processor, but a look must win it from recognisers, which are at 10: words may
come late, a score that comes late is worth nothing."""
MAX_MEMORY_BYTES: Final = 2 << 30
"""Address space beyond what the program itself needs; models of this trade take a tenth."""
STATM: Final = Path("/proc/self/statm")
"""The size of this very program in pages, first of all (proc(5))."""


def serve(path: Path, source: BinaryIO, sink: BinaryIO) -> None:
    """Load the model, say how that went, then look until the source ends or talks garbage."""
    write(sink, Ready("onnxruntime"))  # the program stands; how long loading may take is the server's to say
    try:
        model = _load(path)
    except TurnEndUnfit as unfit:
        write(sink, Unfit(str(unfit)[:1_000]))
        source.read()  # stay until the server has read it, and goes
        return
    write(sink, Fit(model.name, model.sound_duration, model.look_duration))
    decoder = msgspec.msgpack.Decoder(ToTurnEnd)
    while (body := read_body(source)) is not None:
        look = decoder.decode(body)
        write(sink, Scored(look.look_id, model.score(look.pcm)))


def _load(path: Path) -> TurnEndModel:
    _bound_memory()
    try:
        return TurnEndModel(*find_model(path))
    except MemoryError:
        raise TurnEndUnfit(f"{path} needs more than {MAX_MEMORY_BYTES / 1e9:.0f} GB of memory.") from None


def _bound_memory(statm: Path = STATM) -> None:
    """Take no more than MAX_MEMORY_BYTES from here on, where the system tells how much there is already."""
    try:
        pages = int(statm.read_text().split()[0])
    except OSError:
        return  # no Linux: macOS has no /proc, and wouldn't hold anybody to the bound
    limit = pages * resource.getpagesize() + MAX_MEMORY_BYTES
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def main() -> int:
    os.nice(NICENESS)
    try:
        serve(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:  # the server is gone
        nobody_reads(sys.stdout.buffer)
        return 0
    except (PipeError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"end-of-turn model: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
