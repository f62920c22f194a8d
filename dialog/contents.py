"""What is in the documents that come of a talk: its transcript and its responses, as the API gives them."""

from collections.abc import Sequence
from typing import Any

from dialog.blueprint import Blueprint
from dialog.events import Event, NodeEntered
from dialog.responses import completion_rate, response_items
from dialog.transcript import Entry, transcript, transcript_entries


def transcript_content(language: str, events: list[Event]) -> dict[str, Any]:
    """What was said, in the order of time."""
    entries = transcript(events)
    return {
        "entries": transcript_entries(events),
        "word_count": word_count(entries),
        "duration_s": duration_s(entries),
        "language": language,
    }


def responses_content(design: Blueprint, events: list[Event]) -> dict[str, Any]:
    """What was answered, one item for each node that was visited."""
    items = response_items(design, events)
    return {
        "items": [_item_shown(item) for item in items],
        "path_taken": [event.body.node_key for event in events if isinstance(event.body, NodeEntered)],
        "completion_rate": completion_rate(items),
    }


def _item_shown(item: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in item.items() if name != "data" or value is not None}


def word_count(entries: Sequence[Entry]) -> int:
    """The participant's words."""
    return sum(len(each.content.split()) for each in entries if each.role == "participant")


def duration_s(entries: Sequence[Entry]) -> int:
    """Seconds from the first entry's beginning to the last one's end."""
    if not entries:
        return 0
    end = max(entry.timestamp_ms + entry.duration_ms for entry in entries)
    return round((end - entries[0].timestamp_ms) / 1000)
