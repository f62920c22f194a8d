"""Work that takes arithmetic, done in threads a step at a time, and so many steps at once for the whole
server: between two steps the talks have their turn. Knows nothing of what is worked at."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

STEP_SIZE: Final = 65_536
"""Bytes after which a step is over. Larger: fewer changes of thread, longer steps."""


async def in_a_thread(places: asyncio.Semaphore, work: Callable[[], Result]) -> Result:
    """Do one step when there is a place. It comes to its end even if nobody waits for it any more, so that
    nothing is closed under its feet."""
    async with places:
        return await _ended(asyncio.get_running_loop().run_in_executor(None, work))


async def to_its_end(reading: Coroutine[Any, Any, Result]) -> Result:
    """Read from the database, to the end even if nobody waits for it any more: a connection that is broken
    off in the middle is lost, and complains."""
    return await _ended(asyncio.get_running_loop().create_task(reading))


async def _ended(work: asyncio.Future[Result]) -> Result:
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


async def in_steps(places: asyncio.Semaphore, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What an iterator gives, made in threads, gathered to pieces of about STEP_SIZE bytes."""
    while piece := await in_a_thread(places, lambda: _gathered(pieces)):
        yield piece


def _gathered(pieces: Iterator[bytes]) -> bytes:
    """The next of it, b"" at the end."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= STEP_SIZE:
            break
    return b"".join(gathered)
