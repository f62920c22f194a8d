"""Each fault of a request says where it is, what must stand there and what was sent."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import State

from server.api.studies import faults
from server.api.studies.application import studies_api
from server.api.studies.conventions import Body, id_of


class Yes(Body):
    type: Literal["yes"]
    level: int = Field(1, ge=1)


class No(Body):
    type: Literal["no"]


class Everything(Body):
    name: str = Field("x", min_length=1, max_length=3)
    tone: Literal["formal", "neutral"] = "neutral"
    speed: float = Field(1.0, ge=0.5, le=2.0)
    count: int = 0
    on: bool = True
    tags: list[str] = Field(default_factory=list, min_length=1)
    owner: str = Field("", pattern=id_of("agt_"))
    said: str = Field("x", pattern=r"\S")
    secrets: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")], str] = Field(default_factory=dict)
    answer: Annotated[Yes | No, Field(discriminator="type")] = No(type="no")
    answers: list[Annotated[Yes | No, Field(discriminator="type")]] = Field(default_factory=list)


def told(sent: object) -> list[tuple[str, str, str | None]]:
    """(code, message, param) of each fault of a body."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Everything).validate_python(sent)
    found = [
        faults.fault({**error, "loc": ("body", *error["loc"])}, sent)  # as FastAPI names it
        for error in refused.value.errors()
    ]
    return [(each["code"], each["message"], each["param"]) for each in found]


@pytest.mark.parametrize(
    ("sent", "message", "param"),
    [
        ([], "The body must be an object; a list was sent.", None),
        ({"name": 4711}, "/name must be text; a number was sent.", "/name"),
        ({"name": None}, "/name must be text; `null` was sent.", "/name"),
        ({"name": ""}, "/name must have at least 1 character; it has 0.", "/name"),
        ({"name": "xxxx"}, "/name must have at most 3 characters; it has 4.", "/name"),
        ({"tags": []}, "/tags must have at least 1 entry; it has 0.", "/tags"),
        ({"tags": "x"}, "/tags must be a list; text was sent.", "/tags"),
        ({"tone": "loud"}, "/tone must be `formal` or `neutral`; `loud` was sent.", "/tone"),
        ({"tone": "x" * 99}, "/tone must be `formal` or `neutral`; text was sent.", "/tone"),
        ({"speed": 9}, "/speed must be at most 2; `9` was sent.", "/speed"),
        ({"speed": "fast"}, "/speed must be a number; text was sent.", "/speed"),
        ({"count": 1.5}, "/count must be a whole number; `1.5` was sent.", "/count"),
        ({"count": True}, "/count must be a whole number; `true` was sent.", "/count"),
        ({"on": "yes"}, "/on must be `true` or `false`; text was sent.", "/on"),
        ({"owner": "agt_1"}, "/owner must be an id: `agt_` and 32 hex digits.", "/owner"),
        ({"said": "  "}, "/said must not be blank.", "/said"),
        ({"answer": "yes"}, "/answer must be an object; text was sent.", "/answer"),
        ({"answer": {"type": "so"}}, "/answer/type must be `yes` or `no`; `so` was sent.", "/answer/type"),
        (
            {"secrets": {"my pin": "4711"}},
            "The name of /secrets/my pin must be at most 60 letters from A to Z, digits, `_` and `-`.",
            "/secrets/my pin",
        ),
    ],
)
def test_a_value_that_is_not_as_it_must_be_is_told_of_in_one_sentence(
    sent: object, message: str, param: str | None
) -> None:
    assert [("invalid_value", message, param)] == told(sent)


def test_what_is_missing_and_what_nobody_knows_have_codes_of_their_own() -> None:
    assert [("missing_field", "/answer/type is missing.", "/answer/type")] == told({"answer": {}})
    assert [("unknown_field", "/nam is no field of this.", "/nam")] == told({"nam": "x"})


def test_a_place_is_one_in_what_was_sent_and_names_no_model() -> None:
    message = "/answers/0/level must be at least 1; `0` was sent."

    assert [("invalid_value", message, "/answers/0/level")] == told(
        {"answers": [{"type": "yes", "level": 0}]}
    )


def patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(pattern := schema.get("pattern"), str):
            yield pattern
        for each in schema.values():
            yield from patterns(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from patterns(each)


def test_every_pattern_that_the_api_asks_for_is_said_in_words() -> None:
    document: dict[str, Any] = studies_api(State()).openapi()
    said = {pattern: faults.matching(pattern) for pattern in patterns(document)}

    assert [] == [pattern for pattern, words in said.items() if "pattern" in words]
    assert len(said) > 10
