"""The OpenAPI file says of every operation what a stranger needs to use it, and says it truly."""

import functools
import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import msgspec
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.datastructures import State

from server.api.studies.application import _RESOURCES, studies_api
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


def asked_of(dependant: Dependant) -> Iterator[Any]:
    """All that an operation depends on, and itself."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from asked_of(inner)


def test_no_operation_asks_a_thread_for_what_it_depends_on() -> None:
    routes = [route for resource in _RESOURCES for route in resource.router.routes]
    asked = {call for route in routes if isinstance(route, APIRoute) for call in asked_of(route.dependant)}
    blocking = [
        call
        for call in asked
        if not inspect.iscoroutinefunction(call) and not inspect.iscoroutinefunction(type(call).__call__)
    ]

    assert len(asked) > 60
    assert [] == blocking


def test_nothing_is_left_of_what_the_description_was_made_with() -> None:
    text = json.dumps(DOCUMENT)

    assert "x-codes" not in text
    assert "x-streamed" not in text
    assert "HTTPValidationError" not in text


LITERALS: Final[dict[str, str]] = {
    "AgentObject.techniques": "funnel five_whys columbo socratic tell_me_more devils_advocate silent_probe"
    " hypothetical labelling mirroring calibrated_questions active_listening",
    "AgentObject.probing_depth": "light moderate deep",
    "Persona.tone": "conversational formal neutral",
    "Boundaries.off_topic_handling": "gentle_redirect firm_redirect allow",
    "ModelChoice.provider": "anthropic openai",
    "AgentCreate.model_preset": "economy standard premium",
    "BlueprintObject.status": "draft published archived",
    "Node.type": "question stimulus form custom",
    "Node.patience": "closed narrative recall reflect dictate",
    "Content.type": "text image audio video url",
    "FormField.type": "text number rating choice multi_choice boolean date",
    "Structured.type": "structured",
    "Structured.operator": "eq neq gt gte lt lte in not_in contains exists",
    "Assessed.type": "agent_assessed",
    "ChannelObject.type": "webrtc_voice telephony chat custom",
    "ChannelObject.status": "active disabled",
    "ConnectorObject.type": "google_meet zoom microsoft_teams",
    "ConnectorObject.status": "active disabled",
    "RunObject.status": "created scheduled awaiting_participant awaiting_consent active processing completed"
    " expired abandoned failed cancelled",
    "RunObject.consent_status": "pending granted declined not_required",
    "TranscriptObject.status": "pending processing completed failed",
    "TranscriptEntry.role": "agent participant system operator",
    "TranscriptEntry.entry_type": "utterance content_presented content_response event",
    "ResponsesObject.status": "pending processing completed failed",
    "ResponseItem.node_type": "question stimulus form custom",
    "AnalysisObject.status": "pending processing completed failed",
    "SentimentObject.overall": "positive neutral negative mixed",
    "MoodObject.sentiment": "positive neutral negative mixed",
    "DeliveryObject.status": "pending succeeded failed",
    "KeyCreate.scopes": "read write operate admin",
    "WebhookObject.events": "interview_run.created interview_run.scheduled interview_run.participant_joined"
    " interview_run.consent_granted interview_run.consent_declined interview_run.started"
    " interview_run.completed interview_run.abandoned interview_run.failed interview_run.expired"
    " interview_run.cancelled transcript.completed responses.completed analysis.completed analysis.failed"
    " blueprint.published",
}
"""What existing clients send and expect: fields, and all that may stand in them."""

OBJECTS: Final[dict[str, str]] = {
    "AgentObject": "agent",
    "BlueprintObject": "blueprint",
    "BlueprintVersion": "blueprint_version",
    "GraphValidationObject": "graph_validation",
    "ChannelObject": "channel",
    "ConnectorObject": "connector",
    "RunObject": "interview_run",
    "TranscriptObject": "transcript",
    "ResponsesObject": "response",
    "AnalysisObject": "analysis",
    "MessageAck": "message_ack",
    "ContentResponse": "content_response",
    "WebhookObject": "webhook",
    "DeliveryObject": "webhook_delivery",
    "RunList": "list",
}
"""Schemas, and what their `object` says."""


def literals(part: dict[str, Any]) -> list[str]:
    """All that may stand in a field, in any of its forms."""
    part = resolved(part)
    found = [part["const"]] if "const" in part else list(part.get("enum", ()))
    inner = [*part.get("anyOf", ()), *([part["items"]] if "items" in part else ())]
    return found + [each for one in inner for each in literals(one)]


@pytest.mark.parametrize(("field", "expected"), LITERALS.items(), ids=LITERALS)
def test_a_field_takes_the_documented_literals_and_no_others(field: str, expected: str) -> None:
    schema, _, name = field.partition(".")

    assert sorted(expected.split()) == sorted(
        literals(DOCUMENT["components"]["schemas"][schema]["properties"][name])
    )


@pytest.mark.parametrize(("schema", "name"), OBJECTS.items(), ids=OBJECTS)
def test_an_object_says_what_it_is(schema: str, name: str) -> None:
    assert [name] == literals(DOCUMENT["components"]["schemas"][schema]["properties"]["object"])
