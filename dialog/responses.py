"""The responses as a projection: per visited node what was asked, what was answered, and the words that carry
it."""

from collections.abc import Sequence

from dialog.blueprint import Blueprint, Node
from dialog.events import AnyFact, Event, Fact
from dialog.lexicon import content_stems
from dialog.routing import probing_ceiling
from dialog.run import fold
from dialog.run_state import Answer, RunState
from dialog.transcript import transcript

_SUMMARY_WORDS = 40


def facts_of(events: Sequence[Event]) -> list[AnyFact]:
    """The facts of a log, in order."""
    return [event.body for event in events if isinstance(event.body, Fact)]


def response_items(blueprint: Blueprint, events: Sequence[Event]) -> list[dict[str, object]]:
    """One item per visited node, in the order of the first visit, as the API gives them."""
    state = fold(facts_of(events))
    entry_of_turn = {entry.turn_id: entry.id for entry in transcript(events) if entry.turn_id is not None}
    items = []
    for key in dict.fromkeys(state.path):
        node = blueprint.graph.nodes.get(key)
        if node is not None:
            items.append(_item(blueprint, node, state, entry_of_turn))
    return items


def _item(
    blueprint: Blueprint, node: Node, state: RunState, entry_of_turn: dict[int, str]
) -> dict[str, object]:
    answers, node_state = state.answers_at(node.key), state.node(node.key)
    answered = node_state.outcome == "answered" or (node_state.outcome is None and bool(answers))
    answer: dict[str, object] | None = None
    if answers:
        answer = {
            "summary": _summary(answers),
            "verbatim": "\n".join(one.text for one in answers),
            "transcript_entry_ids": [
                entry_of_turn[one.turn_id] for one in answers if one.turn_id in entry_of_turn
            ],
        }
    return {
        "node_id": node.key,
        "question_key": node.key,
        "question_text": node.text,
        "answered": answered and (answer is not None or bool(node_state.values)),
        "answer": answer,
        "data": node_state.values or None,
        "follow_ups_asked": node_state.follow_ups,
        "probing_complete": node_state.outcome is not None
        and (node_state.follow_ups >= probing_ceiling(blueprint, node) or node_state.outcome == "answered"),
        "node_type": node.type,
    }


def _summary(answers: Sequence[Answer]) -> str:
    """The answer's own richest words: the part with the most content, cut at forty words."""
    richest = max(answers, key=lambda one: len(content_stems(one.text)))
    words = richest.text.split()
    return " ".join(words[:_SUMMARY_WORDS]) + (" …" if len(words) > _SUMMARY_WORDS else "")


def completion_rate(items: Sequence[dict[str, object]]) -> float:
    """Answered over visited, 0–1; 0 when nothing was visited."""
    return round(sum(1 for item in items if item["answered"]) / len(items), 4) if items else 0.0
