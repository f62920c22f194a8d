"""What goes on beside the talks for as long as the server runs: the outbox is told, jobs are done, and what
is to be kept no longer is forgotten."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import msgspec

from dialog.study import Study
from server.pipeline.aftermath import Aftermath
from server.pipeline.analyst import Analyst, EmbeddedAnalyst
from server.pipeline.outward import Outward
from server.pipeline.paging import Paging
from server.pipeline.retention import RETIRE, Retention
from server.pipeline.rounds import every
from server.pipeline.simulating import Simulating, Simulator
from server.pipeline.webhooks import DELIVER, Webhooks
from server.pipeline.worker import PutOff, Work, Worker
from server.store.database import Database
from server.store.idempotency import Idempotency
from server.store.jobs import Job, Jobs
from server.store.operator_pages import CALL, PAGE, OperatorPages
from server.store.recordings import Recordings
from server.store.scrubbing import SCRUB, scrub_all
from server.store.simulations import LEAST_LATELY, Simulations
from server.store.vault import Vault

DISPATCH_INTERVAL: Final = 1.0
"""Seconds that something may lie in the outbox before anybody looks."""

FOLD_INTERVAL: Final = 5.0
"""Seconds of commits that are folded back into the database at once. Larger: more for one commit to do if
nobody comes to it in time; smaller: more often a commit waits for a disk that is busy with folding."""

SWEEP_INTERVAL: Final = 600.0
RETENTION_INTERVAL: Final = 60.0
"""Seconds that a run may be kept for longer than it is to be."""

TAKE_UP_INTERVAL: Final = 60.0
"""Seconds for which a document may be missing that nobody is making."""

SCRUB_PAUSE: Final = 5.0
"""Seconds until it is tried again to empty the corners of the database, where a long read was in the way."""


class Office(msgspec.Struct, frozen=True):
    """Those who do it."""

    outward: Outward
    webhooks: Webhooks
    worker: Worker
    aftermath: Aftermath
    scribe: Worker
    """Makes what comes of talks, one document at a time: webhooks needn't wait for it, nor talks give way."""
    rehearser: Worker
    """Tries drafts on simulated participants, one at a time, organizations in turns, and keeps nobody's
    documents waiting."""


@contextlib.asynccontextmanager
async def open_office(
    database: Database,
    vault: Vault,
    recordings: Recordings,
    *,
    private_targets: bool,
    analyst_of: Callable[[Study], Analyst] | None = None,
) -> AsyncIterator[Office]:
    """Work until the block is left; what is in hand then is done after the next start.

    `private_targets` lets webhooks lead into this network. Talks are analysed by whom
    `analyst_of` names for their study, or, where there is none or it can't, by rules.
    """
    async with Outward(private=private_targets) as outward:
        webhooks = Webhooks(database, vault, outward)
        retention = Retention(database, recordings)
        work: dict[str, Work] = {
            DELIVER: webhooks.deliver,
            CALL: OperatorPages(database).see_to,
            PAGE: Paging(database, vault, outward).deliver,
            RETIRE: retention.retire,
            SCRUB: _scrubbing(database),
        }
        worker = Worker(Jobs(database), work)
        rules = EmbeddedAnalyst()
        aftermath = Aftermath(database, rules, analyst_of=analyst_of)
        scribe = Worker(Jobs(database), aftermath.work(), hands=1)
        simulating = Simulating(Simulations(database), Simulator())
        rehearser = Worker(Jobs(database, first=LEAST_LATELY), simulating.work(), hands=1)
        rounds = (
            every(DISPATCH_INTERVAL, _waking(worker, webhooks.dispatch), "webhooks can't be told now"),
            every(FOLD_INTERVAL, database.fold, "the database's own log can't be folded back now"),
            every(SWEEP_INTERVAL, Idempotency(database).sweep, "old answers can't be forgotten now"),
            every(
                RETENTION_INTERVAL,
                _waking(worker, retention.look),
                "it can't be seen now which runs are kept for too long",
            ),
            every(
                TAKE_UP_INTERVAL,
                _waking(scribe, aftermath.take_up),
                "it can't be seen now which talks still lack their documents",
            ),
        )
        async with (
            worker.working(),
            scribe.working(),
            rehearser.working(),
            asyncio.TaskGroup() as tasks,
        ):
            going = [tasks.create_task(each) for each in rounds]
            yield Office(outward, webhooks, worker, aftermath, scribe, rehearser)
            for each in going:
                each.cancel()


def _waking(worker: Worker, look: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[None]]:
    """Look, and wake the worker where something was found for it."""

    async def work() -> None:
        if await look():
            worker.wake()

    return work


def _scrubbing(database: Database) -> Work:
    async def work(_: Job) -> None:
        if not await scrub_all(database):
            raise PutOff("somebody reads what is to be scrubbed", SCRUB_PAUSE)

    return work
