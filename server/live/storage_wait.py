"""Waiting until what has happened is stored, but not for ever: words that rest on it wait so long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from dialog.signals import StorageFaltered
from server.store.event_log import EventLog, LogBroken, WriterFenced


async def kept_in_time(
    log: EventLog, seq: int, also_kept: Callable[[], Awaitable[None]] | None, longest: float
) -> Literal["kept", "never"] | StorageFaltered:
    """Wait until everything up to `seq` is durable, and what else there is to keep, at most `longest` s.

    `never` when the log can't be written any more; the session's guard knows it too, and ends the session.
    """
    try:
        async with asyncio.timeout(longest):
            await log.durable(seq)
            if also_kept is not None:
                await also_kept()
    except TimeoutError:
        if log.stored_seq < seq or also_kept is not None:
            return StorageFaltered(f"not stored within {longest:g} s")
    except (WriterFenced, LogBroken):
        return "never"
    return "kept"
