"""Small blueprints for tests, as a researcher would write them."""

from itertools import pairwise
from typing import Any

from dialog.blueprint import Blueprint


def question(key: str, text: str, **more: object) -> dict[str, object]:
    """A question node with probing off, unless told otherwise."""
    return {"type": "question", "key": key, "text": text, "probing": {"enabled": False}, **more}


def blueprint(
    *nodes: dict[str, object], edges: list[dict[str, object]] | None = None, **settings: object
) -> Blueprint:
    """A blueprint of these nodes, one after the other unless `edges` says otherwise."""
    keys = [str(node["key"]) for node in nodes]
    chain = [{"from": a, "to": b} for a, b in pairwise(keys)]
    return Blueprint.model_validate(
        {
            "name": "A test",
            "agent": {
                "name": "Robin",
                "persona": {"system_prompt": "You interview.", "tone": "neutral"},
                "techniques": ["tell_me_more", "mirroring"],
                "probing_depth": "moderate",
            },
            "graph": {
                "entry_node": keys[0],
                "nodes": dict(zip(keys, nodes, strict=True)),
                "edges": chain if edges is None else edges,
            },
            "settings": {"intro_message": "Hello.", "outro_message": "Thank you, good-bye.", **settings},
        }
    )


def two_questions(**settings: Any) -> Blueprint:
    """Two open questions without probing."""
    return blueprint(
        question("morning", "How did your morning begin?", patience="narrative"),
        question("evening", "How did your evening end?", patience="narrative"),
        **settings,
    )
