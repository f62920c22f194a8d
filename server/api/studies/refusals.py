"""Every code that a refusal of the Studies API has, with its status and what it says to a programmer; and
which of them an operation declares. Knows no operation."""

from typing import Any, Final, Literal

from pydantic import BaseModel, Field

DECLARED: Final = "x-codes"
"""Under this name an operation's answers carry their codes until the description is written."""


class ErrorDetail(BaseModel):
    """One fault of a request."""

    code: str = Field(examples=["missing_field"])
    message: str = Field(examples=["/name is missing."])
    param: str | None = Field(description="A JSON pointer to the faulty part.", examples=["/name"])


class ErrorBody(BaseModel):
    """What went wrong, for programs and for people."""

    type: str = Field(description="The kind of error, one for each status.", examples=["invalid_request"])
    code: str = Field(description="What went wrong, for programs.", examples=["invalid_request"])
    message: str = Field(description="The same, for people.", examples=["The request has 2 faults."])
    param: str | None = Field(examples=["/name"], description="A JSON pointer to the faulty part.")
    request_id: str = Field(examples=["req_0198c7f0a1b27c3d8e4f5a6b7c8d9e0f"])
    errors: list[ErrorDetail] | None = Field(None, description="Every fault of the request.")


class ErrorEnvelope(BaseModel):
    """Every error comes in this."""

    error: ErrorBody


class GraphErrorDetail(BaseModel):
    """One thing that keeps a graph from being kept or published."""

    code: str = Field(examples=["unknown_node"])
    path: str = Field(description="A JSON pointer into the graph.", examples=["/edges/0/to"])
    message: str = Field(examples=["There is no node `q9`."])


class GraphErrorBody(BaseModel):
    """What is wrong with a graph."""

    type: Literal["invalid_graph"]
    code: str = Field(examples=["invalid_graph"])
    message: str = Field(examples=["There is no node `q9`."])
    param: str | None = Field(examples=["/edges/0/to"], description="A JSON pointer to the first fault.")
    request_id: str = Field(examples=["req_0198c7f0a1b27c3d8e4f5a6b7c8d9e0f"])
    errors: list[GraphErrorDetail] = Field(description="Every fault of the graph.")


class GraphErrorEnvelope(BaseModel):
    """A graph that can't be kept or published comes back with this."""

    error: GraphErrorBody


CODES: Final[dict[str, tuple[int, str]]] = {
    "invalid_request": (400, "Something is not as it must be; `errors` lists every fault."),
    "invalid_json": (400, "The body is not JSON."),
    "invalid_url": (400, "Nothing is sent to this address: it leads inward, or isn't HTTPS."),
    "unknown_agent": (400, "There is no such agent."),
    "unknown_carrier": (400, "No such carrier brings phone calls."),
    "unknown_credentials": (400, "There are no such credentials."),
    "unauthorized": (401, "There is no API key in the request, or none that is valid."),
    "forbidden": (403, "The key lacks the scope, or its mode doesn't allow this."),
    "not_found": (404, "There is no such thing for this key."),
    "not_acceptable": (406, "None of the media types that you accept can be given."),
    "request_timeout": (408, "The body did not come to its end in time."),
    "conflict": (409, "It can't be done as things stand."),
    "archived": (409, "The blueprint is archived."),
    "disabled": (409, "The channel or connector is disabled."),
    "idempotency_key_deleted": (409, "What came of the request has been deleted since."),
    "idempotency_key_in_use": (409, "The same request is being answered right now."),
    "idempotency_key_unanswered": (
        409,
        "Its server was stopped, or failed, before it had answered: it may be done.",
    ),
    "idempotency_key_reused": (409, "The `Idempotency-Key` was used for another request."),
    "in_use": (409, "Something rests on it."),
    "not_on_show": (409, "This node is not what is being asked now."),
    "not_published": (409, "The blueprint has never been published."),
    "not_talking": (409, "No talk is under way."),
    "simulation_required": (
        409,
        "Simulated participants have not found this very draft good enough; `errors` says what is wanting.",
    ),
    "takes_no_data": (409, "The node is answered with words."),
    "webhook_disabled": (409, "The webhook is disabled."),
    "gone": (410, "It was there, and is gone for good."),
    "precondition_failed": (412, "It has changed since you saw it (`If-Match`)."),
    "payload_too_large": (413, "The body is larger than 1 MiB."),
    "unsupported_media_type": (415, "The body isn't sent as `application/json`."),
    "range_not_satisfiable": (416, "There is no such range."),
    "invalid_graph": (422, "The graph has faults; `errors` lists every one with its place."),
    "rate_limited": (429, "Too many requests with this key; `Retry-After` says when to try again."),
    "at_capacity": (503, "All places are taken; `Retry-After` says when to try again."),
    "storage_unavailable": (503, "Nothing can be kept just now; `Retry-After` says when to try again."),
}
_FIRST: Final = {status: code for code, (status, _) in reversed(CODES.items())}
"""The plain code of a status, which is the first that has it."""

_OF_EVERY_OPERATION: Final = ("unauthorized", "forbidden", "rate_limited", "storage_unavailable")


def plain_code(status: int) -> str:
    """The code of a refusal of which no more is known than its status. Raises KeyError."""
    return _FIRST[status]


def declared(*more: int | str) -> dict[int | str, dict[str, Any]]:
    """What an operation may be refused with beside what any may: codes, or a status for its plain code.

    What the door refuses by method, path and headers is added when the description is written. Raises
    KeyError on a code that there is not.
    """
    codes = [plain_code(each) if isinstance(each, int) else each for each in more]
    return responses_of(dict.fromkeys([*_OF_EVERY_OPERATION, *codes]))


def responses_of(codes: dict[str, None]) -> dict[int | str, dict[str, Any]]:
    """The answers that these codes come in, by status."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(CODES[code][0], []).append(code)
    return {
        status: {
            "model": GraphErrorEnvelope if status == 422 else ErrorEnvelope,
            "description": " ".join(CODES[code][1] for code in sorted(by_status[status])),
            DECLARED: sorted(by_status[status]),
        }
        for status in sorted(by_status)
    }
