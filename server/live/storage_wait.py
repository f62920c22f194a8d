"""Waiting until what has happened is stored, but not for ever: words that rest on it wait so long."""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

from dialog.signals import StorageFaltered
from server.store.event_log import EventLog, LogBroken, WriterFenced

Outcome = Literal["kept", "never"] | StorageFaltered
"""`never`: the log can't be written any more; the session's guard knows it too, and ends the session."""


class AlsoKept(Protocol):
    """What is kept outside of the log (server.live.erasing.Eraser)."""

    @property
    def busy(self) -> bool:
        """Something was begun that is not yet on the disk."""

    async def finish(self) -> None:
        """Wait until all that was begun is on the disk, or has failed."""


class StorageWait:
    """One session's. `longest` is in seconds."""

    def __init__(
        self, log: EventLog, tasks: asyncio.TaskGroup, longest: float, also_kept: AlsoKept | None = None
    ) -> None:
        self._log = log
        self._tasks = tasks
        self._longest = longest
        self._also_kept = also_kept
        self._loop = asyncio.get_running_loop()
        self._over = False

    def begin(self, seq: int, then: Callable[[Outcome], None]) -> None:
        """Call `then` once, when everything up to `seq` is durable, and what else there is to keep, or when
        that takes too long. At once where all of it is there already."""
        if self._also_kept is not None and self._also_kept.busy:
            self._tasks.create_task(self._wait_for_both(seq, self._also_kept, then), name=f"storage {seq}")
            return
        # Not by a task: on a loop with many talks each of its turns is some milliseconds of silence.
        settled = False

        def settle(outcome: Outcome) -> None:
            nonlocal settled
            if not settled:
                settled = True
                timer.cancel()
                if not self._over:
                    then(outcome)

        timer = self._loop.call_later(self._longest, settle, self._late())

        self._log.when_stored(seq, lambda stored: settle("kept" if stored else "never"))

    def end(self) -> None:
        """The session is over: nobody is told any more."""
        self._over = True

    async def _wait_for_both(self, seq: int, also_kept: AlsoKept, then: Callable[[Outcome], None]) -> None:
        try:
            async with asyncio.timeout(self._longest):
                await self._log.durable(seq)
                await also_kept.finish()
        except TimeoutError:
            then(self._late())
        except (WriterFenced, LogBroken):
            then("never")
        else:
            then("kept")

    def _late(self) -> StorageFaltered:
        return StorageFaltered(f"not stored within {self._longest:g} s")
