"""What is wrong with a draft's graph, and the refusal of one that has faults."""

from collections.abc import Mapping, Sequence
from typing import Any

from dialog.blueprint import Blueprint
from dialog.blueprint_validation import GraphValidation, validate_graph
from server.api.errors import Refusal


def validation_of(design: Mapping[str, Any]) -> GraphValidation:
    """All that is wrong with the graph of a whole design, its agent inline, and all that is unwise."""
    return validate_graph(Blueprint.model_validate(design))


def graph_fault(code: str, path: str, message: str) -> dict[str, str]:
    """One thing that is wrong; `path` is a JSON pointer."""
    return {"code": code, "path": path, "message": message}


def invalid_graph(faults: Sequence[Mapping[str, str]]) -> Refusal:
    """The refusal (422) of a graph with these faults, at least one."""
    first = faults[0]
    return Refusal(
        422, "invalid_graph", first["message"], param=first["path"] or None, extra={"errors": list(faults)}
    )
