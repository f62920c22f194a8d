"""Reads a design from parsed JSON and says everything that is wrong with it, at once and in plain sentences.
Knows the rules of shape; those of the graph are in graph_checks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
import pydantic

from dialog.blueprint import Blueprint, Edge, Graph, Node, Probing
from dialog.graph_checks import Fault, GraphView, graph_errors, graph_warnings, pointer

MAX_FAULTS: Final = 1_000
"""More are counted, not listed."""
MAX_METADATA_KEYS: Final = 50
MAX_METADATA_BYTES: Final = 16 * 1024
MAX_SCHEMA_BYTES: Final = 64 * 1024
_CONDITION_TAGS: Final = ("structured", "agent_assessed")

_Model = TypeVar("_Model", bound=pydantic.BaseModel)


class GraphValidation(msgspec.Struct, frozen=True):
    """What is wrong with a graph: `errors` keep it from being published, `warnings` are advice."""

    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]

    @property
    def valid(self) -> bool:
        return not self.errors


def read_blueprint(data: object) -> tuple[Blueprint | None, list[Fault]]:
    """Read a blueprint with its agent inline. Returns it, or None when its shape is wrong, and every error
    found.

    A blueprint of sound shape comes back though its graph has errors: that is a draft. Where the shape is
    wrong the graph's errors are still looked for in whatever of it can be read. Never raises, whatever `data`
    is.
    """
    blueprint, faults = read_part(Blueprint, data)
    if not isinstance(data, dict):
        return None, faults
    faults += list(_oversized(data))
    if blueprint is not None and not faults:
        return blueprint, list(validate_graph(blueprint).errors)
    known = {fault.path for fault in faults}
    salvaged = graph_errors(_salvage(data.get("graph")))
    return None, [*faults, *(fault for fault in salvaged if fault.path not in known)]


def read_part(model: type[_Model], data: object, *, at: str = "") -> tuple[_Model | None, list[Fault]]:
    """Read any part of a design; `at` is the JSON pointer of its place, put before every path."""
    try:
        return model.model_validate(data, strict=True), []
    except pydantic.ValidationError as error:
        return None, list(_shape_faults(error, data, at))
    except RecursionError:
        return None, [Fault("invalid_value", at, "This is nested too deeply to be read.")]


def validate_graph(blueprint: Blueprint) -> GraphValidation:
    """Every error and warning of a blueprint's graph and of the settings that bear on it."""
    view = GraphView.of(blueprint.graph)
    return GraphValidation(tuple(graph_errors(view)), tuple(graph_warnings(blueprint, view)))


def _shape_faults(error: pydantic.ValidationError, data: object, at: str) -> Iterator[Fault]:
    found = error.errors(include_url=False, include_context=True, include_input=False)
    for detail in found[:MAX_FAULTS]:
        where = _places(detail["loc"], data)
        sentence = _belongs_in_probing(detail["type"], where, at) or _sentence(detail)
        yield Fault(_code(detail["type"], where), at + pointer(*where), sentence)
    if len(found) > MAX_FAULTS:
        yield Fault("invalid_value", at, f"There are {len(found) - MAX_FAULTS:,} more faults of this kind.")


def _places(loc: tuple[int | str, ...], data: object) -> list[int | str]:
    """Where in `data` a pydantic location points: without the names of union members and the mark of keys."""
    where: list[int | str] = []
    value = data
    for place in loc:
        if place == "[key]" or (where and where[-1] == "condition" and place in _CONDITION_TAGS):
            continue
        where.append(place)
        if isinstance(value, Mapping):
            value = value.get(place)
        elif isinstance(value, list) and isinstance(place, int) and place < len(value):
            value = value[place]
        else:
            value = None
    return where


def _code(kind: str, where: list[int | str]) -> str:
    if kind == "extra_forbidden":
        return "unknown_field"
    if kind == "literal_error":
        if "techniques" in where:
            return "unknown_technique"
        if where and where[-1] == "operator":
            return "unknown_operator"
    return "invalid_value"


_SENTENCES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "missing": lambda _: "This field is required.",
    "extra_forbidden": lambda _: "There is no such field.",
    "literal_error": lambda context: f"This must be {context['expected']}.",
    "union_tag_invalid": lambda context: f"The type must be one of {context['expected_tags']}.",
    "union_tag_not_found": lambda _: "The condition needs a type: structured or agent_assessed.",
    "string_type": lambda _: "This must be a text.",
    "string_unicode": lambda _: "This text holds characters that are not valid Unicode.",
    "string_too_long": lambda context: f"This must be at most {context['max_length']:,} characters long.",
    "string_too_short": lambda _: "This must not be empty.",
    "string_pattern_mismatch": lambda _: "This may hold letters, digits, hyphens and underscores only.",
    "int_type": lambda _: "This must be a whole number.",
    "float_type": lambda _: "This must be a number.",
    "finite_number": lambda _: "This must be a finite number.",
    "bool_type": lambda _: "This must be true or false.",
    "list_type": lambda _: "This must be a list.",
    "dict_type": lambda _: "This must be an object.",
    "model_type": lambda _: "This must be an object.",
    "model_attributes_type": lambda _: "This must be an object.",
    "greater_than_equal": lambda context: f"This must be at least {context['ge']:g}.",
    "less_than_equal": lambda context: f"This must be at most {context['le']:g}.",
    "too_long": lambda context: f"This list must have at most {context['max_length']:,} items.",
}


def _sentence(detail: Any) -> str:
    compose = _SENTENCES.get(detail["type"])
    if compose is None:
        return f"{str(detail['msg'])[:200]}."
    return compose(detail.get("ctx", {}))


def _belongs_in_probing(kind: str, where: list[int | str], at: str) -> str | None:
    """What to say of a node's field that is one of its `probing`; None of any other."""
    *parents, name = where or [""]
    if kind != "extra_forbidden" or name not in Probing.model_fields or parents[:-1] != ["graph", "nodes"]:
        return None
    return f"This belongs in the node's probing: {at}{pointer(*parents, 'probing', name)}."


def _oversized(data: Mapping[Any, Any]) -> Iterator[Fault]:
    """Free JSON that is larger than we keep: metadata of blueprint and agent, schemas of custom nodes."""
    agent = data.get("agent")
    for where, metadata in (
        ("/metadata", data.get("metadata")),
        ("/agent/metadata", agent.get("metadata") if isinstance(agent, dict) else None),
    ):
        if isinstance(metadata, dict):
            if len(metadata) > MAX_METADATA_KEYS:
                yield Fault("invalid_value", where, f"Metadata may have at most {MAX_METADATA_KEYS} keys.")
            elif _encoded_size(metadata, MAX_METADATA_BYTES) > MAX_METADATA_BYTES:
                yield Fault("invalid_value", where, "Metadata may take at most 16 KiB of plain JSON.")
    graph = data.get("graph")
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    for key, node in nodes.items() if isinstance(nodes, dict) else ():
        schema = node.get("schema") if isinstance(node, dict) else None
        if isinstance(schema, dict) and _encoded_size(schema, MAX_SCHEMA_BYTES) > MAX_SCHEMA_BYTES:
            where = pointer("graph", "nodes", key, "schema")
            yield Fault("invalid_value", where, "A schema may take at most 64 KiB of plain JSON.")


def _encoded_size(value: object, limit: int) -> int:
    """Bytes of `value` as JSON; more than `limit` where it can't be written as JSON at all."""
    try:
        return len(msgspec.json.encode(value))
    except (TypeError, ValueError, RecursionError, OverflowError):
        return limit + 1


def _salvage(graph: object) -> GraphView:
    """What can be read of a graph of wrong shape; nodes that can't be are known by their keys alone."""
    if not isinstance(graph, dict):
        return GraphView(None, {}, [])
    entry, nodes, edges = graph.get("entry_node"), graph.get("nodes"), graph.get("edges")
    read_nodes: dict[str, Node | None] = {}
    for key, node in nodes.items() if isinstance(nodes, dict) else ():
        if isinstance(key, str):
            read_nodes[key] = read_part(Node, node)[0]
    read_edges: list[tuple[int, Edge]] = []
    most = Graph.model_fields["edges"].metadata[0].max_length
    for index, edge in enumerate(edges[:most] if isinstance(edges, list) else ()):
        read = read_part(Edge, edge)[0]
        if read is not None:
            read_edges.append((index, read))
    return GraphView(entry if isinstance(entry, str) and read_nodes else None, read_nodes, read_edges)


__all__ = ["Fault", "GraphValidation", "read_blueprint", "read_part", "validate_graph"]
