"""How long a design is likely to take, for those who are asked for the time. Works on a graph as it is
written, so that a draft can be estimated as well; knows nobody who is talked with."""

import math
from collections.abc import Mapping
from typing import Any, Final

from dialog.patience_by_wording import patience_by_wording

FRAME: Final = 30.0
"""Seconds of greeting and good-bye."""

ANSWER: Final = {"closed": 20.0, "narrative": 45.0, "recall": 50.0, "reflect": 60.0, "dictate": 40.0}
"""Seconds of a question and its answer, by the patience with which it is asked."""

PROBE: Final = 20.0
"""Seconds for the follow-ups of a node that allows any: one of 40 s after every other answer."""

STIMULUS: Final = 45.0
FIELD: Final = 15.0


def likely_path(graph: Mapping[str, Any]) -> list[str]:
    """The nodes from the entry to the end, along the edges that always hold where there are any."""
    nodes, out = graph["nodes"], _first_ways(graph)
    path: dict[str, None] = {}
    key: str | None = graph["entry_node"]
    while key is not None and key in nodes and key not in path:
        path[key] = None
        key = out.get(key)
    return list(path)


def _first_ways(graph: Mapping[str, Any]) -> dict[str, str]:
    ways: dict[str, tuple[tuple[bool, int], str]] = {}
    for edge in graph["edges"]:
        rank = (edge["condition"] is not None, edge["priority"])
        if edge["from"] not in ways or rank < ways[edge["from"]][0]:
            ways[edge["from"]] = rank, edge["to"]
    return {key: to for key, (_, to) in ways.items()}


def estimated_minutes(graph: Mapping[str, Any], longest: int) -> int:
    """Whole minutes that the likely path takes, at least 1 and at most `longest`."""
    seconds = FRAME + sum(seconds_of(graph["nodes"][key]) for key in likely_path(graph))
    return min(max(math.ceil(seconds / 60), 1), longest)


def seconds_of(node: Mapping[str, Any]) -> float:
    """Seconds that a node is likely to take, its follow-ups included."""
    match node["type"]:
        case "stimulus":
            return STIMULUS
        case "form":
            return FIELD * (1 + len(node["fields"] or ()))
        case _:
            probing = node["probing"]
            probed = probing["enabled"] and probing["max_follow_ups"] > 0
            answer = ANSWER[node["patience"] or patience_by_wording(node["text"])]
            return answer + PROBE if probed else answer
