"""To what each participant was exposed: of every question, whether it was put, in which words, how much of it
was heard, and how long was answered. What makes adaptive interviews comparable."""

from collections.abc import Sequence

import msgspec

from dialog import script
from dialog.blueprint import Blueprint, Node
from dialog.events import Event, Fact, NodeEntered, QuestionAsked
from dialog.quality.reading import Reading, Sitting
from dialog.run import fold
from dialog.run_state import RunState


class Exposure(msgspec.Struct):
    """One question of the design."""

    node_key: str
    node_type: str
    required: bool
    visited: bool = False
    asked: bool = False
    times_asked: int = 0
    """Repeated ones included."""
    worded_as_written: bool | None = None
    """The words were the design's own; None = never asked."""
    must_be_verbatim: bool = False
    heard_share: float = 0.0
    """Of its words, 0–1, at the best hearing; of a form the least of its fields."""
    heard_in_full: bool = False
    session_id: str | None = None
    asked_at: float | None = None
    """Seconds in that session, the first time."""
    asked_seq: int | None = None
    outcome: str | None = None
    follow_ups: int = 0
    answers: int = 0
    participant_s: float = 0.0
    """Seconds of the participant's voice in the answers; 0 for typed ones."""
    participant_words: int = 0
    agent_s: float = 0.0
    """Seconds for which we spoke at this question."""


class _Wording(msgspec.Struct):
    """One thing that was put: the question, or one field of a form."""

    text: str
    heard: float = 0.0


def exposures(blueprint: Blueprint, reading: Reading) -> list[Exposure]:
    """One for each node of the graph, in the design's order."""
    shown = {
        node.key: Exposure(node.key, node.type, node.required, must_be_verbatim=node.verbatim)
        for node in blueprint.graph.nodes.values()
    }
    wordings: dict[str, dict[str | None, _Wording]] = {}
    facts = []
    for sitting, event in reading.placed():
        body = event.body
        if isinstance(body, Fact):
            facts.append(body)
        match body:
            case NodeEntered() if body.node_key in shown:
                shown[body.node_key].visited = True
            case QuestionAsked() if body.kind == "question" and body.node_key in shown:
                node = blueprint.graph.nodes[body.node_key]
                _asked(shown[body.node_key], node, sitting, event, body)
                wording = wordings.setdefault(body.node_key, {}).setdefault(body.field, _Wording(body.text))
                speech = sitting.spoken.get(body.speech_id)
                wording.heard = max(wording.heard, speech.fraction if speech is not None else 0.0)
            case _:
                pass
    _repeats(reading, shown, wordings)
    _answers(fold(facts), reading, shown)
    for key, put in wordings.items():
        least = min(wording.heard for wording in put.values())
        shown[key].heard_share, shown[key].heard_in_full = round(least, 3), least >= 1.0
    return list(shown.values())


def as_written(node: Node, body: QuestionAsked) -> bool:
    """Whether a question was put in the design's own words."""
    field = next((one for one in node.fields or [] if one.name == body.field), None)
    return body.text in (script.ask(node, field), script.re_ask(node, field))


def _asked(shown: Exposure, node: Node, sitting: Sitting, event: Event, body: QuestionAsked) -> None:
    if not shown.asked:
        shown.session_id = sitting.session_id
        speech = sitting.spoken.get(body.speech_id)
        began = speech.began if speech is not None and speech.began is not None else event
        shown.asked_at, shown.asked_seq = round(began.at, 3), event.seq
    shown.asked = True
    shown.times_asked += 1
    shown.worded_as_written = shown.worded_as_written is not False and as_written(node, body)


def _repeats(
    reading: Reading, shown: dict[str, Exposure], wordings: dict[str, dict[str | None, _Wording]]
) -> None:
    """What was said again counts where the whole wording is in it; all that sounded counts for its time."""
    for sitting, speech in reading.spoken():
        exposure = shown.get(speech.node_key or "")
        if exposure is None:
            continue
        exposure.agent_s = round(exposure.agent_s + sitting.sounded(speech), 3)
        if speech.kind not in ("re_ask", "recap") or not speech.reached:
            continue
        for wording in wordings.get(exposure.node_key, {}).values():
            if wording.text in speech.text:
                wording.heard = max(wording.heard, speech.fraction)
                exposure.times_asked += 1


def _answers(state: RunState, reading: Reading, shown: dict[str, Exposure]) -> None:
    for key, exposure in shown.items():
        node = state.node(key)
        exposure.outcome, exposure.follow_ups = node.outcome, node.follow_ups
    for answer in reading.answers.values():
        if (one := shown.get(answer.committed.node_key)) is not None:
            one.answers += 1
            one.participant_s = round(one.participant_s + answer.seconds, 3)
            one.participant_words += len(answer.committed.text.split())


def total(exposed: Sequence[Exposure]) -> tuple[int, int]:
    """How many questions were put, and how many of them were heard to their end."""
    return sum(one.asked for one in exposed), sum(one.heard_in_full for one in exposed)
