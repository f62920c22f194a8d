"""What is wrong with a request, in sentences for whoever wrote it: where, what must stand there, what was
sent. Knows no operation."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from server.api.errors import Refusal

LONGEST_SHOWN: Final = 40
"""Characters of what was sent that are said again."""

_MUST: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "union_tag_not_found": "is missing",
    "extra_forbidden": "is no field of this",
    "string_type": "must be text",
    "string_unicode": "must be text that can be written as UTF-8",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be `true` or `false`",
    "bool_parsing": "must be `true` or `false`",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "must be {expected_tags}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
"""What each of pydantic's faults says of its place."""

_PATTERNS: Final[Mapping[str, str]] = {
    r"\S": "must not be blank",
    r"^[A-Za-z0-9_-]+$": "must be letters from A to Z, digits, `_` and `-`",
    r"^[A-Za-z0-9_-]{1,100}$": "must be at most 100 letters from A to Z, digits, `_` and `-`",
    r"^[A-Za-z0-9_-]{1,60}$": "must be at most 60 letters from A to Z, digits, `_` and `-`",
    r"^[a-z0-9_-]{1,40}$": "must be at most 40 small letters, digits, `_` and `-`",
    r"^[ -~]+$": "must be one line of letters from A to Z, digits and signs",
    r"^[!-~]([ -~]*[!-~])?$": "must be letters from A to Z, digits and signs, with no blank at either end",
    r"^[1-9][0-9]{0,8}$": "must be the `next_cursor` of an earlier page",
    r"^https?://[^\s/?#]+[^\s]*$": "must be an address such as https://example.org/room",
}
"""What each pattern asks for, those of ids left out."""

_ID: Final = re.compile(r"\^([a-z]+_)\[0-9a-f\]\{32\}\$")
_COUNTED: Final = frozenset({"string_too_short", "string_too_long", "too_short", "too_long"})
_SHOWN: Final = frozenset(
    {"literal_error", "union_tag_invalid", "greater_than_equal", "less_than_equal", "int_parsing"}
)
"""Where a text that was sent is said again; elsewhere it may be a secret."""
_UNSENT: Final = frozenset({"missing", "union_tag_not_found", "extra_forbidden"})
_CODES: Final = {
    "missing": "missing_field",
    "union_tag_not_found": "missing_field",
    "extra_forbidden": "unknown_field",
}
_KEY: Final = "[key]"
"""What pydantic puts behind the place of an entry whose name is at fault."""


def faulty(faults: Sequence[Mapping[str, Any]], sentence: str = "") -> Refusal:
    """The refusal (400) of a request with these faults, at least one.

    Its sentence is that of the only one, or says how many there are, unless it is given.
    """
    first = faults[0]
    if not sentence:
        sentence = first["message"] if len(faults) == 1 else f"The request has {len(faults)} faults."
    extra = {"errors": [dict(each) for each in faults]}
    return Refusal(400, "invalid_request", sentence, param=first["param"], extra=extra)


def one_fault(code: str, message: str, param: str | None) -> dict[str, Any]:
    """One fault; `param` is a JSON pointer."""
    return {"code": code, "message": message, "param": param}


def fault(error: Mapping[str, Any], body: object) -> dict[str, Any]:
    """One fault as the API tells it, of one of pydantic's about a request with this body."""
    kind, context = error["type"], error.get("ctx", {})
    place = _place(error["loc"], body)
    if kind.startswith("union_tag"):
        place.append(context["discriminator"].strip("'"))
    names_entry = place[-1:] == [_KEY]
    param = pointer(place[:-1] if names_entry else place)
    subject = f"The name of {param}" if names_entry else param or "The body"
    sentence = f"{subject}{_said(kind, context, error)}."
    return one_fault(_CODES.get(kind, "invalid_value"), sentence, param or None)


def pointer(place: Iterable[object]) -> str:
    """A JSON pointer to a place."""
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in place]
    return "".join(f"/{part}" for part in parts)


def _place(where: Sequence[object], body: object) -> list[object]:
    """Where it is in what was sent: pydantic also names which of several models it tried."""
    if where[0] != "body":
        return list(where[1:]) if where[0] in ("query", "header", "path") else list(where)
    place: list[object] = []
    at = body
    for part in where[1:-1]:
        match at:
            case Mapping() if part not in at:
                continue
            case Mapping():
                at = at[part]
            case list() if isinstance(part, int):
                at = at[part]
        place.append(part)
    return [*place, *where[1:][-1:]]


def _said(kind: str, context: Mapping[str, Any], error: Mapping[str, Any]) -> str:
    """What follows the place: what must be so, and what is."""
    if kind == "string_pattern_mismatch":
        return f" {matching(context['pattern'])}"
    if kind not in _MUST:  # the words of a check of ours
        return f": {str(error['msg']).removeprefix('Value error, ')}"
    must = _MUST[kind].format_map({name: _bound(value) for name, value in context.items()})
    if kind in _UNSENT:
        return f" {must}"
    sent = context["tag"] if kind == "union_tag_invalid" else error["input"]
    if kind in _COUNTED:
        must = must.replace(" 1 characters", " 1 character").replace(" 1 entries", " 1 entry")
        return f" {must}; it has {len(sent)}"
    return f" {must}; {_told(sent, kind)} was sent"


def matching(pattern: str) -> str:
    """What a pattern asks for, in words where there are any."""
    if found := _ID.fullmatch(pattern):
        return f"must be an id: `{found[1]}` and 32 hex digits"
    return _PATTERNS.get(pattern, f"must match the pattern `{pattern}`")


def _bound(value: object) -> object:
    """A bound, or choices, in our spelling."""
    if isinstance(value, float):
        return f"{value:g}"
    if not isinstance(value, str):
        return value
    choices = re.sub(r"'([^']*)'", r"`\1`", value)
    return choices if " or " in choices else " or ".join(choices.rsplit(", ", 1))


def _told(sent: object, kind: str) -> str:
    match sent:
        case None:
            return "`null`"
        case bool():
            return f"`{str(sent).lower()}`"
        case str() if kind in _SHOWN and len(sent) <= LONGEST_SHOWN and sent.isprintable():
            return f"`{sent}`"
        case str():
            return "text"
        case int() | float() if kind != "string_type" and abs(sent) < 1e15:
            return f"`{sent}`"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
