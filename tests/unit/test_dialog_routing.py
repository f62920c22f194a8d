"""Which node comes next: every operator over typed data, the order in which edges are tried, and the way on
when time runs short."""

from typing import Any

import pytest

from dialog.blueprint import Structured
from dialog.routing import holds, next_route
from dialog.run_state import NodeState, RunState
from tests.support.blueprints import blueprint, question

DATA: dict[str, object] = {
    "age": 34,
    "since": "2024-05-03",
    "owns": True,
    "team": "Support",
    "tools": ["pen", "printer"],
    "note": "we moved in spring",
}
STATE = RunState(nodes={"facts": NodeState(outcome="answered", data=DATA)})
METADATA = {"country": "NZ", "visits": "12"}


def condition(field: str, operator: str, value: Any) -> Structured:
    return Structured.model_validate(
        {"type": "structured", "field": field, "operator": operator, "value": value}
    )


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("facts.age", "eq", 34, True),
        ("facts.age", "eq", "34", True),
        ("facts.age", "neq", 35, True),
        ("facts.age", "gt", 34, False),
        ("facts.age", "gte", 34, True),
        ("facts.age", "lt", 34.5, True),
        ("facts.age", "lte", 33, False),
        ("facts.since", "eq", "2024-05-03", True),
        ("facts.since", "gt", "2024-04-30", True),
        ("facts.since", "gte", "2024-05-03", True),
        ("facts.since", "lt", "2023-12-31", False),
        ("facts.since", "lte", "2024-05-03", True),
        ("facts.since", "gt", 2023, False),
        ("facts.since", "gt", "last spring", False),
        ("facts.owns", "eq", True, True),
        ("facts.owns", "eq", "true", False),
        ("facts.owns", "gt", 0, False),
        ("facts.team", "eq", "support ", True),
        ("facts.team", "in", ["sales", "support"], True),
        ("facts.team", "not_in", ["sales", "support"], False),
        ("facts.tools", "contains", "printer", True),
        ("facts.note", "contains", "Spring", True),
        ("facts.note", "exists", True, True),
        ("facts.unknown", "exists", True, False),
        ("facts.unknown", "exists", False, True),
        ("facts.unknown", "eq", None, False),
        ("facts.unknown", "neq", 1, False),
        ("facts.unknown", "not_in", [1], False),
        ("participant.metadata.country", "eq", "nz", True),
        ("participant.metadata.visits", "gt", 9, True),
        ("participant.metadata.none", "neq", "x", False),
    ],
)
def test_a_condition_holds_as_its_operator_says_and_never_of_what_is_unknown(
    field: str, operator: str, value: Any, expected: bool
) -> None:
    assert expected == holds(condition(field, operator, value), STATE, METADATA)


def edge(to: str, condition: dict[str, Any] | None = None, priority: int = 0) -> dict[str, object]:
    return {"from": "a", "to": to, "condition": condition, "priority": priority}


NZ = {"type": "structured", "field": "participant.metadata.country", "operator": "eq", "value": "NZ"}
ASSESSED = {"type": "agent_assessed", "instruction": "They own a car."}


@pytest.mark.parametrize(
    ("edges", "assessed", "expected"),
    [
        ([edge("b"), edge("c", NZ)], set(), "c"),
        ([edge("b", ASSESSED), edge("c", NZ)], {0}, "c"),
        ([edge("b", ASSESSED), edge("c")], {0}, "b"),
        ([edge("b", ASSESSED), edge("c")], set(), "c"),
        ([edge("b", priority=1), edge("c", NZ, priority=2)], set(), "b"),
        ([edge("b", NZ, priority=2), edge("c", NZ, priority=1)], set(), "c"),
        ([edge("b", NZ), edge("c", NZ)], set(), "b"),
        ([edge("b", NZ | {"value": "DE"})], set(), None),
        ([], set(), None),
    ],
)
def test_edges_are_tried_by_priority_then_structured_then_assessed_then_as_written(
    edges: list[dict[str, object]], assessed: set[int], expected: str | None
) -> None:
    design = blueprint(question("a", "What?"), question("b", "What?"), question("c", "What?"), edges=edges)

    route = next_route(design, RunState(current="a"), METADATA, frozenset(assessed), required_only=False)

    assert expected == route.node_key


def test_in_haste_the_way_leads_past_everything_to_what_is_required_and_never_back() -> None:
    design = blueprint(
        question("a", "What?"),
        question("b", "What?", required=False),
        question("c", "What?", required=False),
        question("d", "What?"),
        question("e", "What?", required=False),
    )
    state = RunState(current="a", nodes={"a": NodeState(outcome="answered")})
    passed = RunState(current="d", nodes={**state.nodes, "d": NodeState(outcome="answered")})

    assert "d" == next_route(design, state, {}, frozenset(), required_only=True).node_key
    assert None is next_route(design, passed, {}, frozenset(), required_only=True).node_key
    assert "b" == next_route(design, state, {}, frozenset(), required_only=False).node_key
