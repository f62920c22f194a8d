"""How long the rest of a talk is going to take: by its design, at the pace at which this participant has
answered so far. Says nothing where that can't be told within a fair margin."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dialog.blueprint import Blueprint
from dialog.estimate import FRAME, seconds_of
from dialog.run_state import RunState
from dialog.terms import Terms

KNOWN_PACE: Final = 15.0
"""Seconds of the design that count for its own pace beside the participant's. Larger: who is quick, or slow,
shows later."""
FEWEST_SECONDS: Final = 90.0
"""Seconds of the design that have to be behind before anything is said of the rest."""
MOST_SPREAD: Final = 1.5
"""Of the longest way on over the shortest: where branches differ more, nobody knows."""
_ALLOWED: Final = 60.0
"""Seconds by which they may differ in any case."""


def seconds_left(blueprint: Blueprint, state: RunState, terms: Terms, now: float) -> float | None:
    """Seconds from the present node, which is not asked yet, to the good-bye; None where nobody can tell."""
    graph = blueprint.graph.model_dump(mode="json", by_alias=True)
    settled = {key for key, node in state.nodes.items() if node.outcome is not None}
    behind = sum(seconds_of(graph["nodes"][key]) for key in settled if key in graph["nodes"])
    if state.current is None or behind < FEWEST_SECONDS:
        return None
    elapsed = state.time.elapsed(now)
    pace = (max(0.0, elapsed - FRAME / 2) + KNOWN_PACE) / (behind + KNOWN_PACE)
    shortest, longest = (pace * seconds for seconds in _ways_on(graph, state.current, settled))
    if longest - shortest > max(_ALLOWED, (MOST_SPREAD - 1) * shortest):
        return None
    return min((shortest + longest) / 2 + FRAME / 2, max(0.0, terms.time_limit - elapsed))


def _ways_on(graph: Mapping[str, Any], start: str, settled: set[str]) -> tuple[float, float]:
    """Seconds of the shortest and of the longest way from a node to the end; what is settled takes none."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for edge in graph["edges"]:
        if edge["to"] in graph["nodes"]:
            out.setdefault(edge["from"], []).append(edge)
    known: dict[str, tuple[float, float]] = {}
    for key in _last_first(out, start):
        edges = out.get(key, [])
        onward = [known.get(edge["to"], (0.0, 0.0)) for edge in edges]
        if all(edge["condition"] is not None for edge in edges):
            onward.append((0.0, 0.0))  # none of the conditions may hold
        own = 0.0 if key in settled else seconds_of(graph["nodes"][key])
        known[key] = own + min(one for one, _ in onward), own + max(other for _, other in onward)
    return known[start]


def _last_first(out: Mapping[str, Sequence[Mapping[str, Any]]], start: str) -> list[str]:
    """Give the nodes that can be reached, each behind all that follow it; a design may be hundreds deep."""
    order: list[str] = []
    seen: set[str] = set()
    stack = [(start, False)]
    while stack:
        key, followed = stack.pop()
        if followed:
            order.append(key)
        elif key not in seen:
            seen.add(key)
            stack.append((key, True))
            stack += [(edge["to"], False) for edge in out.get(key, ())]
    return order
