"""Brings to its end what was begun before a crash: struck answers whose words or sound are still kept.

For runs that nobody talks in now. Those that are talked in see to it themselves.
"""

from typing import Final

from sqlalchemy import Connection, func, select, text, update

from dialog.events import AnswerErased, Event
from dialog.strike import struck
from dialog.struck_sound import erasures_due, struck_passages
from media.silencing import SilentSpan, silenced_pages
from server.store.database import Database
from server.store.event_rows import Line, line_of, read_events, store
from server.store.recordings import Recordings
from server.store.scrubbing import scrub_events
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
        async with self._database.read() as connection:
            if (await connection.execute(_DUE.where(EventRow.run_id == run_id))).first() is None:
                return []
        turns = erasures_due(await read_events(self._database, run_id))
        if turns:
            await self._erase_words(run_id, turns)
        # Words first, for no fault of the recording's may keep them; the fact last, for it says that both are
        # gone.
        for turn_id in turns:
            events = await read_events(self._database, run_id)
            await self._silence(run_id, events, turn_id)
            erased = Event(events[-1].seq + 1, events[-1].at, AnswerErased(turn_id))
            await self._write([line_of(run_id, await self._last_session(run_id), erased)], run_id)
        return turns

    async def _erase_words(self, run_id: str, turns: list[int]) -> None:
        session_id = await self._last_session(run_id)
        for turn_id in turns:
            changed = struck(await read_events(self._database, run_id), turn_id)
            await self._write(
                [line_of(run_id, session_id, event, rewrites=True) for event in changed], run_id
            )
        await scrub_events(self._database)

    async def _write(self, lines: list[Line], run_id: str) -> None:
        def write(connection: Connection) -> None:
            # Whoever wrote this run's events before may not any more: what they know of it is no longer so.
            fence = update(RunRow).where(RunRow.id == run_id).values(writer_epoch=RunRow.writer_epoch + 1)
            connection.execute(fence)
            store(connection, lines)

        await self._database.write_log(write)

    async def _silence(self, run_id: str, events: list[Event], turn_id: int) -> None:
        spans = [
            SilentSpan.between(one.side, one.began_at, one.ended_at)
            for one in struck_passages(events, turn_id)
        ]
        if spans:
            file = self._recordings.open(run_id)
            try:
                await file.rewrite(lambda data, last: silenced_pages(data, spans, last=last))
            finally:
                await file.close()

    async def _last_session(self, run_id: str) -> str:
        last = select(EventRow.session_id).where(EventRow.run_id == run_id).order_by(EventRow.seq.desc())
        async with self._database.read() as connection:
            return str((await connection.execute(last.limit(1))).scalar_one())
