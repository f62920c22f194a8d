"""The beat that all legs send to: one task, absolute 20 ms deadlines. Knows nothing of packets, codecs or who
is talking."""

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Final, Protocol

from media.encoder_effort import EncoderEffort
from media.frames import FRAME_DURATION
from server.clock import loop_time, worked_time

STALL: Final = 0.03
"""Seconds. Later than this after waking, the slots that went by are counted as missed instead of sent in a
burst.

A burst is what a browser's jitter buffer hoards (300 ms of delay for seconds after a stall of 300 ms); a
timestamp that moves by the missed slots, with the sequence continuous and the voice going on where it was,
brings it back at once.
"""

_TIMER_GRAIN: Final = 0.001
"""Seconds by which timers may come early: a beat so close is held rather than slept for again."""

log = logging.getLogger(__name__)


class Beaten(Protocol):
    """What can stand in the metronome: it sends one frame per tick."""

    def tick(self, slot: int) -> None:
        """Send the frame of `slot`: counted from 0 since joining, missed slots included, so it may jump
        ahead."""

    def fail(self, error: Exception) -> None:
        """A tick raised: this leg has been taken out and should end."""


class Metronome:
    """Call every joined leg once per 20 ms, for as long as `run` runs."""

    def __init__(
        self,
        late: Callable[[float], None] = lambda _: None,
        before_each: Callable[[], None] = lambda: None,
    ) -> None:
        self._late = late
        """Told after each waking by how many seconds it was late."""
        self._before_each = before_each
        """What is done for all legs together, before each beat."""
        self._first_slots: dict[Beaten, int] = {}
        self._slot = 0
        self._deadline = math.inf
        """When the next beat is due, by the event loop's clock; never while no leg stands in it."""
        self._occupied = asyncio.Event()
        self.effort = EncoderEffort()
        """How hard live voices are encoded, which is what gives way first when there is too much to do."""
        self._worked = 0.0
        """What the loop had worked by the last beat, in seconds of a processor."""
        self.missed_slots = 0
        """Slots that no leg could send since the loop was held up."""
        self.lateness = 0.0
        """Seconds by which the last waking was late."""

    def join(self, leg: Beaten) -> None:
        """Let `leg` tick from the next beat on; its slots count from 0. A leg that stands in it already keeps
        its count."""
        self._first_slots.setdefault(leg, self._slot)
        self._occupied.set()

    def leave(self, leg: Beaten) -> None:
        """Let `leg` tick no more. Safe to call for one that has left."""
        self._first_slots.pop(leg, None)
        if not self._first_slots:
            self._occupied.clear()

    async def run(self) -> None:
        """Beat until cancelled. Sleeps without waking while no leg stands in it."""
        while True:
            await self._occupied.wait()
            await self._beat_while_occupied()

    async def _beat_while_occupied(self) -> None:
        self._deadline, self._worked = loop_time(), worked_time()
        try:
            while self._first_slots:
                deadline = self._deadline
                await asyncio.sleep(max(0.0, deadline - loop_time()))
                self.lateness = loop_time() - deadline
                self._late(self.lateness)
                self.beat_if_due(loop_time() + _TIMER_GRAIN)
        finally:
            self._deadline = math.inf

    def beat_if_due(self, now: float) -> None:
        """Hold the beat if it is due at `now`, on the event loop's clock.

        For whoever takes packets off the wire, after each: a loop with many sockets sees to all that can be
        read before it looks at its timers, and the beat would come later with every talk.
        """
        due = self._deadline
        late = now - due
        if late < 0.0:
            return
        # Looked at after waking: the packet on which the loop slept must not go out late with its old time.
        if late > STALL:
            missed = int(late / FRAME_DURATION)
            self.missed_slots += missed
            self._slot += missed
            self._deadline += missed * FRAME_DURATION
        self._deadline += FRAME_DURATION
        began = loop_time()
        self._beat()
        self._slot += 1
        worked, self._worked = self._worked, worked_time()
        if self.effort.beat(began - due, self._worked - worked):
            log.info("= live voices are encoded at complexity %d", self.effort.complexity)

    def _beat(self) -> None:
        try:
            self._before_each()
        except Exception:
            log.exception("! what is done before each beat raised")
        for leg, first_slot in list(self._first_slots.items()):
            if leg not in self._first_slots:  # left during this very beat
                continue
            try:
                leg.tick(self._slot - first_slot)
            except Exception as error:
                log.exception("%r raised in its tick and is taken out", leg)
                self.leave(leg)
                leg.fail(error)
