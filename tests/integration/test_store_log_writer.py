import asyncio
import contextlib
import gc
import weakref
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from dialog.events import AnswerStruck, Event, WordsHeard
from server.logs import LineFormatter
from server.store.event_log import RECENT_EVENTS, EventLog, LogBroken, LogClosed, WriterFenced
from server.store.event_rows import read_events
from server.store.jobs import Jobs
from server.store.log_writer import LogWriter
from server.store.run_status import RunStatus, TransitionRefused
from server.store.scrubbing import SCRUB
from server.store.tables import EventRow
from tests.emulators.full_disk import FullDisk
from tests.support.store import Store, all_files, database_url, open_store, words


def texts(events: list[Event]) -> list[str]:
    return [event.body.text for event in events if isinstance(event.body, WordsHeard)]


async def first_events(log: EventLog, count: int) -> list[Event]:
    events: list[Event] = []
    async with contextlib.aclosing(log.follow()) as following:
        async for event in following:
            events.append(event)
            if len(events) == count:
                break
    return events


async def stored(store: Store, log: EventLog) -> list[Event]:
    return await read_events(store.database, log.session.run_id)


async def test_what_is_durable_is_in_the_database_in_order(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        log = writer.open(await store.new_session())
        appended = [log.append(place / 10, words(f"word {place}")) for place in range(50)]
        await log.durable(50)

        assert list(range(1, 51)) == [event.seq for event in appended]
        assert appended == await stored(store, log)
        assert appended[20:25] == await read_events(store.database, log.session.run_id, after=20, limit=5)


async def test_a_second_session_goes_on_with_the_numbers_of_the_first(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        first = writer.open(await store.new_session(run))
        first.append(0.0, words("before"))
        await first.durable(1)
        second = writer.open(await store.new_session(run))
        event = second.append(0.0, words("after"))
        await second.durable(event.seq)
        ids = [log.session.session_id for log in (first, second)]

        assert event.seq == 2
        assert ["before"] == texts(await read_events(store.database, run.id, session_id=ids[0]))
        assert ["after"] == texts(await read_events(store.database, run.id, session_id=ids[1]))
        assert ["before", "after"] == texts(await stored(store, second))


async def test_many_sessions_at_once_are_each_stored_whole(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        logs = [writer.open(await store.new_session()) for _ in range(10)]

        async def talk(log: EventLog) -> None:
            for place in range(40):
                log.append(0.0, words(f"word {place}"))
                await asyncio.sleep(0)
            await log.durable(40)

        async with asyncio.TaskGroup() as tasks:
            for log in logs:
                tasks.create_task(talk(log))

        for log in logs:
            assert [f"word {place}" for place in range(40)] == texts(await stored(store, log))


async def test_leaving_the_writer_stores_what_still_waits(storage: str) -> None:
    async with open_store(storage) as store:
        async with LogWriter(store.database) as writer:
            log = writer.open(await store.new_session())
            log.append(0.0, words("the last word"))
            log.close()

        assert ["the last word"] == texts(await stored(store, log))
        with pytest.raises(LogClosed):
            log.append(0.0, words("too late"))


async def test_a_log_that_is_over_and_stored_is_held_by_nobody(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        log = writer.open(await store.new_session())
        log.append(0.0, words("the last word"))
        log.close()
        await log.settled()
        held = weakref.ref(log)
        del log
        async with asyncio.timeout(20):
            while held() is not None:
                await asyncio.sleep(0.01)
                gc.collect()


async def test_a_writer_that_was_taken_over_stores_nothing_more(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        old = writer.open(await store.new_session(run))
        old.append(0.0, words("confirmed"))
        await old.durable(1)
        async with LogWriter(store.database) as elsewhere:
            new = elsewhere.open(await store.new_session(run))
            late = old.append(1.0, words("stale"))
            new.append(0.0, words("fresh"))
            await new.durable(2)

            with pytest.raises(WriterFenced):
                await old.durable(late.seq)
            with pytest.raises(WriterFenced):
                await old.watch()
            with pytest.raises(WriterFenced):
                old.append(2.0, words("still stale"))
        assert ["confirmed", "fresh"] == texts(await stored(store, new))


async def test_a_fenced_session_stops_no_other(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        stale, other = writer.open(await store.new_session(run)), writer.open(await store.new_session())
        await store.new_session(run)
        stale.append(0.0, words("stale"))
        other.append(0.0, words("fine"))
        await other.durable(1)

        assert ["fine"] == texts(await stored(store, other))
        assert await stored(store, stale) == []


async def test_a_log_that_the_database_refuses_is_broken_and_stops_no_other(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, LogWriter(store.database) as writer:
        broken, other = writer.open(await store.new_session()), writer.open(await store.new_session())
        broken.append(float("nan"), words("at no time"))  # SQLite keeps not-a-number as NULL, and refuses it
        other.append(0.0, words("fine"))
        await other.durable(1)

        with pytest.raises(LogBroken):
            await broken.durable(1)
        assert ["fine"] == texts(await stored(store, other))


async def test_while_the_disk_is_full_nothing_is_lost_and_the_session_is_told(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, LogWriter(store.database) as writer:
        disk = FullDisk(store.database)
        told: list[str | None] = []
        faltered = asyncio.Event()

        def hear(reason: str | None) -> None:
            told.append(reason)
            faltered.set()

        log = writer.open(await store.new_session(), hear)
        log.append(0.0, words("before"))
        await log.durable(1)
        disk.fill()
        for place in range(200):
            log.append(1.0, words(f"{place} " + "long " * 100))
        await faltered.wait()
        stored_meanwhile = log.stored_seq
        followed = await first_events(log, 201)
        disk.free()
        await log.durable(201)

        assert stored_meanwhile == 1
        assert len(followed) == 201
        assert len(told) == 2
        assert "disk is full" in str(told[0])
        assert told[1] is None
        assert list(range(1, 202)) == [event.seq for event in await stored(store, log)]


async def test_a_struck_passage_is_in_no_file_of_the_database(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, LogWriter(store.database) as writer:
        log = writer.open(await store.new_session())
        log.append(0.0, words("harmless"))
        spoken = log.append(1.0, words("my colleague Xanthippe stole it " * 40, turn_id=7))
        await log.durable(spoken.seq)
        log.rewrite(spoken.seq, words("", turn_id=7))
        struck = log.append(2.0, AnswerStruck(turn_id=7))
        await log.durable(struck.seq)
        await log.settled()
        kept = await stored(store, log)
        files = all_files(tmp_path)

        assert words("", turn_id=7) == kept[1].body
        assert kept[1].at == 1.0
        assert b"harmless" in files
        assert b"Xanthippe" not in files


async def test_what_is_struck_before_it_is_stored_never_reaches_the_disk(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, LogWriter(store.database) as writer:
        log = writer.open(await store.new_session())
        spoken = log.append(1.0, words("Xanthippe"))
        log.rewrite(spoken.seq, words(""))
        await log.settled()

        assert [Event(1, 1.0, words(""))] == await stored(store, log)
        assert b"Xanthippe" not in all_files(tmp_path)


async def test_an_event_of_an_earlier_session_can_be_struck(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        first = writer.open(await store.new_session(run))
        first.append(3.0, words("secret"))
        await first.durable(1)
        second = writer.open(await store.new_session(run))
        second.rewrite(1, words(""))
        await second.settled()

        assert [Event(1, 3.0, words(""))] == await stored(store, second)
        with pytest.raises(ValueError, match="no event 2"):
            second.rewrite(2, words(""))


async def test_a_follower_gets_earlier_sessions_then_what_comes_and_ends_with_the_log(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        first = writer.open(await store.new_session(run))
        for place in range(3):
            first.append(0.0, words(f"old {place}"))
        await first.durable(3)
        log = writer.open(await store.new_session(run))
        followed: list[Event] = []

        async def follow() -> None:
            followed.extend([event async for event in log.follow(1)])

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow())
            for place in range(3):
                log.append(0.0, words(f"new {place}"))
                await asyncio.sleep(0.01)
            log.close()

        assert ["old 1", "old 2", "new 0", "new 1", "new 2"] == texts(followed)
        assert [2, 3, 4, 5, 6] == [event.seq for event in followed]


async def test_a_slow_follower_loses_nothing_when_memory_no_longer_holds_it(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        log = writer.open(await store.new_session())
        total = 2 * RECENT_EVENTS
        seqs: list[int] = []
        all_stored = asyncio.Event()

        async def follow_slowly() -> None:
            async for event in log.follow():
                seqs.append(event.seq)
                if len(seqs) == 10:
                    await all_stored.wait()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow_slowly())
            for _ in range(total):
                log.append(0.0, words("on and on"))
                if log.last_seq % 100 == 0:
                    await asyncio.sleep(0)
            await log.durable(total)
            all_stored.set()
            log.close()

        assert list(range(1, total + 1)) == seqs


async def test_a_session_that_is_told_in_vain_stops_no_other(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, LogWriter(store.database) as writer:
        told = asyncio.Event()

        def fails(_: str | None) -> None:
            told.set()
            raise RuntimeError("a bug of one session")

        disk = FullDisk(store.database)
        log = writer.open(await store.new_session(), fails)
        disk.fill()
        for _ in range(100):
            log.append(0.0, words("long " * 100))
        await told.wait()
        disk.free()
        await log.durable(100)

        assert len(await stored(store, log)) == 100


async def test_of_two_that_open_a_session_at_once_only_one_can_write(storage: str) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:
        run = await store.new_run()
        await store.runs.transition(run.id, "active")
        sessions = await asyncio.gather(*(store.runs.open_session(run.id) for _ in range(4)))
        logs = [writer.open(session) for session in sessions]
        for log in logs:
            log.append(0.0, words(f"epoch {log.session.epoch}"))
        outcomes = await asyncio.gather(*(log.durable(1) for log in logs), return_exceptions=True)

        assert {1, 2, 3, 4} == {session.epoch for session in sessions}
        assert sum(isinstance(outcome, WriterFenced) for outcome in outcomes) == 3
        assert ["epoch 4"] == texts(await read_events(store.database, run.id))


@pytest.mark.parametrize("status", ["awaiting_consent", "cancelled"])
async def test_a_run_that_is_not_active_opens_no_session(storage: str, status: RunStatus) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()
        await store.runs.transition(run.id, status)

        with pytest.raises(TransitionRefused):
            await store.runs.open_session(run.id)


async def test_an_error_beside_the_writer_comes_out_as_it_is(storage: str) -> None:
    async def fail_beside(store: Store) -> None:
        async with LogWriter(store.database) as writer:
            writer.open(session).append(0.0, words("said before"))
            raise KeyError("mine")

    async with open_store(storage) as store:
        session = await store.new_session()

        with pytest.raises(KeyError, match="mine"):
            await fail_beside(store)
        assert ["said before"] == texts(await read_events(store.database, session.run_id))


async def test_what_cannot_be_stored_is_not_told_to_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_store(database_url(tmp_path)) as store:
        disk = FullDisk(store.database)
        async with LogWriter(store.database) as writer:
            faltered = asyncio.Event()
            log = writer.open(await store.new_session(), lambda _: faltered.set())
            disk.fill()
            for _ in range(200):
                log.append(0.0, words("my husband drinks " * 10))
            await faltered.wait()
            disk.free()
            await log.settled()
            broken = writer.open(await store.new_session())
            async with store.database.write() as connection:
                await connection.exec_driver_sql(
                    "CREATE TRIGGER refuse BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            broken.append(0.0, words("my husband drinks"))
            with pytest.raises(LogBroken, match="refused"):
                await broken.durable(1)
        told = "".join(LineFormatter().format(record) for record in caplog.records)

    assert "events can't be stored" in told
    assert "a log is broken" in told
    assert "husband" not in told


async def test_no_error_of_a_statement_carries_its_parameters(storage: str) -> None:
    async with open_store(storage) as store:
        row = {"run_id": "nobody", "seq": 1, "session_id": "s", "at": 0.0, "kind": "k", "body": "my husband"}
        with pytest.raises(SQLAlchemyError) as one:
            async with store.database.write() as connection:
                await connection.execute(insert(EventRow), [row])
        with pytest.raises(SQLAlchemyError) as other:
            await store.database.write_log(lambda connection: connection.execute(insert(EventRow), [row]))

    assert "husband" not in str(one.value) + str(other.value)


async def test_erased_words_that_stay_in_a_corner_of_the_database_are_told_of_and_scrubbed_later(
    storage: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_store(storage) as store, LogWriter(store.database) as writer:

        async def fail(*_: str) -> bool:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(store.database, "scrub", fail)
        log = writer.open(await store.new_session())
        log.append(0.0, words("my secret"))
        await log.durable(1)
        log.rewrite(1, words("[erased]"))
        await log.settled()

        job = await Jobs(store.database).claim([SCRUB])

        assert ["[erased]"] == texts(await stored(store, log))
        assert job is not None
    assert any("corner of the database" in record.getMessage() for record in caplog.records)
