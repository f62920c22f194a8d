"""Blueprints that between them have every kind of node, edge and patience. Knows no participant."""

from collections.abc import Mapping
from random import Random

from dialog.blueprint import Blueprint
from tests.support.blueprints import blueprint, question, two_questions

_OWNS = {"name": "owns", "label": "Do you own a car?", "type": "boolean"}
_AGE = {"name": "age", "label": "How old are you?", "type": "number", "min": 18, "max": 120}
_NOTE = {"name": "note", "label": "What else should we know?", "type": "text"}
_SCORE = {"name": "score", "label": "How satisfied are you?", "type": "rating", "min": 1, "max": 5}


def _form(key: str, *fields: Mapping[str, object]) -> dict[str, object]:
    return {"type": "form", "key": key, "text": "A few facts.", "fields": list(fields)}


def probing() -> Blueprint:
    """Open questions with follow-ups, the researcher's own among them."""
    return blueprint(
        question(
            "work",
            "Tell me about a hard day at work.",
            probing={"enabled": True, "max_follow_ups": 2},
            fallback_probe="What happened first?",
            clarification="Any day that cost you strength.",
        ),
        question(
            "rest", "How do you rest?", probing={"enabled": True, "max_follow_ups": 3}, patience="reflect"
        ),
        question("home", "Do you live alone, yes or no?", patience="closed"),
    )


def branching() -> Blueprint:
    """A form that decides the way, and a way that somebody has to judge."""
    owns = {"type": "structured", "field": "facts.owns", "operator": "eq", "value": True}
    likes = {"type": "agent_assessed", "instruction": "The participant likes driving."}
    return blueprint(
        _form("facts", _OWNS, _AGE, _NOTE),
        question("driver", "What do you use the car for?", patience="narrative"),
        question("walker", "How do you get around?", patience="recall"),
        _form("rating", _SCORE),
        question("last", "What is your e-mail address?", patience="dictate", required=False),
        edges=[
            {"from": "facts", "to": "walker", "priority": 5},
            {"from": "facts", "to": "driver", "condition": owns},
            {"from": "driver", "to": "walker", "condition": likes},
            {"from": "driver", "to": "rating", "priority": 2},
            {"from": "walker", "to": "rating"},
            {"from": "rating", "to": "last"},
        ],
    )


def closed() -> Blueprint:
    """Nothing but questions for yes and no, one of which may not be interrupted."""
    nodes = [
        question(f"q{n}", f"Question {n}, yes or no?", patience="closed", barge_in=n != 1) for n in range(4)
    ]
    return blueprint(*nodes)


def short_of_time() -> Blueprint:
    """An interview of one minute, so that haste sets in."""
    return blueprint(
        question("a", "What is first?"),
        question("b", "What is second?", required=False),
        question("c", "And the third thing, from the moment you came home until you slept, what was it?"),
        max_duration_m=1,
    )


def showing() -> Blueprint:
    """Something to look at before each question, so that the floor waits for readers too."""
    shown = {"type": "text", "text": "A crowded platform at seven in the morning, and no train in sight."}
    return blueprint(
        {"type": "stimulus", "key": "platform", "text": "What do you see here?", "content": shown},
        question("train", "When did you last wait for a train?", patience="closed"),
        {"type": "stimulus", "key": "again", "text": "And what would you do there?", "content": shown},
    )


def sectioned() -> Blueprint:
    """Questions in sections, so that what was said in one is said back before the next."""
    return blueprint(
        question("start", "How did it begin?", section="Then"),
        question("move", "And after that?", section="Then", probing={"enabled": False}),
        _form("facts", _OWNS, _AGE, _SCORE),
        question("now", "How is it today?", section="Now", probing={"enabled": False}),
        question("alone", "Do you live alone, yes or no?", patience="closed", section="Now"),
        question("rest", "How do you rest?", section="After", patience="reflect"),
        question("last", "What else?", section="After"),
    )


def any_design(rng: Random) -> Blueprint:
    """One of them all."""
    usual = (two_questions, probing, probing, branching, branching, closed, short_of_time)
    return rng.choice((*usual, sectioned, sectioned))()
