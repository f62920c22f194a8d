"""Brings to its end what was begun before a crash: struck answers whose words or sound are still kept.

For runs that nobody talks in now. Those that are talked in see to it themselves.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select, text, update

from dialog.events import AnswerErased, Event
from dialog.strike import struck
from dialog.struck_sound import looked_for, strikes_due, struck_passages
from media.silencing import SilentSpan, silenced_pages
from server.clock import wall_clock_ms
from server.store.database import Database
from server.store.delivery_tables import DocumentRow
from server.store.event_rows import line_of, read_events, store
from server.store.recordings import Recordings
from server.store.scrubbing import ask_for_scrubbing, scrub_events
from server.store.tables import ABOUT_ERASURE, EventRow, RunRow

_KIND: Final = EventRow.kind
_DUE: Final = (
    select(EventRow.run_id)
    .where(text(ABOUT_ERASURE))
    .group_by(EventRow.run_id)
    .having(func.count().filter(_KIND == "AnswerStruck") > func.count().filter(_KIND == "AnswerErased"))
)


class Erasures:
    """Finds and completes them."""

    def __init__(self, database: Database, recordings: Recordings) -> None:
        self._database = database
        self._recordings = recordings

    async def due(self) -> list[str]:
        """The runs in which something is still to be erased."""
        async with self._database.read() as connection:
            return list((await connection.execute(_DUE.order_by(EventRow.run_id))).scalars())

    async def complete(self, run_id: str) -> list[int]:
        """Erase what was struck in a run and isn't erased; returns the turns.

        Raises OSError where the recording can't be rewritten; the words are gone from the log by then.
        """
        # Words first, for no fault of the recording's may keep them; the fact last, for it says that both are
        # gone.
        turns = await erase_words(self._database, run_id)
        if turns:
            events = await read_events(self._database, run_id)
            await self._silence(run_id, events, looked_for(turns))
            last = events[-1]
            erased = [
                Event(last.seq + number, last.at, AnswerErased(turn_id))
                for number, turn_id in enumerate(turns, 1)
            ]
            await _write(self._database, run_id, erased)
        return list(dict.fromkeys(turns))

    async def _silence(self, run_id: str, events: list[Event], turns: Sequence[int]) -> None:
        spans = [
            SilentSpan.between(one.side, one.began_at, one.ended_at)
            for turn_id in dict.fromkeys(turns)
            for one in struck_passages(events, turn_id)
        ]
        if spans:
            file = self._recordings.open(run_id)
            try:
                await file.rewrite(lambda data, last: silenced_pages(data, spans, last=last))
            finally:
                await file.close()


async def erase_words(database: Database, run_id: str) -> list[int]:
    """Erase the words that were struck in a run and may still be kept: those in the log, and what an analysis
    has found in them. Returns the turns, of which the sound is still to be erased, one as often
    as it was struck since."""
    async with database.read() as connection:
        if (await connection.execute(_DUE.where(EventRow.run_id == run_id))).first() is None:
            return []
    turns = strikes_due(await read_events(database, run_id))
    changed = quoted = False
    for turn_id in dict.fromkeys(looked_for(turns)):
        events = await read_events(database, run_id)
        stored = {event.seq: event for event in events}
        without = [event for event in struck(events, turn_id) if event != stored[event.seq]]
        if without:
            quoted |= await _write(database, run_id, without, rewrites=True)
            changed = True
    if changed:
        await scrub_events(database)
    if quoted:
        async with database.write() as connection:
            await ask_for_scrubbing(connection, wall_clock_ms())
    return turns


async def _write(database: Database, run_id: str, events: list[Event], *, rewrites: bool = False) -> bool:
    """Write them, at the end or in the place of others; returns whether an analysis may have quoted those."""
    last = select(EventRow.session_id).where(EventRow.run_id == run_id).order_by(EventRow.seq.desc()).limit(1)

    def write(connection: Connection) -> bool:
        # Whoever wrote this run's events before may not any more: what they know of it is no longer so.
        fence = update(RunRow).where(RunRow.id == run_id).values(writer_epoch=RunRow.writer_epoch + 1)
        connection.execute(fence)
        session_id = connection.execute(last).scalar_one()
        store(connection, [line_of(run_id, session_id, event, rewrites=rewrites) for event in events])
        if not rewrites:
            return False
        # Whoever makes analyses takes it up again.
        found = update(DocumentRow).where(DocumentRow.run_id == run_id, DocumentRow.body.is_not(None))
        return connection.execute(found.values(body=None, status="pending")).rowcount > 0

    return await database.write_log(write)
