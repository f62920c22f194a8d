"""What a simulated talk showed, in figures: what was covered and found, and what the interviewer got wrong.

Reads logs; holds no talk.
"""

import re
from collections.abc import Sequence

import msgspec

from dialog.answers import probe_failed
from dialog.blueprint import Blueprint
from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerJudged,
    AnswerReopened,
    AnswerStruck,
    Event,
    FieldMissed,
    NodeEntered,
    ProbeChosen,
    QuestionAsked,
)
from dialog.form_facts import FieldsReopened
from dialog.quality.disposition import disposition
from dialog.quality.findings import Rule
from dialog.quality.score import Consent, assess
from dialog.responses import facts_of
from dialog.routing import probing_ceiling
from dialog.run import fold
from dialog.run_state import Answer, RunState
from server.rehearsal.graph_paths import on_every_path
from server.rehearsal.persona import Persona, PlantedFact
from server.rehearsal.simulated_talk import Talk

_GUARDED: frozenset[Rule] = frozenset(
    ("leading_probe", "double_barrelled", "unguarded_probe", "evaluative_remark", "verbatim_altered")
)
"""The faults of conduct that the probe guard exists to prevent."""
_FAILED_LIMIT = 2


class TalkFigures(msgspec.Struct, frozen=True):
    """One talk. Counts, but where a unit is named."""

    persona: str
    seed: int
    outcome: str
    disposition: str
    """AAPOR code."""
    duration_s: float
    stayed: bool
    """The participant was there to the end."""
    required: int
    """Required questions on the way that was taken, and on every way."""
    missed: tuple[str, ...]
    """Of these, those that were neither answered nor passed over at the participant's wish."""
    path: tuple[str, ...]
    off_path: bool
    """Another way than the persona must be led."""
    facts_planted: int
    facts_first: int
    """In first answers alone."""
    facts_found: int
    answers: int
    probes: int
    cut_ins: int
    repeated: tuple[str, ...]
    """Questions that were put again though they had been answered."""
    guard_violations: int
    over_ceiling: int
    probed_after_two_failed: int
    said_forbidden: tuple[str, ...]
    """What the persona must never hear, and heard."""
    not_erased: tuple[str, ...]
    """What was to be erased, and is still there."""
    faults: dict[str, int]
    """Every fault of conduct by its rule, as the quality score names them."""
    quality: int
    gaps_s: tuple[float, ...]
    """From each answer's end to the next question at the ear."""


def figures_of(talk: Talk, blueprint: Blueprint, persona: Persona, seed: int) -> TalkFigures:
    """Measure one talk."""
    state = fold(facts_of(talk.events))
    judged = assess(blueprint, talk.events, consent=Consent(False, True))
    faults = {tally.rule: tally.count for tally in judged.tallies if tally.count}
    stayed = talk.outcome not in ("left", "unfinished")
    required = _required(blueprint, state)
    expected = persona.expected.path
    everything = " ".join(answer.text for answer in state.answers)
    ended = disposition(blueprint, talk.events, status="completed", declined=False, final=True)
    return TalkFigures(
        persona=persona.name,
        seed=seed,
        outcome=talk.outcome,
        disposition=ended.code,
        duration_s=round(talk.duration, 1),
        stayed=stayed,
        required=len(required),
        missed=tuple(key for key in required if not _covered(state, key)),
        path=tuple(dict.fromkeys(state.path)),
        off_path=bool(expected) and stayed and list(expected) != list(dict.fromkeys(state.path)),
        facts_planted=len(persona.facts),
        facts_first=_found(persona.facts, " ".join(_first_answers(talk.events, state))),
        facts_found=_found(persona.facts, everything),
        answers=len(state.answers),
        probes=sum(isinstance(event.body, ProbeChosen) for event in talk.events),
        cut_ins=len(talk.cut_ins),
        repeated=tuple(repeated_questions(talk.events)),
        guard_violations=sum(faults.get(rule, 0) for rule in _GUARDED),
        over_ceiling=_over_ceiling(blueprint, state),
        probed_after_two_failed=_probed_after_two_failed(talk.events),
        said_forbidden=_said(persona.expected.never_said, talk.events),
        not_erased=tuple(one for one in persona.expected.erased if one.lower() in everything.lower()),
        faults={str(rule): count for rule, count in faults.items()},
        quality=judged.score,
        gaps_s=tuple(round(gap, 2) for gap in talk.gaps),
    )


def lapses(talk: TalkFigures) -> list[str]:
    """What went wrong in a talk, each in a few words: why somebody should read it."""
    found = [f"{key} was missed" for key in talk.missed if talk.stayed]
    found += [f"“{question}” was put again" for question in talk.repeated]
    found += [f"“{words}” was said" for words in talk.said_forbidden]
    found += [f"“{words}” was kept" for words in talk.not_erased]
    counts = (
        ("cut-ins", talk.cut_ins),
        ("violations of the probe guard", talk.guard_violations),
        ("follow-ups too many", talk.over_ceiling + talk.probed_after_two_failed),
    )
    found += [f"{what}: {count}" for what, count in counts if count]
    if talk.off_path:
        found.append(f"went {' → '.join(talk.path)}")
    return found


def _required(blueprint: Blueprint, state: RunState) -> list[str]:
    visited = set(state.path)
    return [
        key
        for key, node in blueprint.graph.nodes.items()
        if node.required and (key in visited or on_every_path(blueprint, key))
    ]


def _covered(state: RunState, key: str) -> bool:
    """Answered, or left at the participant's own wish."""
    node = state.node(key)
    if node.outcome == "answered":
        return bool(state.answers_at(key)) or bool(node.data)
    return node.outcome in ("refused", "skipped", "shown")


def _found(facts: Sequence[PlantedFact], said: str) -> int:
    heard = said.lower()
    return sum(any(re.search(marker.lower(), heard) for marker in fact.markers) for fact in facts)


def _first_answers(events: Sequence[Event], state: RunState) -> list[str]:
    """What was answered to questions before any probe."""
    kinds = {
        event.body.speech_id: event.body.kind for event in events if isinstance(event.body, QuestionAsked)
    }
    asked: dict[int, str] = {}
    for event in events:
        if isinstance(event.body, AnswerCommitted) and event.body.reply_to is not None:
            asked[event.body.turn_id] = kinds.get(event.body.reply_to, "question")
    return [answer.text for answer in state.answers if asked.get(answer.turn_id, "question") != "probe"]


def repeated_questions(events: Sequence[Event]) -> list[str]:
    """Questions and probes that were put in the same words once they had been answered."""
    answered: dict[int, tuple[str, str]] = {}
    by_speech: dict[int, tuple[str, str]] = {}
    repeats, allowed = [], False
    for event in events:
        body = event.body
        match body:
            case QuestionAsked():
                put = (body.node_key, body.text)
                by_speech[body.speech_id] = put
                if put in answered.values() and not allowed:
                    repeats.append(body.text)
                allowed = False
            case Say(kind="re_ask") if body.node_key is not None and not allowed:
                repeats += [body.text] if (body.node_key, body.text) in answered.values() else []
            case AnswerCommitted() if body.reply_to in by_speech:
                answered[body.turn_id] = by_speech[body.reply_to]
            case AnswerReopened() | AnswerStruck():
                answered.pop(body.turn_id, None)
            case AnswerJudged(verdict="distress"):  # the question waits for whoever wants to go on
                answered.pop(body.turn_id, None)
            case FieldMissed():  # no value was understood: it is asked for again
                for turn_id in [t for t, (key, _) in answered.items() if key == body.node_key][-1:]:
                    del answered[turn_id]
            case FieldsReopened():  # what was understood was not right
                answered = {t: put for t, put in answered.items() if put[0] != body.node_key}
            case NodeEntered(reason="back"):
                allowed = True
            case _:
                pass
    return repeats


def _over_ceiling(blueprint: Blueprint, state: RunState) -> int:
    nodes = blueprint.graph.nodes
    return sum(
        max(0, state.node(key).follow_ups - probing_ceiling(blueprint, nodes[key]))
        for key in set(state.path) & set(nodes)
    )


def _probed_after_two_failed(events: Sequence[Event]) -> int:
    """Probes that came though the two before them at the same node had brought nothing."""
    count, failed, probing = 0, 0, ""
    before: list[Answer] = []
    for event in events:
        body = event.body
        match body:
            case NodeEntered():
                failed, probing, before = 0, "", []
            case ProbeChosen():
                count += failed >= _FAILED_LIMIT
                probing = body.probe.text
            case AnswerCommitted():
                said = " ".join(one.text for one in before)
                failed = failed + 1 if probing and probe_failed(body.text, said) else 0
                before.append(Answer(body.turn_id, body.node_key, body.text, 1.0, ""))
            case _:
                pass
    return count


def _said(forbidden: Sequence[str], events: Sequence[Event]) -> tuple[str, ...]:
    ours = " ".join(event.body.text for event in events if isinstance(event.body, Say)).lower()
    return tuple(words for words in forbidden if words.lower() in ours)
