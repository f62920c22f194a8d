"""The OpenAPI file says of every operation what a stranger needs to use it, and says it truly."""

import functools
import json
import re
from typing import Any, Final

import jsonschema_rs
import msgspec
import pytest
from starlette.datastructures import State

from server.api.studies.application import studies_api
from server.api.studies.description import operations
from server.api.studies.refusals import CODES
from server.api.studies.story import OF_PARTS
from server.store.organizations import SCOPES

DOCUMENT: Final = studies_api(State()).openapi()
STREAMED: Final = ("/blueprints/{blueprint_id}/export",)
"""Operations that send all they have while they make it."""
UNREAD: Final = ("audio/", "application/zip", "application/vnd", "application/octet-stream", "multipart/")
"""Bytes of which nobody wants an example."""


class Operation(msgspec.Struct, frozen=True):
    method: str
    path: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def parameter(self, name: str) -> dict[str, Any] | None:
        named = {each["name"]: each for each in self.said.get("parameters", ())}
        return named.get(name)


OPERATIONS: Final = [Operation(method, path, said) for path, method, said in operations(DOCUMENT)]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(found)


@functools.cache
def validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    parsed = json.loads(schema)
    schemas = {name: DOCUMENT["components"]["schemas"][name] for name in named_in(parsed, set())}
    return jsonschema_rs.Draft202012Validator({**parsed, "components": {"schemas": schemas}})


def named_in(part: Any, known: set[str]) -> set[str]:
    """The names of all schemas that a part leads to, however indirectly."""
    for name in re.findall(r"#/components/schemas/(\w+)", json.dumps(part)):
        if name not in known:
            known.add(name)
            named_in(DOCUMENT["components"]["schemas"][name], known)
    return known


def fits(schema: dict[str, Any], value: Any) -> list[str]:
    """What keeps a value from being of this schema."""
    found = validator(json.dumps(schema, sort_keys=True)).iter_errors(value)
    return [f"{each.instance_path}: {each.message}" for each in found]


def test_there_are_operations_in_the_order_of_reading() -> None:
    tags = [tag["name"] for tag in DOCUMENT["tags"]]
    used = list(dict.fromkeys(tag for operation in OPERATIONS for tag in operation.said["tags"]))
    ids = [operation.said["operationId"] for operation in OPERATIONS]

    assert "3.1.0" == DOCUMENT["openapi"]
    assert len(OPERATIONS) > 60
    assert tags == used
    assert all(tag["description"] for tag in DOCUMENT["tags"])
    assert len(ids) == len(set(ids))


@each_operation
def test_an_operation_says_what_it_does_and_who_may(operation: Operation) -> None:
    said = operation.said

    assert 3 <= len(said["summary"]) <= 60
    assert len(said["description"]) > len(said["summary"]) // 2
    assert said["description"].rstrip().endswith((".", "!"))
    assert 1 == len(said["tags"])
    assert [["ApiKey"]] == [list(way) for way in said["security"]]
    assert said["security"][0]["ApiKey"][0] in SCOPES
    assert "bearer" == DOCUMENT["components"]["securitySchemes"]["ApiKey"]["scheme"]


@each_operation
def test_what_is_sent_has_an_example_that_fits(operation: Operation) -> None:
    for parameter in operation.said["parameters"]:
        assert [] == fits(parameter["schema"], parameter["example"]), parameter["name"]
        assert parameter["in"] == "path" or parameter.get("description"), parameter["name"]
        assert "accept" != parameter["name"].lower()
    for content in operation.said.get("requestBody", {}).get("content", {}).values():
        assert content["example"]
        assert [] == fits(content["schema"], content["example"])


@each_operation
def test_what_is_answered_has_an_example_that_fits(operation: Operation) -> None:
    good = {status: answer for status, answer in operation.said["responses"].items() if status[0] == "2"}

    assert good
    for status, answer in good.items():
        assert "Successful Response" != answer["description"]
        assert ("204" == status) == (not answer.get("content"))
        for media_type, content in answer.get("content", {}).items():
            if media_type.startswith(UNREAD):
                continue
            assert content["example"], media_type
            assert [] == fits(content["schema"], content["example"])


@each_operation
def test_every_refusal_has_the_envelope_and_an_example_for_each_code(operation: Operation) -> None:
    bad = {status: answer for status, answer in operation.said["responses"].items() if status[0] in "45"}

    for status, reference in bad.items():
        answer = resolved(reference)
        content = answer["content"]["application/json"]
        codes = content["schema"]["allOf"][1]["properties"]["error"]["properties"]["code"]["enum"]
        assert answer["description"]
        assert codes == list(content["examples"])
        for code in codes:
            assert int(status) == CODES[code][0]
            assert [] == fits(content["schema"], content["examples"][code]["value"])


@each_operation
def test_what_the_door_refuses_and_sends_is_declared(operation: Operation) -> None:
    responses, method = operation.said["responses"], operation.method
    statuses = {int(status) for status in responses}

    assert {401, 403, 429, 503} <= statuses
    assert ("{" not in operation.path) or 404 in statuses
    if method in ("post", "put", "patch"):
        assert {400, 408, 413, 415} <= statuses
    if method == "post":
        assert 409 in statuses
        assert operation.parameter("Idempotency-Key")
    if method in ("put", "patch"):
        assert 412 in statuses
        assert operation.parameter("If-Match")
        assert "ETag" in responses["200"]["headers"]
    if method == "get" and operation.path not in STREAMED:
        assert 304 in statuses
        assert operation.parameter("If-None-Match")
        assert "ETag" in responses["200"]["headers"]
    for reference in responses.values():
        assert "X-Request-Id" in resolved(reference)["headers"]


def test_the_story_tells_of_models_that_there_are() -> None:
    assert set() == set(OF_PARTS) - set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("path", STREAMED)
def test_what_is_sent_while_it_is_made_promises_no_name(path: str) -> None:
    operation = next(each for each in OPERATIONS if each.name == f"GET {path}")

    assert "304" not in operation.said["responses"]
    assert "ETag" not in operation.said["responses"]["200"]["headers"]
    assert operation.parameter("If-None-Match") is None


def test_nothing_is_left_of_what_the_description_was_made_with() -> None:
    text = json.dumps(DOCUMENT)

    assert "x-codes" not in text
    assert "x-streamed" not in text
    assert "HTTPValidationError" not in text
