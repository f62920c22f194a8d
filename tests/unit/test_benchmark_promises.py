"""Whoever judges a siege finds what is wrong: each kind of broken promise is made, and looked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, select, update

from benchmarks.promises import Verdict, judge
from benchmarks.siege import WANTED, Confirmed, fingerprint
from dialog.events import AnswerCommitted, AnyBody, QuestionAsked
from server.store.delivery_tables import HappeningRow
from server.store.event_rows import read_events
from server.store.log_writer import LogWriter
from server.store.outbox import announce
from server.store.tables import EventRow, RunRow
from tests.support.receiver import Received
from tests.support.steadfast import answer_to
from tests.support.store import NOON_MS, Store, database_url, open_store


class Told(msgspec.Struct):
    """A participant who knows of these answers that they are safe."""

    confirmed: list[str]
    ended: object | None = "completed"


def asked(place: str) -> QuestionAsked:
    return QuestionAsked(place, 1, "question", f"What of {place}?")


def answered(place: str, turn_id: int) -> AnswerCommitted:
    return AnswerCommitted(turn_id, 1, place, answer_to(place), 1.0, 0.0, 1.0)


TALK: tuple[AnyBody, ...] = (asked("q1"), answered("q1", 1), asked("q2"), answered("q2", 2))


class Siege(msgspec.Struct):
    """A run that was talked in, and all that was told of it."""

    store: Store
    run_id: str
    confirmed: Confirmed
    received: list[Received]

    async def judged(self) -> Verdict:
        return await judge(self.store.database, self.confirmed, self.received)


@asynccontextmanager
async def besieged(tmp_path: Path, talk: tuple[AnyBody, ...] = TALK) -> AsyncIterator[Siege]:
    """Everything as it should be."""
    async with open_store(database_url(tmp_path)) as store:
        run, _ = await store.runs.create(
            store.tenant, store.blueprint.id, consent_needed=False, metadata={"request": "one"}
        )
        async with LogWriter(store.database) as writer:
            log = writer.open(await store.new_session(run))
            for at, body in enumerate(talk):
                log.append(float(at), body)
            await log.settled()
            log.close()
        for status in ("processing", "completed"):
            await store.runs.transition(run.id, status)
        events = await read_events(store.database, run.id)
        read = {event.seq: fingerprint(msgspec.to_builtins(event)) for event in events}
        async with store.database.read() as connection:
            told = await connection.execute(select(HappeningRow.id).where(HappeningRow.type.in_(WANTED)))
            received = [Received({"webhook-id": event_id}, b"") for event_id in told.scalars()]
        confirmed = Confirmed(
            runs={"one": run.id},
            events={run.id: read},
            statuses={run.id: ["awaiting_participant", "completed"]},
            talks=[(run.id, Told(["q1", "q2"]))],
        )
        yield Siege(store, run.id, confirmed, received)


def faults(verdict: Verdict) -> tuple[int, int, int, int]:
    """(lost, doubled, untold, illegal)"""
    return len(verdict.lost), len(verdict.doubled), len(verdict.untold), len(verdict.illegal)


async def test_where_all_was_kept_there_is_nothing_to_find(tmp_path: Path) -> None:
    async with besieged(tmp_path) as siege:
        verdict = await siege.judged()

    assert (0, 0, 0, 0) == faults(verdict)
    assert (1, 4, 2, 4, 1) == (
        verdict.runs,
        verdict.events,
        verdict.answers,
        verdict.webhooks,
        verdict.talks_ended,
    )


@pytest.mark.parametrize(
    "change",
    [delete(EventRow).where(EventRow.seq == 3), update(EventRow).where(EventRow.seq == 3).values(at=9.0)],
    ids=["gone", "another"],
)
async def test_an_event_that_was_read_and_is_gone_or_another_is_lost(tmp_path: Path, change: object) -> None:
    async with besieged(tmp_path) as siege:
        async with siege.store.database.write() as connection:
            await connection.execute(change)  # type: ignore[call-overload]
        verdict = await siege.judged()

    assert any("event 3" in fault for fault in verdict.lost)


async def test_an_answer_that_was_safe_and_is_not_there_is_lost(tmp_path: Path) -> None:
    async with besieged(tmp_path) as siege:
        siege.confirmed.talks = [(siege.run_id, Told(["q1", "q2", "q3"]))]
        verdict = await siege.judged()

    assert (1, 0, 0, 0) == faults(verdict)


@pytest.mark.parametrize("more", [asked("q1"), answered("q2", 3)], ids=["asked again", "answered again"])
async def test_what_was_asked_or_answered_again_is_doubled(tmp_path: Path, more: AnyBody) -> None:
    async with besieged(tmp_path, (*TALK, more)) as siege:
        verdict = await siege.judged()

    assert (0, 0, 0) == (len(verdict.lost), len(verdict.untold), len(verdict.illegal))
    assert verdict.doubled


async def test_a_request_that_made_two_runs_and_one_whose_run_is_gone_are_found(tmp_path: Path) -> None:
    async with besieged(tmp_path) as siege:
        siege.confirmed.runs["two"] = "run_" + "0" * 32
        await siege.store.runs.create(
            siege.store.tenant, siege.store.blueprint.id, metadata={"request": "one"}
        )
        verdict = await siege.judged()

    assert any("two" in fault for fault in verdict.lost)
    assert any("one made 2 runs" in fault for fault in verdict.doubled)


async def test_what_no_webhook_was_told_of_is_found(tmp_path: Path) -> None:
    async with besieged(tmp_path) as siege:
        siege.received.pop()
        verdict = await siege.judged()

    assert (0, 0, 1, 0) == faults(verdict)


async def test_a_change_of_status_that_the_table_does_not_know_is_found(tmp_path: Path) -> None:
    async with besieged(tmp_path) as siege:
        async with siege.store.database.write() as connection:
            await connection.execute(update(RunRow).values(status="awaiting_consent"))
        siege.confirmed.statuses[siege.run_id] = ["completed", "active"]
        verdict = await siege.judged()

    assert (0, 0, 0, 2) == faults(verdict)


async def test_a_document_that_failed_is_no_change_of_its_runs_status(tmp_path: Path) -> None:
    async with besieged(tmp_path) as siege:
        async with siege.store.database.write() as connection:
            told = {"status": "failed"}
            await announce(connection, siege.store.tenant, "analysis.failed", siege.run_id, told, NOON_MS)
        verdict = await siege.judged()

    assert (0, 0, 0, 0) == faults(verdict)
