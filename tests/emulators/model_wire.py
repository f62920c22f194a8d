"""What the wires of both emulated vendors of language models have in common."""

from typing import Any


def form_of(schema: dict[str, Any] | None, standing: str) -> str:
    """Which form of reply is asked for: by its schema, else by the prompt's words."""
    if '"themes"' in standing:
        return "analysis"
    assesses = '"values"' in standing if schema is None else "values" in schema["properties"]
    return "assessment" if assesses else "interview"


def tokens_of(text: str) -> int:
    """About how many tokens a text is."""
    return len(text) // 4 + 1


def in_pieces(text: str) -> list[str]:
    """A reply in pieces of a token or so."""
    return [text[start : start + 5] for start in range(0, len(text), 5)]


def is_strict(schema: dict[str, Any]) -> bool:
    """Whether every object of a schema names all that it has, as both vendors want it."""
    if schema.get("type") == "array":
        return is_strict(schema["items"])
    if schema.get("type") != "object":
        return True
    closed = schema.get("additionalProperties") is False
    return (
        closed
        and list(schema["properties"]) == schema["required"]
        and all(map(is_strict, schema["properties"].values()))
    )
