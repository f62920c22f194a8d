"""Which questions no participant can pass by. Knows a design alone."""

from dialog.blueprint import Blueprint


def on_every_path(blueprint: Blueprint, key: str) -> bool:
    """Whether no way from the entry to an end goes past this node."""
    graph = blueprint.graph
    open_keys, seen = [graph.entry_node], {key}
    while open_keys:
        at = open_keys.pop()
        if at in seen:
            continue
        seen.add(at)
        following = [edge.to for edge in graph.edges if edge.from_ == at]
        if not following:
            return False
        open_keys += following
    return True
