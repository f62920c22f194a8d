"""Children are ended for certain: real ones, and an end that is itself broken off."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from server.children import end

CHATTERBOX = "import sys\nwhile True: sys.stdout.write('x' * 4096)"
SLEEPER = "import time\ntime.sleep(600)"


async def started(code: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=PIPE, stdout=PIPE)


async def let_go(process: Process) -> bool:
    """Whether the loop holds neither the process nor a pipe of it, soon after."""
    for _ in range(10):
        if process._transport.is_closing():  # type: ignore[attr-defined]
            return True
        await asyncio.sleep(0)
    return False


@pytest.mark.parametrize("code", [CHATTERBOX, SLEEPER, "raise SystemExit(3)"])
async def test_what_was_ended_leaves_neither_process_nor_pipe(code: str) -> None:
    process = await started(code)

    await end(process)

    assert process.returncode in (-9, 3)
    assert await let_go(process)


async def test_an_end_that_is_broken_off_comes_to_its_end_first() -> None:
    process = await started(CHATTERBOX)
    async with asyncio.TaskGroup() as tasks:
        ending = tasks.create_task(end(process))
        for _ in range(3):
            await asyncio.sleep(0)
            ending.cancel()

    assert ending.cancelled()
    assert -9 == process.returncode
    assert await let_go(process)
