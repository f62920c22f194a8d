"""Which runs somebody is here for. One visit for each, so many talks at most, and an orderly end for all."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from types import TracebackType
from typing import Final, Self

from server.live.keeping import Case, Keeper, Kit
from server.live.session import SessionPolicy
from server.live.visit import Visit

log = logging.getLogger(__name__)

RETRY_AFTER: Final = 15
"""Seconds after which somebody who found no room may ask again."""
CLOSING_TIMEOUT: Final = 10.0
"""Seconds that all talks have to end when the server does."""


class AtCapacity(Exception):
    """No more talks now: as many as may be are under way, or the server is about to stop."""


class Registry:
    """All visits of this process. Use as `async with`."""

    def __init__(
        self, keeper: Keeper, kit: Kit, *, max_sessions: int, policy: SessionPolicy | None = None
    ) -> None:
        self.draining = False
        """No new talk begins."""
        self._keeper = keeper
        self.kit = kit
        self.policy = policy or SessionPolicy()
        """For visits that begin from now on."""
        self._max_sessions = max_sessions
        self._visits: dict[str, Visit] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def talks(self) -> int:
        """How many sittings are under way."""
        return sum(visit.session is not None for visit in self._visits.values())

    @property
    def unread_signals(self) -> int:
        """Signals in all mailboxes: what the loop is behind by."""
        return sum(len(v.session.mailbox) for v in self._visits.values() if v.session is not None)

    def admit(self, run_id: str) -> None:
        """Return if there is room for this run's talk. Raises AtCapacity."""
        visit = self._visits.get(run_id)
        if visit is not None and visit.session is not None:
            return
        if self.draining or self.talks >= self._max_sessions:
            raise AtCapacity

    def find(self, run_id: str) -> Visit | None:
        """The visit under way for a run, if there is one."""
        return self._visits.get(run_id)

    def is_here(self, run_id: str) -> bool:
        """Somebody is there for a run, or its talk goes on."""
        visit = self._visits.get(run_id)
        return visit is not None and not visit.empty

    def visit(self, case: Case) -> Visit:
        """The visit of a run, made if there is none. Raises AtCapacity."""
        self.admit(case.run_id)
        visit = self._visits.get(case.run_id)
        if visit is None:
            visit = self._visits[case.run_id] = Visit(
                case,
                self._keeper,
                self.kit,
                self.policy,
                run_task=self._run,
                emptied=self._forget,
            )
            asyncio.get_running_loop().call_later(self.policy.linger, visit.expire)
        return visit

    def _run(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        assert self._tasks is not None
        task = self._tasks.create_task(_guarded(work, name), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _forget(self, visit: Visit) -> None:
        if self._visits.get(visit.case.run_id) is visit:
            del self._visits[visit.case.run_id]

    async def close(self) -> None:
        """End all sittings, resumably, and let the pages go."""
        self.draining = True
        if not self._visits:
            return
        log.info("= closing %d visits", len(self._visits))
        async with asyncio.TaskGroup() as closing:
            for visit in list(self._visits.values()):
                closing.create_task(self._close_one(visit))

    async def _close_one(self, visit: Visit) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_TIMEOUT):
                await visit.close("the server is restarting")

    async def __aenter__(self) -> Self:
        self._tasks = await asyncio.TaskGroup().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._tasks is not None
        await self.close()
        for task in self._running:  # words that are being prepared, and what did not end in time
            task.cancel()
        await self._tasks.__aexit__(kind, error, trace)


async def _guarded(work: Coroutine[None, None, None], name: str) -> None:
    """One visit's fault ends none of the others."""
    try:
        await work
    except Exception:
        log.exception("! %s failed", name)
