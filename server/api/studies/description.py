"""The OpenAPI file: what FastAPI tells of the operations, completed by what holds for all of them: what the
door refuses, which headers come and go, and an example of everything that is sent and answered.

Knows no operation by name: what is true of one follows from its method, path, parameters and models.
"""

from collections.abc import Iterator
from typing import Any, Final

from server.api.studies.door import LONGEST_REPEAT_KEY, REPEAT_KEY
from server.api.studies.examples import Examples
from server.api.studies.freshness import STREAMED
from server.api.studies.refusals import CODES, DECLARED, responses_of

Operation = dict[str, Any]

METHODS: Final = ("get", "put", "post", "patch", "delete")

_COMMON_HEADERS: Final[dict[str, Any]] = {
    "X-Request-Id": {
        "description": "The request's id: name it when you ask what went wrong.",
        "schema": {"type": "string", "pattern": "^req_[0-9a-f]{32}$"},
    },
    "ETag": {
        "description": "Names what was answered: for `If-None-Match`, and for `If-Match` of changes."
        " What is sent while it is made has none.",
        "schema": {"type": "string"},
        "example": '"7"',
    },
    "Retry-After": {
        "description": "Seconds after which it is worth another try.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 1,
    },
    "WWW-Authenticate": {
        "description": "The scheme that is asked for.",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
    "Idempotent-Replayed": {
        "description": "`true` if this is the answer to an earlier request with the same `Idempotency-Key`.",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
}
_RETRIED: Final = ("rate_limited", "storage_unavailable", "at_capacity", "idempotency_key_in_use", "conflict")

IF_NONE_MATCH: Final[dict[str, Any]] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` that you have: if it still holds, the answer is 304, without a body.",
    "schema": {"type": "string"},
    "example": '"7"',
}
IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of yours for this request. Sent again with it and the same body within a day, it"
    " is done once and answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_REPEAT_KEY, "pattern": REPEAT_KEY},
    "example": "study-7-participant-31",
}
_NAMES: Final = {
    "if-match": "If-Match",
    "last-event-id": "Last-Event-ID",
    "range": "Range",
}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The whole description, from what FastAPI makes of the routes and models."""
    components = document["components"]
    components["headers"] = _COMMON_HEADERS
    components["responses"] = {}
    _close(components["schemas"])
    examples = Examples(components["schemas"])
    for path, method, operation in operations(document):
        _parameters(operation, method, examples)
        _bodies(operation, examples)
        _answers(operation, method, examples)
        _refusals(operation, method, path, components["responses"], examples)
        operation["responses"] = dict(sorted(operation["responses"].items()))
    for left_over in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(left_over, None)
    return document


def _close(schema: Any) -> None:
    """Where names have a pattern no others are taken: that is left out of what pydantic says."""
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _close(each)
    if isinstance(schema, dict) and isinstance(schema.get("patternProperties"), dict):
        schema.setdefault("additionalProperties", False)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Every operation with its path and method, in the order of reading."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def _parameters(operation: Operation, method: str, examples: Examples) -> None:
    # `Accept` is no parameter in OpenAPI: the media types of the answers say what may be asked for.
    parameters = [each for each in operation.get("parameters", ()) if each["name"] != "accept"]
    for parameter in parameters:
        parameter["name"] = _NAMES.get(parameter["name"], parameter["name"])
        parameter["schema"] = schema = _without_null(parameter["schema"])
        schema.pop("title", None)
        schema.pop("description", None)
        if "example" not in parameter:
            parameter["example"] = examples.of(schema, parameter["name"])
    if _is_named(operation, method):
        parameters.append(IF_NONE_MATCH)
    if method == "post":
        parameters.append(IDEMPOTENCY_KEY)
    operation["parameters"] = parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What is left out of an address or a header is left out: there is no null to be sent."""
    rest: list[dict[str, Any]] = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(rest) != 1 or len(schema["anyOf"]) == 1:
        return schema
    return {name: each for name, each in schema.items() if name != "anyOf"} | rest[0]


def _bodies(operation: Operation, examples: Examples) -> None:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        content["example"] = examples.of_content(media_type, content.get("schema", {}))


def _answers(operation: Operation, method: str, examples: Examples) -> None:
    """What comes if all goes well."""
    named = _is_named(operation, method)
    for status, answer in operation["responses"].items():
        if not status.startswith("2"):
            continue
        answer.pop(STREAMED, None)
        headers = {"X-Request-Id": _header("X-Request-Id")}
        if (named and status in ("200", "206")) or _names_a_revision(operation, method):
            headers["ETag"] = _header("ETag")
        if method == "post":
            headers["Idempotent-Replayed"] = _header("Idempotent-Replayed")
        answer["headers"] = headers | answer.get("headers", {})
        for media_type, content in answer.get("content", {}).items():
            if not content.get("schema"):
                content["schema"] = examples.text_schema(media_type)
            made = examples.of_content(media_type, content["schema"])
            if made is not None:
                content["example"] = made
        if answer["description"] == "Successful Response":
            answer["description"] = _said(answer, examples)
    if named:
        operation["responses"]["304"] = {
            "description": "It is as you have it (`If-None-Match`).",
            "headers": {"X-Request-Id": _header("X-Request-Id"), "ETag": _header("ETag")},
        }


def _is_named(operation: Operation, method: str) -> bool:
    """Whether what is read can be known the next time."""
    return method == "get" and STREAMED not in operation["responses"]["200"]


def _names_a_revision(operation: Operation, method: str) -> bool:
    """Whether the answer to a change can be changed again by what it names."""
    matched = any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", ()))
    return matched and method != "delete"


def _said(answer: dict[str, Any], examples: Examples) -> str:
    for content in answer.get("content", {}).values():
        described = examples.resolved(content["schema"]).get("description")
        if described:
            return str(described)
    return "It is done."


def _refusals(
    operation: Operation, method: str, path: str, components: dict[str, Any], examples: Examples
) -> None:
    """Every refusal, as a component that all operations share which have the same."""
    responses = operation["responses"]
    codes: dict[str, None] = {}
    for status in [status for status in responses if status.startswith(("4", "5"))]:
        codes |= dict.fromkeys(responses.pop(status).get(DECLARED, ()))
    codes |= dict.fromkeys(_of_the_door(operation, method, path))
    for status, answer in responses_of(codes).items():
        names = answer.pop(DECLARED)
        component = f"{status}.{'.'.join(names)}"
        if component not in components:
            components[component] = _refusal(answer, names, examples)
        responses[str(status)] = {"$ref": f"#/components/responses/{component}"}


def _of_the_door(operation: Operation, method: str, path: str) -> Iterator[str]:
    """What is refused before the operation has its say, or in the same way by all."""
    named = {parameter["name"]: parameter["in"] for parameter in operation.get("parameters", ())}
    if "{" in path:
        yield "not_found"
    if "query" in named.values():
        yield "invalid_request"
    if "If-Match" in named:
        yield "precondition_failed"
    if method in ("post", "put", "patch"):
        yield from ("invalid_request", "invalid_json", "request_timeout", "payload_too_large")
        yield "unsupported_media_type"
    if method == "post":
        yield from ("idempotency_key_deleted", "idempotency_key_in_use", "idempotency_key_reused")
        yield "idempotency_key_unanswered"


def _refusal(answer: dict[str, Any], names: list[str], examples: Examples) -> dict[str, Any]:
    envelope = {"$ref": f"#/components/schemas/{answer.pop('model').__name__}"}
    only = {"properties": {"error": {"properties": {"code": {"enum": names}}}}}
    headers = ["X-Request-Id"]
    if any(name in _RETRIED for name in names):
        headers.append("Retry-After")
    if "unauthorized" in names:
        headers.append("WWW-Authenticate")
    content = {
        "schema": {"allOf": [envelope, only]},
        "examples": {name: {"summary": CODES[name][1], "value": examples.of_refusal(name)} for name in names},
    }
    return {
        **answer,
        "headers": {name: _header(name) for name in headers},
        "content": {"application/json": content},
    }


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}
