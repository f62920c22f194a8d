"""Work that is done again and again for as long as the server runs. Knows no kind of work itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


async def every(
    interval: float, work: Callable[[], Awaitable[object]], complaint: str, *, first_after: float = 0.0
) -> None:
    """Do `work`, the first time after `first_after` s, and again `interval` s after it is done, until this is
    cancelled.

    What goes wrong is logged with `complaint`, and the next round comes all the same: these rounds run beside
    the talks, and no database that is away for a moment, nor a fault in one of them, may take the talks
    along.
    """
    await asyncio.sleep(first_after)
    while True:
        try:
            await work()
        except Exception:
            log.exception("! %s", complaint)
        await asyncio.sleep(interval)
