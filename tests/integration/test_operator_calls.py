"""Distress that is on the log has somebody called, whatever is killed after it: tried with each kind of
database."""

from sqlalchemy.exc import OperationalError

from dialog.events import DistressHeard, TurnOpened
from server.store.event_log import EventLog
from server.store.jobs import Jobs
from server.store.log_writer import LogWriter
from server.store.operator_pages import CALL, OperatorPages, ask_for_calls
from server.store.paging import Window
from tests.support.store import Store, open_store

HOOK = "https://example.org/x"


async def distressed(store: Store, *levels: str) -> EventLog:
    """A sitting with distress in it that is stored, and cut off at once."""
    await store.organizations.change(store.tenant.organization_id, settings={"paging_webhook": HOOK})
    async with LogWriter(store.database, ask_for_calls) as writer:
        log = writer.open(await store.new_session())
        log.append(1.0, TurnOpened(1, "q1"))
        for level in levels:
            log.append(2.0, DistressHeard(1, "q1", level))  # type: ignore[arg-type]
        await log.settled()
        log.close()
    return log


async def see_to_calls(store: Store) -> int:
    jobs, pages, done = Jobs(store.database), OperatorPages(store.database, store.clock), 0
    while (job := await jobs.claim([CALL])) is not None:
        await pages.see_to(job)
        await pages.see_to(job)  # as after a worker's death
        await jobs.complete(job)
        done += 1
    return done


async def test_distress_on_the_log_calls_somebody_once_though_its_sitting_is_gone(
    storage: str,
) -> None:
    async with open_store(storage) as store:
        log = await distressed(store, "mild", "severe")
        done, again = await see_to_calls(store), await see_to_calls(store)
        calls = (await OperatorPages(store.database).page(store.tenant, Window())).data

    assert (2, 0) == (done, again)
    assert [(log.session.run_id, log.session.last_seq + 3, "severe")] == [
        (each.run_id, each.seq, each.level) for each in calls
    ]


async def test_what_follows_from_an_event_is_stored_with_it_or_not_at_all(storage: str) -> None:
    tries: list[int] = []

    def follow(connection: object, lines: object) -> None:
        tries.append(1)
        ask_for_calls(connection, lines)  # type: ignore[arg-type]
        if len(tries) == 1:
            raise OperationalError("insert", {}, OSError("the server closed the connection"))

    async with open_store(storage) as store, LogWriter(store.database, follow) as writer:
        log = writer.open(await store.new_session())
        log.append(2.0, DistressHeard(1, "q1", "severe"))
        await log.settled()
        log.close()
        jobs = Jobs(store.database)
        job, other = await jobs.claim([CALL]), await jobs.claim([CALL])

    assert 2 == len(tries)
    assert job is not None
    assert f"{log.session.run_id}/{log.session.last_seq + 1}" == job.subject
    assert other is None


async def test_a_call_for_a_run_that_is_gone_is_none(storage: str) -> None:
    async with open_store(storage) as store:
        await distressed(store, "severe")
        job = await Jobs(store.database).claim([CALL])
        assert job is not None
        stranger = type(job)(job.id, job.kind, "run_gone/7", 0, job.lease)
        await OperatorPages(store.database).see_to(stranger)
        calls = (await OperatorPages(store.database).page(store.tenant, Window())).data

    assert [] == calls
