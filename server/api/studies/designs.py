"""The parts of a design as the API shows them, and how they are meant when they are sent back."""

from collections.abc import Mapping
from typing import Any, Final

from dialog.estimate import estimated_minutes
from server.store.blueprints import StoredBlueprint

_OF_EVERY_NODE: Final = ("type", "key", "text", "objective", "required", "probing")
_OF_ALL_SETTINGS: Final = (
    "estimated_duration_m",
    "max_duration_m",
    "intro_message",
    "outro_message",
    "language",
    "consent",
)


def graph_shown(graph: Mapping[str, Any]) -> dict[str, Any]:
    """A graph with what every node has, and of the rest what is set."""
    return {
        "entry_node": graph["entry_node"],
        "nodes": {key: _with_what_is_set(node, _OF_EVERY_NODE) for key, node in graph["nodes"].items()},
        "edges": graph["edges"],
    }


def settings_shown(settings: Mapping[str, Any], graph: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with what all have, the time among it, and of the rest what is set."""
    shown = _with_what_is_set(settings, _OF_ALL_SETTINGS)
    if shown["estimated_duration_m"] is None:
        shown["estimated_duration_m"] = estimated_minutes(graph, settings["max_duration_m"])
    return shown


def _with_what_is_set(part: Mapping[str, Any], always: tuple[str, ...]) -> dict[str, Any]:
    unset: tuple[Any, ...] = (None, False, [])
    return {
        name: value
        for name, value in part.items()
        # a node may be interrupted unless it says otherwise
        if name in always or (value is not True if name == "barge_in" else value not in unset)
    }


def as_meant(was: StoredBlueprint, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Changes in which a time that we estimated, and that is sent back as it was shown, stays an estimate."""
    if "settings" not in changes or was.settings["estimated_duration_m"] is not None:
        return changes
    shown_before = settings_shown(was.settings, was.graph)["estimated_duration_m"]
    if changes["settings"]["estimated_duration_m"] != shown_before:
        return changes
    return {**changes, "settings": changes["settings"] | {"estimated_duration_m": None}}
