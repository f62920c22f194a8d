"""Who may write next, where a database takes one writer at a time.

The database itself lets writers try again and again, each a little later than before: on a busy one some wait
for seconds while others pass. Here they stand in line. Knows nothing of what is written.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Turns:
    """The line of one process's writers. The log stands at its head: it waits for one transaction at most."""

    def __init__(self) -> None:
        # Of all others only one at a time stands where the log stands too.
        self._others = asyncio.Lock()
        self._all = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def of_log(self) -> AsyncIterator[None]:
        """The log's turn, until the block is left."""
        async with self._all:
            yield

    @contextlib.asynccontextmanager
    async def of_anybody(self, longest: float) -> AsyncIterator[None]:
        """A turn, until the block is left. Raises TimeoutError when it doesn't come within `longest` s."""
        async with contextlib.AsyncExitStack() as held:
            async with asyncio.timeout(longest):
                await held.enter_async_context(self._others)
                await held.enter_async_context(self._all)
            yield
