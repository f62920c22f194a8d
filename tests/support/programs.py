"""The command as a program of its own, started, spoken to and ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.house import ROOT

START_TIMEOUT = 60.0
END_TIMEOUT = 30.0


def _environment() -> dict[str, str]:
    """This environment without anybody's settings, and the house on the path."""
    kept = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - a child's environment is made of ours
        if not name.startswith("VIVAVOCE_") and not name.endswith("_API_KEY")
    }
    return kept | {"PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def program(
    *arguments: str | Path, cwd: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `vivavoce` with its output piped and these variables set; on leaving it is killed, should it still
    run."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *(str(argument) for argument in arguments),
        cwd=cwd,
        env=_environment() | dict(settings or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def next_line(child: asyncio.subprocess.Process) -> str:
    """The next line of the program's standard output, without its end; fails when none comes."""
    assert child.stdout is not None
    async with asyncio.timeout(START_TIMEOUT):
        line = await child.stdout.readline()
    assert line, "the program has ended"
    return line.decode().rstrip("\n")


async def told_to_end(child: asyncio.subprocess.Process) -> tuple[str, str]:
    """Ask the program to end as a supervisor does; returns the rest of what it says, on stdout and stderr."""
    child.terminate()
    async with asyncio.timeout(END_TIMEOUT):
        out, err = await child.communicate()
    return out.decode(), err.decode()
