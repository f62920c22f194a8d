"""Which node comes next: edges tried in their order, over what has been answered. Judges nothing itself."""

from collections.abc import Mapping, Set
from datetime import date

from dialog.blueprint import Assessed, Blueprint, Graph, Node, Structured
from dialog.run_state import RunState

_SETTLED = frozenset(("answered", "skipped", "refused", "no_answer", "shown"))


def assessed_edges(graph: Graph, key: str) -> list[tuple[int, str]]:
    """The edges out of a node that somebody has to judge: index and instruction."""
    return [
        (index, edge.condition.instruction)
        for index, edge in graph.edges_from(key)
        if isinstance(edge.condition, Assessed)
    ]


def field_value(field: str, state: RunState, metadata: Mapping[str, object]) -> object:
    """What a condition's field stands for now: metadata, a form's value, or the words of an answer; None =
    unknown."""
    if field.startswith("participant.metadata."):
        return metadata.get(field.removeprefix("participant.metadata."))
    key, _, name = field.partition(".")
    data = state.node(key).values
    if name:
        return data.get(name)
    if len(data) == 1:
        return next(iter(data.values()))
    if data:
        return data
    words = " ".join(answer.text for answer in state.answers_at(key))
    return words or None


def _folded(value: object) -> object:
    return value.casefold().strip() if isinstance(value, str) else value


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _order(found: object, value: object) -> float | None:
    """Below 0 where `found` comes before `value`, above 0 where it comes after; None where they have no order
    in common. Numbers have one, and so have dates."""
    left, right = _number(found), _number(value)
    if left is not None and right is not None:
        return left - right
    days = _day(found), _day(value)
    return None if days[0] is None or days[1] is None else (days[0] - days[1]).days


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _equal(found: object, value: object) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    numbers = _number(found), _number(value)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] == numbers[1]
    return _folded(found) == _folded(value)


def _contains(found: object, value: object) -> bool:
    if isinstance(found, str):
        return str(_folded(value)) in str(_folded(found))
    if isinstance(found, list):
        return any(_equal(item, value) for item in found)
    return False


def holds(condition: Structured, state: RunState, metadata: Mapping[str, object]) -> bool:
    """Whether a structured condition is true; an unknown or unanswered field makes it false."""
    found = field_value(condition.field, state, metadata)
    if found is None:
        return condition.operator == "exists" and condition.value is False
    value = condition.value
    match condition.operator:
        case "exists":
            return value is not False
        case "eq":
            return _equal(found, value)
        case "neq":
            return not _equal(found, value)
        case "in" | "not_in":
            listed = isinstance(value, list) and any(_equal(found, item) for item in value)
            return listed is (condition.operator == "in")
        case "contains":
            return _contains(found, value)
        case "gt" | "gte" | "lt" | "lte":
            order = _order(found, value)
            if order is None:
                return False
            return {"gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0}[
                condition.operator
            ]


class Route:
    """The way on: the node to enter (None = the talk ends), the edge that leads there, and why."""

    def __init__(self, node_key: str | None, edge: int | None, reason: str) -> None:
        self.node_key = node_key
        self.edge = edge
        self.reason = reason


def _step(
    blueprint: Blueprint, key: str, state: RunState, metadata: Mapping[str, object], assessed: frozenset[int]
) -> Route:
    for index, edge in blueprint.graph.edges_from(key):
        match edge.condition:
            case None:
                return Route(edge.to, index, "default")
            case Structured() as condition:
                if holds(condition, state, metadata):
                    return Route(edge.to, index, "structured")
            case Assessed():
                if index in assessed:
                    return Route(edge.to, index, "assessed")
    return Route(None, None, "end")


def next_route(
    blueprint: Blueprint,
    state: RunState,
    metadata: Mapping[str, object],
    assessed: frozenset[int],
    required_only: bool,
) -> Route:
    """The way on from the current node: past nodes that are settled already, so that nothing is asked twice;
    in haste, past what isn't required."""
    key = state.current
    hurried = False
    for _ in range(len(blueprint.graph.nodes) + 1):
        if key is None:
            return Route(None, None, "end")
        route = _step(blueprint, key, state, metadata, assessed)
        key = route.node_key
        if key is None or key not in blueprint.graph.nodes:
            return Route(None, None, "end")
        node = blueprint.graph.nodes[key]
        if state.node(key).outcome in _SETTLED:
            continue
        if required_only and not node.required:
            hurried = True
            continue
        return Route(key, None, "required_left") if hurried else route
    return Route(None, None, "end")


def nodes_ahead(graph: Graph, current: str | None, closed: Set[str]) -> int:
    """How many nodes are likely still to come, from the current one (None: the entry) along the default edges
    to the end; those in `closed` not counted."""
    key: str | None = current or graph.entry_node
    seen: set[str] = set()
    while key is not None and key in graph.nodes and key not in seen:
        seen.add(key)
        out = [edge for _, edge in graph.edges_from(key)]
        plain = [edge for edge in out if edge.condition is None] or out
        key = plain[0].to if plain else None
    return len(seen - closed)


def probing_ceiling(blueprint: Blueprint, node: Node) -> int:
    """How many follow-ups a node may have at most (the smaller of node's and agent's ceiling; none
    unless enabled)."""
    if not node.probing.enabled or node.type == "form":
        return 0
    return min(node.probing.max_follow_ups, blueprint.agent.boundaries.max_follow_ups_per_question)
