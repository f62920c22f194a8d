"""Beside a sitting: keeps note of how far its run is, seldom enough to cost nothing."""

import asyncio
import contextlib
from typing import Final

from dialog.progress import Progress
from server.live.keeping import Case, Keeper
from server.store.event_log import EventLog, LogBroken, WriterFenced

INTERVAL: Final = 1.0
"""Seconds between two notes of a run at least. Larger: fewer writes, older news in lists."""


async def keep_progress(log: EventLog, case: Case, keeper: Keeper) -> None:
    """Follow a sitting's log to its end, and keep how far the run is whenever that has changed."""
    progress, changed = Progress(case.blueprint), False
    async for event in log.follow():
        changed = progress.see(event) or changed
        if changed and event.seq >= log.last_seq:
            await keeper.keep_progress(case.run_id, progress.shown())
            changed = False
            # The log holds for us what comes meanwhile.
            with contextlib.suppress(TimeoutError, WriterFenced, LogBroken):
                async with asyncio.timeout(INTERVAL):
                    await log.watch()
    if changed:
        await keeper.keep_progress(case.run_id, progress.shown())
