"""Whose turn it is when packets come faster than they can be dealt with: never theirs alone. Knows nothing of
what they carry."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from server.clock import loop_time

SLICE: Final = 0.002
"""Seconds of packets in a row. Larger: a reply, which takes a dozen turns of the loop from the last word to
its first sound, is later on a busy machine. Smaller: more looks at all sockets."""
MOST_WAITING: Final = 4_096
"""Packets, about two seconds of forty talks: what comes beyond is dropped, as a full socket would. Larger: a
machine that is too slow hears older and older sound."""

Deal = Callable[[bytes, float], object]
"""Takes a packet, and when it came by the event loop's clock."""

log = logging.getLogger(__name__)


class Intake:
    """The packets of all connections of one event loop.

    A loop that reads sockets takes all that has come before it goes on with anything else; once that is much,
    more has come meanwhile, and everything but packets hardly gets a turn: at forty talks a turn of the loop
    took a seventh of a second. So after each slice of packets everybody else who is ready has a turn.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Inlet, bytes, float]] = deque()
        self._until: float | None = None
        """When the slice is over that goes on; None before the first packet of a turn. While it isn't None,
        or anything waits, the next turn is called for."""
        self.dropped = 0
        """Packets that found no place any more."""

    def inlet(self, deal: Deal) -> "Inlet":
        """Make a way in for one connection, whose packets are given to `deal`."""
        return Inlet(self, deal)

    def take(self, inlet: "Inlet", packet: bytes) -> None:
        """Have a packet dealt with, at once or in its turn; all packets keep their order."""
        now = loop_time()
        if not self._waiting:
            if self._until is None:
                self._until = now + SLICE
                asyncio.get_running_loop().call_soon(self._next_turn)
            if now < self._until:
                inlet.deal_with(packet, now)
                return
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((inlet, packet, now))
            inlet.came.append(now)
        else:
            self.dropped += 1

    def _next_turn(self) -> None:
        self._until = None
        if not self._waiting:
            return
        until = loop_time() + SLICE
        while self._waiting and loop_time() < until:
            inlet, packet, came = self._waiting.popleft()
            inlet.came.popleft()
            inlet.deal_with(packet, came)
        if self._waiting:
            self._until = until
            asyncio.get_running_loop().call_soon(self._next_turn)


class Inlet:
    """One connection's way into the intake."""

    def __init__(self, intake: Intake, deal: Deal) -> None:
        self._intake = intake
        self._deal = deal
        self.came: deque[float] = deque()
        """When each of its packets came that waits; the intake keeps it."""

    def take(self, packet: bytes) -> None:
        """Take a packet off the wire."""
        self._intake.take(self, packet)

    @property
    def waiting_since(self) -> float | None:
        """When the oldest packet came that isn't dealt with yet, by the event loop's clock; None = none is
        waiting."""
        return self.came[0] if self.came else None

    def deal_with(self, packet: bytes, came: float) -> None:
        """Deal with one packet: the intake's to call."""
        try:
            self._deal(packet, came)
        except Exception:  # a fault in one connection's packets is no other's
            log.exception("! a packet could not be dealt with")
