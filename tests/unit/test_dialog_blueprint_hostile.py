"""Whatever a stranger sends as a design is judged, and never breaks the reader."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialog.blueprint_validation import read_blueprint
from tests.unit.test_dialog_blueprint import FORM, condition, design, edge, node


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        "x",
        [],
        {},
        {"graph": []},
        {"graph": {"nodes": [], "edges": {}}},
        {"graph": {"nodes": {"a": None}}},
        design() | {"metadata": {"x": deep(50_000)}},
        design() | {"graph": deep(50_000)},
        {
            "graph": {
                "entry_node": {},
                "nodes": {"\ud800": node("a")},
                "edges": [None, 1, {"from": [], "to": {}}],
            }
        },
        design() | {"metadata": {"x": float("nan"), "y": "\ud800"}},
        design() | {"agent": deep(10_000)},
        design(edges=[edge("a", "b", condition=condition("participant.metadata.", "eq", deep(5_000)))]),
        {"graph": {"nodes": {"a": node("a", schema={"x": deep(20_000)})}}},
        {"graph": {"edges": [{}] * 20_000}},
        design(FORM | {"fields": [{"name": "x", "label": "X", "type": "number", "min": 10**400, "max": -1}]}),
        design() | {"settings": {"max_duration_m": 10**400}},
        design(edges=[edge("a", "b", priority=10**400)]),
    ],
)
def test_hostile_input_is_refused_and_never_raises(data: object) -> None:
    assert read_blueprint(data)[1]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_PLACES = [
    ("agent",), ("graph",), ("settings",), ("graph", "nodes"), ("graph", "nodes", "a"), ("graph", "edges"),
    ("graph", "nodes", "a", "fields"), ("graph", "nodes", "a", "content"), ("graph", "entry_node"),
    ("metadata",),
    ("graph", "nodes", "a", "probing"), ("agent", "persona"), ("agent", "techniques"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(place=st.sampled_from(_PLACES), value=_json)
def test_any_json_in_any_place_is_judged_without_raising(place: tuple[str, ...], value: object) -> None:
    data: Any = copy.deepcopy(design())
    inner = data
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value

    blueprint, faults = read_blueprint(data)

    assert blueprint is not None or faults
    assert all(fault.path == "" or fault.path.startswith("/") for fault in faults)
