"""What is refused in a design, what is advised against, and that nothing a stranger sends can break the
reader."""

from typing import Any

import pytest

from dialog.blueprint import Graph
from dialog.blueprint_validation import read_blueprint, validate_graph


def node(key: str, text: str = "Tell me about your day.", **more: Any) -> dict[str, Any]:
    return {"type": "question", "key": key, "text": text, **more}


def edge(former: str, latter: str, **more: Any) -> dict[str, Any]:
    return {"from": former, "to": latter, **more}


def design(*nodes: dict[str, Any], edges: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    chosen = nodes or (node("a"), node("b"))
    return {
        "name": "Study",
        "agent": {
            "name": "Robin",
            "persona": {"system_prompt": "You interview.", "tone": "neutral"},
            "techniques": ["tell_me_more"],
            "probing_depth": "moderate",
        },
        "graph": {
            "entry_node": chosen[0]["key"],
            "nodes": {one["key"]: one for one in chosen},
            "edges": [edge("a", "b")] if edges is None else edges,
        },
        **more,
    }


def errors(data: object) -> set[tuple[str, str]]:
    return {(fault.code, fault.path) for fault in read_blueprint(data)[1]}


def warnings(data: object) -> set[tuple[str, str]]:
    blueprint, faults = read_blueprint(data)
    assert blueprint is not None, faults
    return {(fault.code, fault.path) for fault in validate_graph(blueprint).warnings}


def test_a_sound_design_has_neither_errors_nor_warnings() -> None:
    blueprint, faults = read_blueprint(design())

    assert faults == []
    assert blueprint is not None
    assert validate_graph(blueprint).valid
    assert warnings(design()) == set()


FORM: dict[str, Any] = {
    "type": "form",
    "key": "f",
    "text": "About you",
    "fields": [
        {"name": "tool", "label": "Tool", "type": "choice", "options": ["pen", "app"]},
        {"name": "old", "label": "Old", "type": "boolean"},
    ],
}


def condition(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"type": "structured", "field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        (
            design() | {"graph": design()["graph"] | {"entry_node": "z"}},
            "missing_entry_node",
            "/graph/entry_node",
        ),
        (design(edges=[edge("a", "z")]), "unknown_node", "/graph/edges/0/to"),
        (design(edges=[edge("z", "a")]), "unknown_node", "/graph/edges/0/from"),
        (design(edges=[edge("a", "b"), edge("b", "a")]), "cycle", "/graph/edges/1"),
        (design(edges=[edge("a", "a")]), "self_loop", "/graph/edges/0/to"),
        (design(node("a", text="  ")), "empty_text", "/graph/nodes/a/text"),
        (design(FORM | {"fields": []}), "form_without_fields", "/graph/nodes/f/fields"),
        (
            design(FORM | {"fields": [{"name": "x", "label": "X", "type": "choice"}]}),
            "choice_without_options",
            "/graph/nodes/f/fields/0/options",
        ),
        (
            design(FORM | {"fields": [{"name": "x", "label": "X", "type": "number", "min": 3, "max": 1}]}),
            "invalid_value",
            "/graph/nodes/f/fields/0/min",
        ),
        (
            design(node("a", probing={"techniques": ["hypnosis"]})),
            "unknown_technique",
            "/graph/nodes/a/probing/techniques/0",
        ),
        (
            design(edges=[edge("a", "b", condition=condition("a", "like", 1))]),
            "unknown_operator",
            "/graph/edges/0/condition/operator",
        ),
        (
            design(edges=[edge("a", "b", condition=condition("z.y", "eq", 1))]),
            "unknown_field",
            "/graph/edges/0/condition/field",
        ),
        (
            design(FORM, node("b"), edges=[edge("f", "b", condition=condition("f.nope", "eq", 1))]),
            "unknown_field",
            "/graph/edges/0/condition/field",
        ),
        (
            design(FORM, node("b"), edges=[edge("f", "b", condition=condition("f.tool", "eq", "saw"))]),
            "invalid_value",
            "/graph/edges/0/condition/value",
        ),
        (
            design(FORM, node("b"), edges=[edge("f", "b", condition=condition("f.old", "eq", "yes"))]),
            "invalid_value",
            "/graph/edges/0/condition/value",
        ),
        (
            design(FORM, node("b"), edges=[edge("f", "b", condition=condition("f.tool", "in", "pen"))]),
            "invalid_value",
            "/graph/edges/0/condition/value",
        ),
        (design(node("a", colour="red")), "unknown_field", "/graph/nodes/a/colour"),
        (design() | {"settings": {"max_duration_m": "9"}}, "invalid_value", "/settings/max_duration_m"),
        (
            design(node("a", content={"type": "image", "url": "javascript:alert(1)"})),
            "invalid_value",
            "/graph/nodes/a/content/url",
        ),
        (design() | {"metadata": {str(i): i for i in range(51)}}, "invalid_value", "/metadata"),
        (design() | {"metadata": {"x": "y" * 20_000}}, "invalid_value", "/metadata"),
    ],
)
def test_each_error_is_found_at_its_place(data: dict[str, Any], code: str, path: str) -> None:
    assert (code, path) in errors(data)


def test_a_forms_field_that_is_named_without_its_question_is_told_in_full() -> None:
    way = edge("f", "b", condition=condition("tool", "eq", "pen"))
    _, faults = read_blueprint(design(FORM, node("b"), edges=[way]))

    assert ["There is no question called “tool”. Is “f.tool” meant?"] == [fault.message for fault in faults]


def test_a_key_that_differs_from_its_place_is_a_mismatch() -> None:
    data = design()
    data["graph"]["nodes"]["a"]["key"] = "other"

    assert ("key_mismatch", "/graph/nodes/a/key") in errors(data)


def test_a_field_that_belongs_in_probing_is_shown_its_place() -> None:
    _, faults = read_blueprint(design(node("a", completion_hint="An occasion."), node("b")))

    assert [
        (
            "/graph/nodes/a/completion_hint",
            "This belongs in the node's probing: /graph/nodes/a/probing/completion_hint.",
        )
    ] == [(fault.path, fault.message) for fault in faults]


def test_more_than_five_hundred_nodes_are_too_many() -> None:
    keys = [f"n{number}" for number in range(501)]
    data = design(*(node(key) for key in keys), edges=[])

    assert ("too_many_nodes", "/graph/nodes") in errors(data)


def test_faults_of_shape_and_of_the_graph_are_told_in_one_answer() -> None:
    data = design(
        node("a", colour="red"),
        node("b"),
        edges=[edge("a", "z"), edge("b", "b"), edge("b", "a", priority=-1)],
    )
    del data["agent"]["name"]

    assert errors(data) >= {
        ("invalid_value", "/agent/name"),
        ("unknown_field", "/graph/nodes/a/colour"),
        ("unknown_node", "/graph/edges/0/to"),
        ("self_loop", "/graph/edges/1/to"),
        ("invalid_value", "/graph/edges/2/priority"),
    }


def test_a_draft_with_a_faulty_graph_is_still_read() -> None:
    blueprint, faults = read_blueprint(design(edges=[edge("a", "b"), edge("b", "a")]))

    assert blueprint is not None
    assert [fault.code for fault in faults] == ["cycle"]


def test_slashes_and_tildes_in_keys_are_escaped_in_pointers() -> None:
    data = design()
    data["graph"]["nodes"]["a/b~c"] = {"type": "question"}

    assert any(path.startswith("/graph/nodes/a~1b~0c") for _, path in errors(data))


def test_a_long_chain_that_closes_is_one_cycle_and_a_diamond_is_none() -> None:
    keys = [f"n{number}" for number in range(400)]
    ring = [edge(a, b) for a, b in zip(keys, [*keys[1:], keys[0]], strict=True)]
    diamond = [edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")]

    assert [code for code, _ in errors(design(*(node(key) for key in keys), edges=ring))] == ["cycle"]
    assert errors(design(*(node(key) for key in "abcd"), edges=diamond)) == set()


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        (design(node("a"), node("b"), edges=[]), "unreachable_node", "/graph/nodes/b"),
        (
            design(edges=[edge("a", "b", condition={"type": "agent_assessed", "instruction": "says yes"})]),
            "no_default_edge",
            "/graph/nodes/a",
        ),
        (design(edges=[edge("a", "b"), edge("a", "b", priority=1)]), "shadowed_edge", "/graph/edges/1"),
        (
            design(node("a", "What happened? How did it end?"), edges=[]),
            "two_questions",
            "/graph/nodes/a/text",
        ),
        (
            design(node("a", "What happened, and how did it end?"), edges=[]),
            "two_questions",
            "/graph/nodes/a/text",
        ),
        (design(node("a", "Did you like it?"), edges=[]), "leading_or_yes_no_opener", "/graph/nodes/a/text"),
        (
            design(node("a", "How great was your day?"), edges=[]),
            "leading_or_yes_no_opener",
            "/graph/nodes/a/text",
        ),
        (
            design(node("a", "On a scale of one to ten, how was it?"), edges=[]),
            "entry_asks_for_rating",
            "/graph/nodes/a/text",
        ),
        (
            design() | {"settings": {"estimated_duration_m": 9, "max_duration_m": 5}},
            "duration_exceeds_max",
            "/settings/estimated_duration_m",
        ),
        (
            design(node("a", verbatim=True, probing={"techniques": ["funnel"]}), edges=[]),
            "verbatim_with_techniques",
            "/graph/nodes/a/probing/techniques",
        ),
        (
            design() | {"settings": {"language": "de"}},
            "language_not_spoken_by_embedded_voice",
            "/settings/language",
        ),
        (
            design() | {"settings": {"language": "en-GB"}},
            "language_not_spoken_by_embedded_voice",
            "/settings/language",
        ),
    ],
)
def test_each_warning_is_given_at_its_place(data: dict[str, Any], code: str, path: str) -> None:
    assert (code, path) in warnings(data)


def test_deep_probing_without_a_completion_hint_is_warned_of() -> None:
    data = design()
    data["agent"]["probing_depth"] = "deep"

    assert ("no_completion_hint", "/graph/nodes/a/probing/completion_hint") in warnings(data)


@pytest.mark.parametrize(
    "text",
    [
        "Can you tell me about a day when things went well?",
        "Think of the last time you cooked for friends. What do you remember of it?",
        "What did you do then, and then after lunch?",
        "Walk me through a usual Monday, from the first coffee on.",
        "How do you and your partner share the work?",
        "What would you change about where and how you live?",
    ],
)
def test_open_questions_are_not_warned_of(text: str) -> None:
    assert warnings(design(node("a", text), edges=[])) == set()


def test_edges_are_tried_by_priority_then_structured_then_assessed_then_the_rest() -> None:
    assessed = {"type": "agent_assessed", "instruction": "x"}
    graph = Graph.model_validate(
        design(
            edges=[
                edge("a", "b"),
                edge("a", "b", condition=assessed),
                edge("a", "b", condition=condition("a", "exists", None)),
                edge("a", "b", priority=1, condition=condition("a", "exists", None)),
                edge("b", "a"),
            ]
        )["graph"]
    )

    assert [2, 1, 0, 3] == [index for index, _ in graph.edges_from("a")]
