"""The reference: the plainest bot of Pipecat, in an environment of its own, loaded as this server is."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import click

from benchmarks.load import HERE, Cores, Load, holds, on_core, place_calls

BOT: Final = HERE / "pipecat" / "bot.py"
REQUIREMENTS: Final = HERE / "pipecat" / "requirements.txt"
START_TIMEOUT: Final = 90.0


def environment() -> Path:
    """The Python of the bot's virtual environment, made if it is missing or of other requirements.

    In `$XDG_CACHE_HOME/vivavoce-bench`; takes a minute or more and some 600 MB.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "vivavoce-bench"
    folder, wanted = cache / "pipecat", REQUIREMENTS.read_text()
    stamp, python = folder / "requirements.txt", folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    click.echo(f"Installing Pipecat in {folder} (once; about a minute)", err=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True, stdout=sys.stderr)
    stamp.write_text(wanted)
    return python


@contextlib.asynccontextmanager
async def running_bot(core: int | None) -> AsyncIterator[tuple[int, str, float]]:
    """Start the bot, and end it: its process, where it answers, and the delay that is configured in it."""
    with on_core(core):
        process = await asyncio.create_subprocess_exec(
            *(str(environment()), str(BOT), "0", "vad"),
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT):
            while not (line := await process.stdout.readline()).startswith(b"READY"):
                if not line:
                    raise click.ClickException("Pipecat's bot did not start")
        _, port, delay_ms = line.split()
        yield process.pid, f"127.0.0.1:{int(port)}", int(delay_ms) / 1000
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def load_bot(load: Load, cores: Cores) -> dict[str, Any]:
    """Load a fresh bot, and return what peer_load found."""
    async with running_bot(cores.server) as (pid, address, delay):
        return await place_calls(load, ("--line", address), pid, delay, cores.callers)


async def sessions_held(cycles: int, cycle_duration: float, cores: Cores, first: int) -> list[dict[str, Any]]:
    """Load the bot with `first` sessions, then with more while it holds them, or with fewer until it does.

    Returns what was found, in ascending order.
    """
    found: dict[int, dict[str, Any]] = {}
    wanted = first
    while wanted and wanted not in found:
        found[wanted] = await load_bot(Load(wanted, cycles, cycle_duration), cores)
        wanted += 1 if holds(found[wanted]) else -1
    return [found[sessions] for sessions in sorted(found)]
