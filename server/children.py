"""Child processes: where ours find this package, and how one is ended for certain. Knows nothing of what they
do."""

import asyncio
import contextlib
from pathlib import Path
from typing import Final

import server

ROOT: Final = Path(server.__file__).parent.parent
"""Where `python -m server…` finds this very package, installed or in a checkout."""

_READ_SIZE: Final = 1 << 16


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill the process, should it still run, and wait until neither it, nor a zombie, nor a pipe is left.

    Whoever is cancelled meanwhile waits to the end all the same, and is cancelled then: what is left behind
    would be found by nobody. Nobody else may be reading its standard output any more.
    """
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            await _gone(process)
            break
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Both waits may be broken off and begun again."""
    for pipe in (process.stdout, process.stderr):
        # a full pipe that nobody reads would never be seen to close
        while pipe is not None and await pipe.read(_READ_SIZE):
            pass
    await process.wait()
