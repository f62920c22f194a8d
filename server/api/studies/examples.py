"""Examples for the description, made of the models' own schemas: what a schema says of itself first, then
what the story tells, then what its names, patterns and types ask for."""

import copy
import re
from typing import Any, Final

from server.api.errors import type_of
from server.api.studies.refusals import CODES
from server.api.studies.story import (
    FAULTS,
    INSTANT,
    MESSAGES,
    NAMED,
    OF_PARTS,
    PARAMS,
    PREFIXES,
    TEXTS,
)

Schema = dict[str, Any]

_HEX: Final = "0198c7f0a1b27c3d8e4f5a6b7c8d9e0f"
_ID_PATTERN: Final = re.compile(r"\^([a-z]+_)\[0-9a-f\]\{32\}\$")
_REFERENCE: Final = "#/components/schemas/"
DEEPEST: Final = 12


class Examples:
    """Makes examples of one description's schemas."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas

    def of_content(self, media_type: str, schema: Schema) -> Any:
        """An example of a body, None where it would be bytes that nobody reads."""
        if media_type == "application/json":
            return self.of(schema, "")
        return TEXTS.get(media_type)

    def text_schema(self, media_type: str) -> Schema:
        """The schema of what isn't JSON."""
        if media_type in TEXTS:
            return {"type": "string"}
        return {"type": "string", "contentMediaType": media_type, "format": "binary"}

    def resolved(self, schema: Schema) -> Schema:
        """The schema itself, where it is a reference to one."""
        reference = schema.get("$ref")
        return schema if reference is None else self._schemas[reference.removeprefix(_REFERENCE)]

    def of(self, schema: Schema, name: str, deep: int = 0) -> Any:
        """An example of a value of this schema, in a field of this name."""
        if schema.get("examples"):
            return copy.deepcopy(schema["examples"][0])
        reference = schema.get("$ref")
        if reference is not None:
            return self._of_part(reference.removeprefix(_REFERENCE), name, deep + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if _ID_PATTERN.fullmatch(schema.get("pattern", "")):
            return _text(schema, name)
        if name in NAMED:
            return copy.deepcopy(NAMED[name])
        if schema.get("default") is not None:
            return copy.deepcopy(schema["default"])
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                likely = [each for each in schema[several] if each != {"type": "null"}]
                return self.of(likely[0], name, deep)
        if deep > DEEPEST:
            return None
        return self._of_type(schema, name, deep)

    def of_refusal(self, code: str) -> dict[str, Any]:
        """The envelope with this code."""
        status, sentence = CODES[code]
        told: dict[str, Any] = {
            "type": type_of(status, code),
            "code": code,
            "message": MESSAGES.get(code, sentence),
            "param": PARAMS.get(code),
            "request_id": f"req_{_HEX}",
        }
        if code in FAULTS:
            told["errors"] = [dict(fault) for fault in FAULTS[code]]
        return {"error": told}

    def _of_part(self, part: str, name: str, deep: int) -> Any:
        schema = self._schemas[part]
        if "properties" not in schema or schema.get("examples"):
            return self.of(schema, name, deep)
        told: dict[str, Any] = OF_PARTS.get(part, {})
        wanted = {*schema.get("required", ()), *told} or set(list(schema["properties"])[:1])
        made = {}
        for field, each in schema["properties"].items():
            if field not in wanted:
                continue
            made[field] = copy.deepcopy(told[field]) if field in told else self._of_field(schema, field, each)
        return made

    def _of_field(self, owner: Schema, field: str, schema: Schema) -> Any:
        if field == "id":
            kind = owner["properties"].get("object", {}).get("const", "")
            return PREFIXES.get(kind, f"{kind[:3]}_") + _HEX
        return self.of(schema, field, 1)

    def _of_type(self, schema: Schema, name: str, deep: int) -> Any:
        match schema.get("type"):
            case "string":
                return _text(schema, name)
            case "integer":
                return schema.get("minimum", 1)
            case "number":
                return schema.get("minimum", 0.5)
            case "boolean":
                return True
            case "array":
                made = self.of(schema.get("items", {}), name, deep + 1)
                return [] if made is None else [made]
            case "object":
                inner = schema.get("additionalProperties")
                return {"name": self.of(inner, name, deep + 1)} if isinstance(inner, dict) and inner else {}
            case _:
                return None


def _text(schema: Schema, name: str) -> str:
    pattern = _ID_PATTERN.fullmatch(schema.get("pattern", ""))
    if pattern is not None:
        return pattern[1] + _HEX
    if schema.get("format") == "date-time" or name.endswith("_at"):
        return INSTANT
    if name.endswith("_id"):
        return PREFIXES.get(name.removesuffix("_id"), f"{name[:3]}_") + _HEX
    return f"A {name.replace('_', ' ')}" if name else "text"
