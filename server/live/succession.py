"""Which of a session's connections carries the talk: the newest that stands. Knows nothing of sound.

A connection that is offered may never come to stand, so the one before it carries on until then.
"""

from collections.abc import Awaitable, Callable

from server.gateway.leg import Leg


class Succession:
    """The legs of one session, in the order in which they were offered."""

    def __init__(self) -> None:
        self._legs: list[Leg] = []
        self._carrying: Leg | None = None
        self._disowned: Leg | None = None

    @property
    def legs(self) -> list[Leg]:
        """All that stand or may come to."""
        return list(self._legs)

    def disown(self) -> None:
        """Another page is there now: the leg of the one before gives way to whatever that page offers."""
        self._disowned = self._carrying

    async def carry(self, leg: Leg, carry: Callable[[Leg], Awaitable[str]]) -> str:
        """Call `carry` with `leg` once it stands, unless a newer one does by then; returns why it ended."""
        self._legs.append(leg)
        try:
            ended = await self._stand(leg)
            if ended is not None:
                return ended
            self._carrying = leg
            return await carry(leg)
        finally:
            self._legs.remove(leg)
            if self._carrying is leg:
                self._carrying = None

    async def _stand(self, leg: Leg) -> str | None:
        try:
            if self._disowned is not None:
                await self._disowned.close("displaced")
            ended = await leg.stand()
        except BaseException:
            await leg.close("cancelled")
            raise
        if ended is None and self._carrying in self._legs[self._legs.index(leg) + 1 :]:
            ended = "displaced"
            await leg.close(ended)
        return ended
