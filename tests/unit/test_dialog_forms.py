"""Values out of speech: what is understood, what is left alone, and what data from the page is refused."""

from typing import Any

import pytest

from dialog.blueprint import FormField, Node
from dialog.forms import ask_field, clear_consent, parse_field, validate_data


def field(kind: str, **settings: Any) -> FormField:
    return FormField.model_validate({"name": "f", "label": "Team size", "type": kind, **settings})


def parsed(one: FormField, said: str) -> object:
    value = parse_field(one, said)
    return None if value is None else value.value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("twenty five", 25),
        ("Twenty-five.", 25),
        ("about seven", 7),
        ("i'd say roughly a hundred and twenty", 120),
        ("two thousand three hundred and five", 2305),
        ("two and a half", 2.5),
        ("three point five", 3.5),
        ("1,200", 1200),
        ("um eight", 8),
        ("a dozen", 12),
        ("seven no sorry eight", 8),
        ("minus five", -5),
        ("one", 1),
        ("a million", 1_000_000),
        ("that one over there", None),
        ("seven or eight", None),
        ("lots of them", None),
        ("", None),
    ],
)
def test_numbers_are_understood_as_they_are_said(said: str, value: object) -> None:
    assert value == parsed(field("number"), said)


def test_a_number_outside_the_bounds_is_not_taken() -> None:
    assert parsed(field("number", min=0, max=10), "eleven") is None


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("four", 4),
        ("four out of five", 4),
        ("I'd give it a three", 3),
        ("five stars", 5),
        ("nine", None),
        ("zero", None),
    ],
)
def test_a_rating_is_a_number_on_its_scale(said: str, value: object) -> None:
    assert value == parsed(field("rating"), said)


TOOLS = ["a spreadsheet", "pen and paper", "a special app", "nothing at all"]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("a spreadsheet", "a spreadsheet"),
        ("mostly a spreadsheet i think", "a spreadsheet"),
        ("spreadsheets", "a spreadsheet"),
        ("the spread sheet", "a spreadsheet"),
        ("pen and paper", "pen and paper"),
        ("just paper and a pen", "pen and paper"),
        ("the second one", "pen and paper"),
        ("option three", "a special app"),
        ("number four", "nothing at all"),
        ("two", "pen and paper"),
        ("the last one", "nothing at all"),
        ("a special app", "a special app"),
        ("not a spreadsheet pen and paper", "pen and paper"),
        ("a special app no sorry a spreadsheet", "a spreadsheet"),
        ("a spreadsheet and a special app", None),
        ("my brother does it", None),
        ("number seven", None),
        ("", None),
    ],
)
def test_an_option_is_chosen_by_name_place_or_likeness(said: str, value: object) -> None:
    assert value == parsed(field("choice", options=TOOLS), said)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("a spreadsheet and a special app", ["a spreadsheet", "a special app"]),
        ("all of them", TOOLS),
        ("none of those", []),
        ("the weather", None),
    ],
)
def test_several_options_may_be_named_at_once(said: str, value: object) -> None:
    assert value == parsed(field("multi_choice", options=TOOLS), said)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("yes", True),
        ("yeah we do", True),
        ("no I don't", False),
        ("not at all", False),
        ("of course not", False),
        ("yes and no", None),
        ("no yes", True),
        ("no actually yes", True),
        ("yes no I don't", False),
        ("yes no problem", True),
        ("no problem", None),
        ("maybe", None),
        ("it depends", None),
        ("mm-hm", None),
    ],
)
def test_a_yes_or_no_question_wants_a_clear_answer(said: str, value: object) -> None:
    assert value == parsed(field("boolean"), said)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("2024-03-15", "2024-03-15"),
        ("3/15/2024", "2024-03-15"),
        ("march third twenty nineteen", "2019-03-03"),
        ("the twenty first of june nineteen ninety nine", "1999-06-21"),
        ("March 3rd, 2020", "2020-03-03"),
        ("march third", "march third"),
        ("yesterday", "yesterday"),
        ("may second two thousand and nine", "2009-05-02"),
        ("february thirtieth twenty twenty", None),
        ("i may have", None),
        ("blue", None),
    ],
)
def test_a_complete_date_becomes_iso_and_another_stays_in_words(said: str, value: object) -> None:
    assert value == parsed(field("date"), said)


def test_any_words_are_a_text_but_fillers_are_not() -> None:
    assert parsed(field("text"), " a nurse ") == "a nurse"
    assert parsed(field("text"), "um uh") is None


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        "Yes, I agree.",
        "yeah",
        "I do",
        "sure go ahead",
        "yes please",
        "okay yes",
        "I consent",
        "of course",
    ],
)
def test_a_clear_yes_is_consent(said: str) -> None:
    assert clear_consent(said) == "yes"


@pytest.mark.parametrize(
    "said",
    [
        "no",
        "No thank you.",
        "I don't agree",
        "nope",
        "absolutely not",
        "I'd rather not",
        "no I do not want that",
    ],
)
def test_a_clear_no_is_no_consent(said: str) -> None:
    assert clear_consent(said) == "no"


@pytest.mark.parametrize(
    "said",
    ["mm-hm", "I guess", "whatever", "okay", "right", "um", "", "yes no", "I suppose so", "what do you mean",
     "no yes", "if I have to", "yes but who hears it", "hello", "yes " * 40],
)  # fmt: skip
def test_anything_else_is_neither(said: str) -> None:
    assert clear_consent(said) is None


def test_few_options_are_read_aloud_and_many_are_not() -> None:
    few, many = field("choice", options=["red", "green", "blue"]), field("choice", options=list("abcdef"))

    assert "red, green, or blue" in ask_field(few, first=True)
    assert ask_field(many, first=True) == "Team size?"


def test_a_label_is_asked_as_a_question() -> None:
    question = field("number").model_copy(update={"label": "How many people are on your team"})

    assert ask_field(field("number"), first=False) == "Next: team size?"
    assert ask_field(question, first=False) == "How many people are on your team?"
    assert (
        ask_field(field("rating", min=0, max=10), first=True)
        == "Team size? Please give a number from 0 to 10."
    )


FORM = Node.model_validate(
    {
        "type": "form",
        "key": "about",
        "text": "About you",
        "fields": [
            {"name": "size", "label": "Size", "type": "number", "min": 1, "max": 9},
            {"name": "tool", "label": "Tool", "type": "choice", "options": TOOLS},
            {"name": "tools", "label": "Tools", "type": "multi_choice", "options": TOOLS, "required": False},
            {"name": "paid", "label": "Paid", "type": "boolean"},
            {"name": "note", "label": "Note", "type": "text", "required": False},
        ],
    }
)


def test_fitting_data_from_the_page_has_no_faults() -> None:
    assert (
        validate_data(FORM, {"size": 4, "tool": TOOLS[0], "tools": TOOLS[:2], "paid": False, "note": ""})
        == []
    )


def test_every_fault_of_the_data_is_named_at_once() -> None:
    faults = validate_data(FORM, {"size": 10, "tool": "a hammer", "tools": ["x", []], "note": 7, "a/b": 1})

    assert {f.path for f in faults} == {"/size", "/tool", "/tools", "/paid", "/note", "/a~1b"}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        3,
        {"size": True},
        {"size": float("nan")},
        {"size": 10**400},
        {"tool": {}},
        {"tools": "x"},
        {1: 2},
    ],
)
def test_garbage_from_the_page_is_refused_and_never_raises(data: object) -> None:
    assert validate_data(FORM, data)


def test_a_custom_node_holds_its_data_to_its_schema() -> None:
    schema = {
        "type": "object",
        "required": ["stars"],
        "additionalProperties": False,
        "properties": {
            "stars": {"type": "integer", "minimum": 1, "maximum": 5},
            "tags": {"items": {"type": "string"}},
        },
    }
    node = Node.model_validate({"type": "custom", "key": "c", "text": "t", "schema": schema})

    assert validate_data(node, {"stars": 3, "tags": ["a"]}) == []
    assert {f.path for f in validate_data(node, {"stars": 9, "tags": [1], "x": 0})} == {
        "/stars",
        "/tags/0",
        "/x",
    }
    assert [f.path for f in validate_data(node, {})] == ["/stars"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 7, "enum": 3, "properties": [], "required": 1, "minimum": "x", "items": 4},
        {"type": ["object", {}], "minimum": 10**400, "additionalProperties": {"maximum": 10**400}},
        {"additionalProperties": {"type": "integer", "maxLength": -1, "const": {"a": []}}},
    ],
)
@pytest.mark.parametrize(
    "data", [{"a": 10**400}, {"a": float("inf")}, {"a": [1] * 5_000}, {"~/": {"": None}}]
)
def test_a_strange_schema_or_value_never_raises(schema: dict[str, Any], data: dict[str, Any]) -> None:
    node = Node.model_validate({"type": "custom", "key": "c", "text": "t", "schema": schema})

    assert isinstance(validate_data(node, data), list)
