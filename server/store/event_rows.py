"""How events lie in the database: the statements that read, add and rewrite them, and the fence that guards
them.

Knows nothing of sessions under way.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, TypeVar, cast, get_args

import msgspec
from sqlalchemy import Connection, Row, Table, bindparam, func, select, update

from dialog.events import AnyBody, AnyFact, Event
from dialog.signals import FormFilled
from server.store.database import Database
from server.store.tables import EventRow, RunRow

Thing = TypeVar("Thing")

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyBody] = msgspec.json.Decoder(AnyBody)

# The bare tables: at a log's rate the bookkeeping of mapped classes would double the processor's share.
_EVENTS: Final = cast(Table, EventRow.__table__)
_RUNS: Final = cast(Table, RunRow.__table__)
ROWS_A_STATEMENT: Final = 50
"""Events that one INSERT adds. Larger: more statements of different length for a database to prepare."""
IDS_A_STATEMENT: Final = 200

_COLUMNS: Final = ("run_id", "seq", "session_id", "at", "kind", "body")
_LAST: Final = (
    select(_EVENTS.c.run_id, func.max(_EVENTS.c.seq))
    .where(_EVENTS.c.run_id.in_(bindparam("run_ids", expanding=True)))
    .group_by(_EVENTS.c.run_id)
)
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
    mark = _mark(connection)
    held = "" if mark == "?" else " FOR SHARE"  # SQLite's writer is alone
    found: dict[str, int] = {}
    for few in _batched(list(run_ids), IDS_A_STATEMENT):
        marks = _marks(mark, len(few))
        statement = f"SELECT id, writer_epoch FROM {_RUNS.name} WHERE id IN ({marks}){held}"  # noqa: S608 - ours
        found.update(dict(connection.exec_driver_sql(statement, tuple(few)).all()))
    return found


def last_seqs(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """The last stored `seq`, by run; a run without events is left out."""
    return dict(connection.execute(_LAST, {"run_ids": list(run_ids)}).all())


def store(connection: Connection, lines: Sequence[Line]) -> None:
    """Add `lines`, then rewrite those that replace others: an event is added before it is rewritten."""
    added = [line for line in lines if not line.rewrites]
    rewritten = [
        {"of_run": line.run_id, "at_seq": line.seq, "new_kind": line.kind, "new_body": line.body}
        for line in lines
        if line.rewrites
    ]
    row = f"({_marks(_mark(connection), len(_COLUMNS))})"
    for few in _batched(added, ROWS_A_STATEMENT):
        marks = ", ".join([row] * len(few))
        statement = f"INSERT INTO {_EVENTS.name} ({', '.join(_COLUMNS)}) VALUES {marks}"  # noqa: S608 - ours
        values = tuple(getattr(line, column) for line in few for column in _COLUMNS)
        connection.exec_driver_sql(statement, values)
    if rewritten:
        connection.execute(_REWRITE, rewritten)


def _mark(connection: Connection) -> str:
    """What stands for a value in a statement that goes to the driver as it is."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def _marks(mark: str, count: int) -> str:
    return ", ".join([mark] * count)


def _batched(things: Sequence[Thing], most: int) -> Iterator[Sequence[Thing]]:
    for first in range(0, len(things), most):
        yield things[first : first + most]


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
