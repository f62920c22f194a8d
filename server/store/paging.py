"""Lists, newest first, read a page at a time. Ids sort by the time of their making, so a cursor is an id: it
holds its place whatever is made or deleted meanwhile, itself included."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

Item = TypeVar("Item")

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100


class Window(msgspec.Struct, frozen=True):
    """Which part of a list is wanted: up to `limit` things older than one, or newer than one."""

    limit: int = DEFAULT_LIMIT
    starting_after: str | None = None
    """Of the list's own order: what comes after it is older."""
    ending_before: str | None = None


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """One part of a list, newest first."""

    data: Sequence[Item]
    has_more: bool
    """There is more in the direction in which is being read."""
    next_cursor: str | None
    """`starting_after` of the following page; None on the last."""


async def read_page(
    connection: AsyncConnection,
    statement: Select[Any],
    id_column: InstrumentedAttribute[str] | ColumnElement[str],
    window: Window,
    made: Callable[[Row[Any]], Item],
) -> Page[Item]:
    """Read one page of what `statement` selects. One more than wanted is read, to know whether there
    is any."""
    backwards = window.ending_before is not None
    if window.starting_after is not None:
        statement = statement.where(id_column < window.starting_after)
    if window.ending_before is not None:
        statement = statement.where(id_column > window.ending_before)
    order = id_column.asc() if backwards else id_column.desc()
    rows = (await connection.execute(statement.order_by(order).limit(window.limit + 1))).all()
    kept = rows[: window.limit]
    has_more = len(rows) > window.limit
    data = [made(row) for row in (reversed(kept) if backwards else kept)]
    last = str((kept[0] if backwards else kept[-1])._mapping["id"]) if kept else None
    return Page(data, has_more, last if has_more or backwards else None)
