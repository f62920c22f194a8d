"""The part of JSON Schema (2020-12) that custom nodes need: types, properties, bounds, enumerations, items.
Unknown keywords are ignored, as the standard has it (§6.5); references and patterns are not followed, so
nothing can run away."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dialog.graph_checks import Fault

MAX_DEPTH: Final = 20
MAX_FAULTS: Final = 100
MAX_NUMBER: Final = 1e15

_TYPES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def schema_faults(schema: Mapping[str, Any], value: object) -> list[Fault]:
    """Everything in which `value` breaks `schema`, at most MAX_FAULTS; paths are JSON pointers from the
    value's root."""
    faults: list[Fault] = []
    for fault in _check(schema, value, "", 0):
        faults.append(fault)
        if len(faults) == MAX_FAULTS:
            break
    return faults


def _check(schema: object, value: object, at: str, depth: int) -> Iterator[Fault]:
    if depth > MAX_DEPTH:
        yield Fault("invalid_value", at, "This is nested too deeply.")
        return
    if schema is False:
        yield Fault("unknown_field", at, "There is no such field.")
    if not isinstance(schema, Mapping):
        return
    kinds = schema.get("type", [])
    listed = kinds if isinstance(kinds, list) else [kinds]
    wanted = [kind for kind in listed if isinstance(kind, str) and kind in _TYPES]
    if wanted and not any(_is(kind, value) for kind in wanted):
        yield Fault("invalid_value", at, f"This must be {' or '.join(_TYPES[kind] for kind in wanted)}.")
        return
    options = schema.get("enum")
    if isinstance(options, list) and not any(_same(option, value) for option in options):
        yield Fault("invalid_value", at, "This is not one of the allowed values.")
    if "const" in schema and not _same(schema["const"], value):
        yield Fault("invalid_value", at, "This is not the allowed value.")
    yield from _bounds(schema, value, at)
    if isinstance(value, Mapping):
        yield from _object(schema, value, at, depth)
    elif isinstance(value, list):
        for index, item in enumerate(value[:1_000]):
            yield from _check(schema.get("items"), item, f"{at}/{index}", depth + 1)


def _object(schema: Mapping[str, Any], value: Mapping[Any, Any], at: str, depth: int) -> Iterator[Fault]:
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and name not in value:
            yield Fault("invalid_value", f"{at}/{_escape(name)}", "This field is required.")
    for name, item in value.items():
        inner = known[name] if name in known else schema.get("additionalProperties")
        yield from _check(inner, item, f"{at}/{_escape(str(name))}", depth + 1)


def _bounds(schema: Mapping[str, Any], value: object, at: str) -> Iterator[Fault]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) <= MAX_NUMBER:
            yield Fault("invalid_value", at, "This number is too large.")
            return
        measure, low, high, what = float(value), "minimum", "maximum", ""
    elif isinstance(value, str):
        measure, low, high, what = float(len(value)), "minLength", "maxLength", " characters long"
    elif isinstance(value, list):
        measure, low, high, what = float(len(value)), "minItems", "maxItems", " items long"
    else:
        return
    least, most = schema.get(low), schema.get(high)
    if isinstance(least, int | float) and measure < least:
        yield Fault("invalid_value", at, f"This must be at least {least}{what}.")
    if isinstance(most, int | float) and measure > most:
        yield Fault("invalid_value", at, f"This must be at most {most}{what}.")


def _is(kind: str, value: object) -> bool:
    match kind:
        case "object":
            return isinstance(value, Mapping)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, float) and value.is_integer()
            )
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _same(former: object, latter: object) -> bool:
    """Equal as JSON: true is not 1."""
    return former == latter and isinstance(former, bool) == isinstance(latter, bool)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
