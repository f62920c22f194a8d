"""How events lie in the database: the statements that read, add and rewrite them, and the fence that guards
them.

Knows nothing of sessions under way.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Final, cast, get_args

import msgspec
from sqlalchemy import Connection, Row, Table, bindparam, func, insert, select, update

from dialog.events import AnyBody, AnyFact, Event
from dialog.signals import FormFilled
from server.store.database import Database
from server.store.tables import EventRow, RunRow

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyBody] = msgspec.json.Decoder(AnyBody)

# The bare tables: at a log's rate the bookkeeping of mapped classes would double the processor's share.
_EVENTS: Final = cast(Table, EventRow.__table__)
_RUNS: Final = cast(Table, RunRow.__table__)
_FENCE: Final = (
    select(_RUNS.c.id, _RUNS.c.writer_epoch)
    .where(_RUNS.c.id.in_(bindparam("run_ids", expanding=True)))
    .with_for_update(read=True)
)
_LAST: Final = (
    select(_EVENTS.c.run_id, func.max(_EVENTS.c.seq))
    .where(_EVENTS.c.run_id.in_(bindparam("run_ids", expanding=True)))
    .group_by(_EVENTS.c.run_id)
)
_INSERT: Final = insert(_EVENTS)
_REWRITE: Final = (
    update(_EVENTS)
    .where(_EVENTS.c.run_id == bindparam("of_run"), _EVENTS.c.seq == bindparam("at_seq"))
    .values(kind=bindparam("new_kind"), body=bindparam("new_body"))
)

_OF_DOCUMENTS: Final = [fact.__name__ for fact in (*get_args(AnyFact), FormFilled)]


class Line(msgspec.Struct, frozen=True):
    """One event, ready to be stored. With `rewrites` it takes the place of the one that is there."""

    run_id: str
    session_id: str
    seq: int
    at: float
    kind: str
    body: str
    rewrites: bool = False


def line_of(run_id: str, session_id: str, event: Event, *, rewrites: bool = False) -> Line:
    """Raises UnicodeEncodeError, TypeError or msgspec.ValidationError on a body that would not come back as
    it is."""
    body = _encoder.encode(event.body).decode()
    # Not-a-number becomes null on the way, and one such line would make the whole run unreadable.
    _decoder.decode(body)
    return Line(run_id, session_id, event.seq, event.at, type(event.body).__name__, body, rewrites)


def epochs(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """Who may write, by run: the fence, held until the transaction ends. A run that is gone is left out."""
    return dict(connection.execute(_FENCE, {"run_ids": list(run_ids)}).all())


def last_seqs(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """The last stored `seq`, by run; a run without events is left out."""
    return dict(connection.execute(_LAST, {"run_ids": list(run_ids)}).all())


def store(connection: Connection, lines: Sequence[Line]) -> None:
    """Add `lines`, then rewrite those that replace others: an event is added before it is rewritten."""
    added = [
        {
            "run_id": line.run_id,
            "seq": line.seq,
            "session_id": line.session_id,
            "at": line.at,
            "kind": line.kind,
            "body": line.body,
        }
        for line in lines
        if not line.rewrites
    ]
    rewritten = [
        {"of_run": line.run_id, "at_seq": line.seq, "new_kind": line.kind, "new_body": line.body}
        for line in lines
        if line.rewrites
    ]
    if added:
        connection.execute(_INSERT, added)
    if rewritten:
        connection.execute(_REWRITE, rewritten)


async def read_events(
    database: Database,
    run_id: str,
    *,
    after: int = 0,
    limit: int | None = None,
    session_id: str | None = None,
    kinds: Collection[str] | None = None,
) -> list[Event]:
    """The stored events of a run with `seq` > `after`, in order: all its sessions or one, all kinds or
    these."""
    statement = (
        select(EventRow.seq, EventRow.at, EventRow.body)
        .where(EventRow.run_id == run_id, EventRow.seq > after)
        .order_by(EventRow.seq)
        .limit(limit)
    )
    if session_id is not None:
        statement = statement.where(EventRow.session_id == session_id)
    if kinds is not None:
        statement = statement.where(EventRow.kind.in_(kinds))
    async with database.read() as connection:
        rows = (await connection.execute(statement)).all()
    return await asyncio.to_thread(_events, rows)  # a long log takes long enough for all talks to notice


async def read_facts(database: Database, run_ids: Collection[str]) -> dict[str, list[Event]]:
    """Of several runs what documents are made of, in order, in one query: facts, and that a form was filled.
    A run without any is left out."""
    statement = (
        select(EventRow.run_id, EventRow.seq, EventRow.at, EventRow.body)
        .where(EventRow.run_id.in_(set(run_ids)), EventRow.kind.in_(_OF_DOCUMENTS))
        .order_by(EventRow.run_id, EventRow.seq)
    )
    async with database.read() as connection:
        rows = (await connection.execute(statement)).all() if run_ids else []
    return await asyncio.to_thread(_by_run, rows)


def _by_run(rows: Sequence[Row[str, int, float, str]]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for run_id, seq, at, body in rows:
        found.setdefault(run_id, []).append(Event(seq, at, _decoder.decode(body)))
    return found


def _events(rows: Sequence[Row[int, float, str]]) -> list[Event]:
    return [Event(seq, at, _decoder.decode(body)) for seq, at, body in rows]
