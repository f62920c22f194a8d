"""A schema as people read it: its fields in a table, each with its type, its bounds and what it means."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from server.api.reference.markup import Markup, element, joined, prose

Schema = dict[str, Any]

REFERENCE: Final = "#/components/schemas/"
_BOUNDS: Final = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "maxProperties": "at most {} keys",
}
_FORMATS: Final = {"date-time": "instant", "uri": "address", "binary": "bytes"}
_EMPTY: Final = {("minLength", 1): "not empty", ("minItems", 1): "not empty"}


def anchor(shape: str) -> str:
    """The id of a shape's place on the page."""
    return f"shape-{shape.lower()}"


def fields_table(schema: Schema, caption: str, shapes: Mapping[str, Schema]) -> Markup:
    """All fields of an object. One that says nothing of itself is told of by its shape, found in `shapes`."""
    required = schema.get("required", ())
    rows = [
        element("tr", _named(name, each, required=name in required), element("td", _told(each, shapes)))
        for name, each in schema.get("properties", {}).items()
    ]
    return _table(caption, rows)


def _told(schema: Schema, shapes: Mapping[str, Schema]) -> Markup:
    if not schema.get("description"):
        for part in _parts(schema):
            shape = shapes.get(part.get("$ref", "").removeprefix(REFERENCE), {})
            if shape.get("description"):
                return meaning({**schema, "description": " ".join(shape["description"].split())})
    return meaning(schema)


def parameters_table(parameters: list[dict[str, Any]], caption: str) -> Markup:
    """All parameters of an operation."""
    rows = [
        element(
            "tr",
            _named(each["name"], each["schema"], required=each.get("required", False), where=each["in"]),
            element("td", meaning({**each["schema"], "description": each.get("description", "")})),
        )
        for each in parameters
    ]
    return _table(caption, rows)


def _table(caption: str, rows: list[Markup]) -> Markup:
    head = element("tr", element("th", "Name", scope="col"), element("th", "Meaning", scope="col"))
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", head),
        element("tbody", *rows),
    )


def _named(name: str, schema: Schema, *, required: bool, where: str | None = None) -> Markup:
    return element(
        "th",
        element("code", name),
        element("span", kind(schema), class_="kind"),
        element("span", f"in the {where}", class_="kind") if where else None,
        element("span", "required", class_="required") if required else None,
        scope="row",
    )


def kind(schema: Schema) -> Markup:
    """What sort of value it is, in a word or two; shapes lead to their place on the page."""
    if "$ref" in schema:
        shape = schema["$ref"].removeprefix(REFERENCE)
        return element("a", shape, href=f"#{anchor(shape)}")
    for several in ("anyOf", "oneOf"):
        if several in schema:
            words = [kind(each) for each in schema[several]]
            return joined(words[0], *(part for word in words[1:] for part in (" or ", word)))
    if "allOf" in schema:
        return kind(schema["allOf"][0])
    match schema.get("type"):
        case "array":
            return joined("list of ", kind(schema.get("items", {})))
        case "object":
            inner = schema.get("additionalProperties")
            if isinstance(inner, dict) and inner:
                return joined("map of ", kind(inner))
            return joined("object")
        case str() as name:
            return joined(_FORMATS.get(schema.get("format", ""), name))
        case _:
            return joined("constant" if "const" in schema else "any value")


def meaning(schema: Schema) -> Markup:
    """What the field says, its choices and its bounds."""
    return joined(
        prose(schema["description"]) if schema.get("description") else None,
        _choices(schema),
        element("span", "; ".join(_bounds(schema)).capitalize() + ".", class_="bounds")
        if list(_bounds(schema))
        else None,
    )


def _choices(schema: Schema) -> Markup | None:
    words = _words(schema)
    if not words:
        return None
    told: list[Markup] = []
    for word in words:
        told += [joined(" "), element("code", str(word))]
    return element("span", "One of" if len(words) > 1 else "Always", *told, class_="bounds")


def _words(schema: Schema) -> list[Any]:
    """What there is to choose from, in the value itself or in each of a list's."""
    for part in _parts(schema):
        if "enum" in part:
            return list(part["enum"])
        if "const" in part:
            return [part["const"]]
    return []


def _bounds(schema: Schema) -> Iterator[str]:
    for part in _parts(schema):
        for name, words in _BOUNDS.items():
            if name in part:
                yield _EMPTY.get((name, part[name])) or words.format(f"{part[name]:,}")
    default = schema.get("default")
    if default not in (None, "", [], {}) and not isinstance(default, dict):
        yield f"unless given {str(default).lower() if isinstance(default, bool) else default}"


def _parts(schema: Schema) -> Iterator[Schema]:
    yield schema
    for several in ("anyOf", "oneOf"):
        for each in schema.get(several, ()):
            yield from _parts(each)
    if isinstance(schema.get("items"), dict):
        yield from _parts(schema["items"])


def shapes_within(schema: Any) -> Iterator[str]:
    """The names of all shapes that a schema leads to directly."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix(REFERENCE)
        for name, each in schema.items():
            if name not in ("example", "examples", "default"):
                yield from shapes_within(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from shapes_within(each)
