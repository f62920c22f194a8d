"""Small blueprints for tests of what stands around the interview."""

from typing import Any

from dialog.blueprint import Blueprint

QUESTIONS = ("Which tools do you use at work?", "What happened the last time one of them failed you?")


def small_blueprint(**settings: Any) -> Blueprint:
    """Two open questions without probing; `settings` override the interview's."""
    nodes = {
        f"q{number}": {
            "type": "question",
            "key": f"q{number}",
            "text": text,
            "probing": {"enabled": False, "max_follow_ups": 0},
        }
        for number, text in enumerate(QUESTIONS, start=1)
    }
    return Blueprint.model_validate(
        {
            "name": "Tools at work",
            "agent": {
                "name": "Robin",
                "persona": {"system_prompt": "You interview people.", "tone": "neutral"},
                "techniques": ["tell_me_more"],
                "probing_depth": "light",
            },
            "graph": {"entry_node": "q1", "nodes": nodes, "edges": [{"from": "q1", "to": "q2"}]},
            "settings": {"estimated_duration_m": 5, "max_duration_m": 20, "language": "en", **settings},
        }
    )
