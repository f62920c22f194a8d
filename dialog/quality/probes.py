"""The probe records: every follow-up question, what it was for, where it came from, and what it brought."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from dialog import script
from dialog.answers import probe_failed
from dialog.blueprint import Blueprint, Node
from dialog.events import (
    AnswerCommitted,
    AnswerJudged,
    AnswerReopened,
    Event,
    Fact,
    FallbackUsed,
    NodeClosed,
    ProbeChosen,
    QuestionAsked,
)
from dialog.guarding.said import Heard
from dialog.lexicon import content_stems, lower_words
from dialog.probe_guard import GuardContext, Line, check
from dialog.quality.reading import Reading, Sitting
from dialog.routing import probing_ceiling
from dialog.run import apply
from dialog.run_state import RunState
from dialog.struck_sound import TOMBSTONE
from dialog.techniques import NEUTRAL_PROBES

Source = Literal["model", "rules", "researcher", "neutral"]
ProbeOutcome = Literal[
    "answered", "nothing_new", "skipped", "refused", "no_answer", "struck", "withdrawn", "unanswered"
]

_GUARD = "guard: "


class ProbeRecord(msgspec.Struct):
    """One probe. `None` where nothing is known, or where the participant had it erased."""

    node_key: str
    number: int
    """1 for the first at its node."""
    technique: str
    reason: str
    """What the answer lacked."""
    question: str | None
    source: Source
    """Who worded it."""
    judged_by: str
    """Who judged that it was needed."""
    drafted: bool
    """That had been judged ahead of the answer's end."""
    refused: tuple[str, ...]
    """The guard's rules that the judge's own wording broke; `question` took its place."""
    violations: tuple[str, ...]
    """The guard's rules that the question breaks all the same."""
    turn_id: int | None
    """The answer that it hangs on."""
    entry_id: str | None
    """The transcript's entry of that answer."""
    span: str | None
    """The participant's own words that it carries."""
    session_id: str
    at: float
    chosen: Event
    over_ceiling: bool
    asked: Event | None = None
    heard_share: float = 0.0
    outcome: ProbeOutcome = "unanswered"
    reply_entry_id: str | None = None
    words: int = 0
    """In the reply."""
    words_gained: int = 0
    """Words of content in the reply that the answer did not have before."""
    seconds: float = 0.0
    """Of voice in the reply."""


class _Pass:
    """Goes through a log once."""

    def __init__(self, blueprint: Blueprint, reading: Reading) -> None:
        self._blueprint = blueprint
        self._reading = reading
        self._state = RunState()
        self._heard = Heard()
        self._judged: AnswerJudged | None = None
        self._refused: tuple[str, ...] = ()
        self._earlier: dict[int, str] = {}
        """By place in `records`: the answer as it was when the probe was put."""
        self._asked_by: dict[int, int] = {}
        """By the speech that asks it: place in `records`."""
        self.records: list[ProbeRecord] = []

    def see(self, sitting: Sitting, event: Event) -> None:
        body = event.body
        match body:
            case AnswerJudged():
                self._judged, self._refused = body, ()
            case FallbackUsed() if body.reason.startswith(_GUARD):
                self._refused = tuple(body.reason.removeprefix(_GUARD).split(", "))
            case ProbeChosen():
                self._chosen(sitting, event, body)
            case QuestionAsked() if body.kind == "probe" and self.records:
                record = self.records[-1]
                if record.asked is None and record.node_key == body.node_key:
                    record.asked = event
                    self._asked_by[body.speech_id] = len(self.records) - 1
                    speech = sitting.spoken.get(body.speech_id)
                    record.heard_share = round(speech.fraction, 3) if speech is not None else 0.0
            case AnswerCommitted():
                self._answered(body)
            case AnswerReopened():
                for record in self.records:
                    if record.turn_id == body.turn_id and record.outcome == "unanswered":
                        record.outcome = "withdrawn"
            case NodeClosed():
                self._closed(body)
            case _:
                pass
        if isinstance(body, Fact):
            self._state = apply(self._state, body)

    def _chosen(self, sitting: Sitting, event: Event, body: ProbeChosen) -> None:
        node = self._blueprint.graph.nodes.get(body.node_key)
        judged = self._judged
        turn_id = judged.turn_id if judged is not None else None
        hidden = turn_id in self._reading.struck or body.probe.text == TOMBSTONE
        asked_before = self._state.node(body.node_key).follow_ups
        answer = self._reading.answers.get(turn_id) if turn_id is not None else None
        source = _source(body.probe.text, node, judged)
        written = source in ("researcher", "neutral")
        self._earlier[len(self.records)] = " ".join(one.text for one in self._state.answers_at(body.node_key))
        self.records.append(
            ProbeRecord(
                node_key=body.node_key,
                number=asked_before + 1,
                technique=body.probe.technique,
                reason=body.probe.deficiency,
                question=None if hidden else body.probe.text,
                source=source,
                judged_by=judged.judged_by if judged is not None else "",
                drafted=judged.drafted if judged is not None else False,
                refused=self._refused,
                violations=() if hidden or written or node is None else self._violations(node, body),
                turn_id=turn_id,
                entry_id=answer.entry_id if answer is not None else None,
                span=None if hidden else body.probe.span or None,
                session_id=sitting.session_id,
                at=round(event.at, 3),
                chosen=event,
                over_ceiling=node is not None and asked_before >= probing_ceiling(self._blueprint, node),
            )
        )
        self._judged, self._refused = None, ()

    def _violations(self, node: Node, body: ProbeChosen) -> tuple[str, ...]:
        """The guard's verdict on what was asked, with all that had been said by then."""
        answers, asked = self._state.answers, self._state.asked
        lines = [
            line for one in answers for line in (Line("agent", one.asked), Line("participant", one.text))
        ]
        here = [one.asked for one in answers if one.node_key == node.key and one.asked != node.text]
        if asked is not None and asked.node_key == node.key and asked.kind == "probe":
            here.append(asked.text)
        context = GuardContext(
            question=node.text,
            objective=node.objective,
            transcript=tuple(lines),
            sensitive_topics=tuple(self._blueprint.agent.boundaries.sensitive_topics),
            asked=tuple(here),
        )
        return tuple(check(body.probe.text, context, self._heard))

    def _answered(self, body: AnswerCommitted) -> None:
        place = self._asked_by.get(body.reply_to or 0)
        if place is None:
            return
        record, answer = self.records[place], self._reading.answers.get(body.turn_id)
        if answer is None:  # struck, or taken back: then it comes again
            record.outcome = "struck" if body.turn_id in self._reading.struck else record.outcome
            return
        reply, before = answer.committed.text, self._earlier[place]
        record.outcome = "nothing_new" if probe_failed(reply, before) else "answered"
        record.reply_entry_id = answer.entry_id or None
        record.words = len(lower_words(reply))
        record.words_gained = len(content_stems(reply) - content_stems(before))
        record.seconds = round(answer.seconds, 3)

    def _closed(self, body: NodeClosed) -> None:
        for record in self.records:
            if record.node_key != body.node_key or record.outcome != "unanswered":
                continue
            match body.outcome:
                case "skipped":
                    record.outcome = "skipped"
                case "refused":
                    record.outcome = "refused"
                case "no_answer":
                    record.outcome = "no_answer"
                case "answered" | "shown":
                    pass


def _source(text: str, node: Node | None, judged: AnswerJudged | None) -> Source:
    if node is not None and text == node.fallback_probe:
        return "researcher"
    if text == script.NEUTRAL_PROBE or text in NEUTRAL_PROBES:
        return "neutral"
    return "rules" if judged is not None and judged.judged_by in ("embedded", "fallback") else "model"


def probe_records(blueprint: Blueprint, reading: Reading) -> Sequence[ProbeRecord]:
    """One record for each probe that was decided on, in order, whether it was heard or not."""
    through = _Pass(blueprint, reading)
    for sitting, event in reading.placed():
        through.see(sitting, event)
    return through.records
