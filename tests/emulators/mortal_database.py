"""A database whose process dies at a chosen transaction: just before it is committed, or just after. What
the next life finds is all that a kill can leave behind."""

import contextlib
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database


class Killed(BaseException):
    """The process is no more."""


class MortalDatabase(Database):
    """Dies at its `dies_at`-th transaction that writes, counted from 1; `committed` says on which side of
    it."""

    def __init__(self, url: str, dies_at: int, *, committed: bool) -> None:
        super().__init__(url)
        self._left = dies_at
        self._committed = committed

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        self._left -= 1
        async with super().write() as connection:
            yield connection
            if self._left == 0 and not self._committed:
                raise Killed
        if self._left == 0:
            raise Killed
