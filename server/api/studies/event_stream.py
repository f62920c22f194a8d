"""A run's log as server-sent events, from any number on: out of the database what is over, out of the
session's memory what happens. Knows nothing of what the events mean."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import msgspec
from starlette.responses import StreamingResponse

from dialog.events import Event
from server.api.house import House
from server.api.studies.run_logs import log_page
from server.clock import loop_time
from server.store.event_log import EventLog
from server.store.run import RunNotFound
from server.store.run_status import TERMINAL

TICK: Final = 0.1
"""Seconds between looks at a talk. Larger: later news, less work."""
LOOK_INTERVAL: Final = 2.0
"""Seconds between looks into the database, while nobody talks."""
HEARTBEAT: Final = 15.0
"""Seconds of silence at most: a dead line is noticed by writing to it, and proxies cut silent ones."""
PAGE: Final = 500
_RETRY: Final = b"retry: 2000\n\n"


class EventStream(StreamingResponse):
    """Everything after `seq`, then what comes, until the run is over or the server ends."""

    def __init__(self, house: House, run_id: str, seq: int) -> None:
        super().__init__(_sent(house, run_id, seq), media_type="text/event-stream")
        self.headers["X-Accel-Buffering"] = "no"


async def _sent(house: House, run_id: str, seq: int) -> AsyncGenerator[bytes, None]:
    yield _RETRY
    spoken_at = looked_at = loop_time()
    over, more, behind = False, True, True
    while not house.registry.draining:
        now = loop_time()
        events: list[Event] = []
        # What was struck is still in the session's memory: first what is stored, then what happens.
        if not behind and (log := _live(house, run_id)) is not None:
            events = await _news(log, seq)
        elif more or now - looked_at >= LOOK_INTERVAL:
            # The standing before the events: an end that is seen has all its events stored.
            over, looked_at = await _is_over(house, run_id), now
            events = await log_page(house, run_id, seq, PAGE)
            behind = bool(events)
        more = bool(events)
        if events:
            yield b"".join(map(_line, events))
            seq, spoken_at = events[-1].seq, now
        elif over:
            return
        elif now - spoken_at >= HEARTBEAT:
            yield b": still here\n\n"
            spoken_at = now
        else:
            await asyncio.sleep(TICK)


def _live(house: House, run_id: str) -> EventLog | None:
    visit = house.registry.find(run_id)
    if visit is None or visit.session is None or visit.session.log.closed:
        return None
    return visit.session.log


async def _news(log: EventLog, seq: int) -> list[Event]:
    events: list[Event] = []
    last = min(log.last_seq, seq + PAGE)
    if seq < last:
        async for event in log.follow(seq):
            events.append(event)
            if event.seq >= last:
                break
    return events


async def _is_over(house: House, run_id: str) -> bool:
    try:
        return (await house.runs.find(run_id)).status in TERMINAL
    except RunNotFound:
        return True


def _line(event: Event) -> bytes:
    kind = type(event.body).__name__
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, kind.encode(), msgspec.json.encode(event))
