"""Runs' stored logs, read so that no talk notices, and as they will be once everything that was struck is
erased."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Final

from dialog.events import AnswerErased, AnswerStruck, Event
from dialog.strike import struck
from dialog.struck_sound import erasures_due
from server.api.house import House
from server.api.studies.in_steps import in_a_thread, to_its_end
from server.store.event_rows import read_events, read_facts

EVENT_PAGE: Final = 500


async def log_pages(house: House, run_id: str) -> AsyncIterator[list[Event]]:
    """A run's stored log, a page at a time."""
    seq = 0
    while page := await to_its_end(read_events(house.database, run_id, after=seq, limit=EVENT_PAGE)):
        yield page
        seq = page[-1].seq


async def whole_log(house: House, run_id: str, *without: type) -> list[Event]:
    """A run's stored log, but for events of these types."""
    return [
        event
        async for page in log_pages(house, run_id)
        for event in page
        if not isinstance(event.body, without)
    ]


def erased(events: list[Event]) -> list[Event]:
    """The log as it will be once everything that was struck is erased: a crash may have come between."""
    for turn_id in erasures_due(events):
        changed = {event.seq: event for event in struck(events, turn_id)}
        events = [changed.get(event.seq, event) for event in events]
    return events


async def erasing_is_due(house: House, run_id: str) -> bool:
    """Whether anything was struck in a run that is not erased yet: the sound may still hold it."""
    kinds = (AnswerStruck.__name__, AnswerErased.__name__)
    return bool(erasures_due(await to_its_end(read_events(house.database, run_id, kinds=kinds))))


async def log_page(house: House, run_id: str, after: int, limit: int) -> list[Event]:
    """A page of a run's stored log behind `after`, as it will be once all that was struck is erased."""
    if not await erasing_is_due(house, run_id):
        return await read_events(house.database, run_id, after=after, limit=limit)
    return [event for event in await _erased_log(house, run_id) if event.seq > after][:limit]


async def told_in(house: House, run_ids: Collection[str]) -> dict[str, list[Event]]:
    """What transcripts and responses are made of, by run: a run in which nothing happened is left out.

    One query for all of them, but for runs in which an erasure is still due: of those it takes the whole log
    to find what quotes the struck words.
    """
    told = await read_facts(house.database, run_ids)
    for run_id in await asyncio.to_thread(_with_erasures_due, told):
        told[run_id] = await _erased_log(house, run_id)
    return told


async def _erased_log(house: House, run_id: str) -> list[Event]:
    events = await whole_log(house, run_id)
    return await in_a_thread(house.steps, lambda: erased(events))


def _with_erasures_due(told: Mapping[str, list[Event]]) -> list[str]:
    return [run_id for run_id, events in told.items() if erasures_due(events)]
