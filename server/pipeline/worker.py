"""Does what is in the table of jobs, a few at a time, until it is told to stop. Knows no kind of
work itself."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from server.clock import jitter
from server.pipeline.rounds import every
from server.store.jobs import LEASE_MS, Job, Jobs

log = logging.getLogger(__name__)

POLL_INTERVAL: Final = 1.0
"""Seconds between two looks at the table when nobody says that there is something new."""

RETRY_DELAYS: Final = (1.0, 5.0, 30.0, 120.0, 600.0, 3_600.0, 14_400.0)
"""Seconds after each failure; after the last of them a job is given up."""


LETTING_GO_TIMEOUT: Final = 1.0
"""Seconds for giving back what is in hand at the end. Larger: a database that is away holds up the end."""


class PutOff(Exception):
    """Not now: try again after `delay` seconds. Counts as no failure of ours."""

    def __init__(self, reason: str, delay: float) -> None:
        super().__init__(reason)
        self.delay = delay


Work = Callable[[Job], Awaitable[None]]
"""Does one job. Raises PutOff, or whatever went wrong."""


class Worker:
    """So many hands at the jobs of one database."""

    def __init__(self, jobs: Jobs, work: Mapping[str, Work], *, hands: int = 4) -> None:
        self._jobs = jobs
        self._work = work
        self._hands = hands
        self._woken = asyncio.Event()
        self._looking = asyncio.Lock()
        self._tasks: asyncio.TaskGroup | None = None

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Work beside what is inside; what is in hand when it ends is whoever's comes next, or once its lease
        is over where that can't be said any more."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            hands = [tasks.create_task(self._keep_working(), name=f"worker {n}") for n in range(self._hands)]
            yield
            for hand in hands:
                hand.cancel()

    async def _keep_working(self) -> None:
        while True:
            async with self._looking:  # one hand for all that are free: every look keeps the loop from talks
                job = await self._next()
            try:
                await self._do(job)
            except (SQLAlchemyError, OSError):
                log.exception("! what became of a job can't be kept", extra={"job": job.id})

    async def _next(self) -> Job:
        """Wait for a job."""
        while True:
            self._woken.clear()
            try:
                if (job := await self._jobs.claim(list(self._work))) is not None:
                    return job
            except (SQLAlchemyError, OSError):
                log.exception("! no job can be had now")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL):
                    await self._woken.wait()

    async def _do(self, job: Job) -> None:
        try:
            async with self._held(job):
                await self._work[job.kind](job)
        except asyncio.CancelledError:  # the server ends, which is nobody's failure
            with contextlib.suppress(SQLAlchemyError, OSError):
                async with asyncio.timeout(LETTING_GO_TIMEOUT):
                    await self._jobs.put_off(job, "the server ended", delay_ms=0)
            raise
        except PutOff as later:
            await self._jobs.put_off(job, str(later), delay_ms=round(1000 * jitter(later.delay)))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if job.attempts >= len(RETRY_DELAYS):
                log.exception("! %s is given up", job.kind, extra={"subject": job.subject})
                await self._jobs.give_up(job, reason)
            else:
                log.warning("! %s failed: %s", job.kind, reason, extra={"subject": job.subject})
                delay = jitter(RETRY_DELAYS[job.attempts])
                await self._jobs.retry(job, reason, delay_ms=round(1000 * delay))
        else:
            await self._jobs.complete(job)

    @contextlib.asynccontextmanager
    async def _held(self, job: Job) -> AsyncIterator[None]:
        """Renew the lease for as long as the work lasts. Where that fails too long, somebody else does it
        again."""
        interval = LEASE_MS / 3000
        renewal = every(
            interval, lambda: self._jobs.keep(job), "a lease can't be renewed now", first_after=interval
        )
        assert self._tasks is not None
        renewing = self._tasks.create_task(renewal, name=f"lease of {job.id}")
        try:
            yield
        finally:
            renewing.cancel()
