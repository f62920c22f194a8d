"""The faults of an interviewer, each looked for in the log. What a fault costs is not known here."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from dialog import script
from dialog.blueprint import Blueprint
from dialog.commands import Say
from dialog.dead_air import dead_air
from dialog.events import (
    AnswerCommitted,
    AnswerErased,
    AnswerReopened,
    AnswerStruck,
    Event,
    Fact,
    FieldPassed,
    FloorChanged,
    InterviewFinished,
    InterviewPaused,
    InterviewResumed,
    NodeClosed,
    NodeEntered,
    NoticeGiven,
    QuestionAsked,
    RightUsed,
    WordsHeard,
)
from dialog.guarding.said import Heard
from dialog.lexicon import plain
from dialog.probe_guard import GuardContext, Line, check
from dialog.quality.exposure import as_written
from dialog.quality.findings import LONGEST_HOLD, LONGEST_SILENCE, SPEECH_OVERLAP, Finding, Rule, found
from dialog.quality.probes import ProbeRecord
from dialog.quality.reading import Reading, Sitting, Spoken, Voice
from dialog.rights import is_backchannel
from dialog.routing import next_route
from dialog.run import apply
from dialog.run_state import RunState
from dialog.signals import Signal
from dialog.struck_sound import TOMBSTONE

_TOKENS = frozenset(("acknowledgement", "cue"))
_TAKING_THE_FLOOR = frozenset(("question", "probe", "re_ask", "check_in", "outro"))
"""A notice answers what somebody has just claimed, and may well meet the rest of their words."""
_AFTER_A_COLON = re.compile(r":\s+([^:.?!]+)[.?!]")
_BY_GUARD: dict[str, Rule] = {
    "presumed_answer": "leading_probe",
    "unlisted_options": "leading_probe",
    "false_attribution": "leading_probe",
    "other_participant": "leading_probe",
    "two_questions": "double_barrelled",
    "repeat": "repeat",
    "evaluation": "evaluative_remark",
    "opinion_or_advice": "evaluative_remark",
}
"""Which fault each rule of the probe guard is; every other one is an `unguarded_probe`."""


def probe_faults(records: Sequence[ProbeRecord], reading: Reading) -> Iterator[Finding]:
    """Probes that were heard and should not have been, each fault of one probe once."""
    for record in records:
        if record.asked is None or not _reached(record.asked, record.session_id, reading):
            continue
        broken: dict[Rule, list[str]] = {}
        for violation in record.violations:
            broken.setdefault(_BY_GUARD.get(violation, "unguarded_probe"), []).append(violation)
        for rule, names in broken.items():
            message = f"A probe breaks the guard's rules: {', '.join(names)}."
            yield found(
                rule, message, record.session_id, record.asked, record.chosen, node_key=record.node_key
            )
        if record.over_ceiling:
            message = f"Follow-up {record.number} is more than the design allows at this question."
            yield found("over_ceiling", message, record.session_id, record.asked, node_key=record.node_key)


def _reached(asked: Event, session_id: str, reading: Reading) -> bool:
    number = asked.body.speech_id if isinstance(asked.body, QuestionAsked) else 0
    for sitting in reading.sittings:
        if sitting.session_id == session_id and (speech := sitting.spoken.get(number)) is not None:
            return speech.reached
    return False


def wording_faults(blueprint: Blueprint, reading: Reading) -> Iterator[Finding]:
    """Questions that must be spoken exactly and were not, and questions put again though they were
    answered."""
    state = RunState()
    for sitting, event in reading.placed():
        body = event.body
        node = blueprint.graph.nodes.get(body.node_key) if isinstance(body, QuestionAsked) else None
        if isinstance(body, QuestionAsked) and body.kind == "question" and node is not None:
            speech = sitting.spoken.get(body.speech_id)
            said = speech.text if speech is not None else body.text
            words = (body.text, said)
            altered = not as_written(node, body) or said != body.text
            if node.verbatim and altered and TOMBSTONE not in words:
                message = "A question that must be spoken exactly was worded otherwise."
                yield found("verbatim_altered", message, sitting.session_id, event, node_key=node.key)
            known = state.node(node.key)
            answered = known.outcome == "answered" if body.field is None else body.field in known.data
            if answered:
                message = "A question was put again though it had been answered."
                yield found("repeat", message, sitting.session_id, event, node_key=node.key)
        if isinstance(body, Fact):
            state = apply(state, body)


def missed_questions(
    blueprint: Blueprint, reading: Reading, metadata: Mapping[str, object]
) -> Iterator[Finding]:
    """Required questions that an interview left out which we brought to its end."""
    state, asked = RunState(), set()
    ended: tuple[Sitting, Event] | None = None
    for sitting, event in reading.placed():
        if isinstance(event.body, QuestionAsked):
            asked.add(event.body.node_key)
        if isinstance(event.body, Fact):
            state = apply(state, event.body)
        if isinstance(event.body, InterviewFinished) and event.body.outcome in ("completed", "time"):
            ended = sitting, event
    if ended is None:
        return
    left = [key for key in dict.fromkeys(state.path) if key not in asked] + _ahead(blueprint, state, metadata)
    for key in dict.fromkeys(left):
        node = blueprint.graph.nodes.get(key)
        if node is not None and node.required and key not in asked:
            message = "A required question on the participant's way was never put."
            yield found("required_missed", message, ended[0].session_id, ended[1], node_key=key)


def _ahead(blueprint: Blueprint, state: RunState, metadata: Mapping[str, object]) -> list[str]:
    """The required nodes that would still have come, as far as the answers tell."""
    keys: list[str] = []
    for _ in blueprint.graph.nodes:
        route = next_route(blueprint, state, metadata, frozenset(), required_only=True)
        if route.node_key is None:
            break
        keys.append(route.node_key)
        passed = replace(state.node(route.node_key), outcome="skipped")
        state = replace(state, current=route.node_key, nodes={**state.nodes, route.node_key: passed})
    return keys


def talking_over(reading: Reading) -> Iterator[Finding]:
    """Where we began to speak while the participant was speaking, or before they had ended."""
    for sitting in reading.sittings:
        told: set[int] = set()
        committed: dict[int, Event] = {}
        begun: Spoken | None = None
        for event in sitting.events:
            body = event.body
            if isinstance(body, AnswerCommitted):
                committed[body.turn_id], begun = event, None
            elif isinstance(body, AnswerReopened) and body.turn_id in committed and not body.none:
                begun = _begun_between(sitting, committed[body.turn_id], event)
                if begun is not None:
                    told.add(begun.speech_id)
                    message = "The next question began before the answer had ended."
                    yield found(
                        "talk_over", message, sitting.session_id, begun.began, event, node_key=begun.node_key
                    )
        under: set[int] = set()
        for speech in sitting.spoken.values():
            voice = _under(speech, sitting) if speech.speech_id not in told else None
            if voice is not None and voice.began.seq not in under:
                under.add(voice.began.seq)
                message = "We began to speak while the participant was speaking."
                yield found(
                    "talk_over",
                    message,
                    sitting.session_id,
                    speech.began,
                    voice.began,
                    node_key=speech.node_key,
                )


def _begun_between(sitting: Sitting, committed: Event, reopened: Event) -> Spoken | None:
    for speech in sitting.spoken.values():
        if speech.kind not in _TOKENS and speech.began is not None:
            if committed.seq < speech.began.seq < reopened.seq:
                return speech
    return None


def _under(speech: Spoken, sitting: Sitting) -> Voice | None:
    """The voice that a speech began over: one with words of its own, not only a sign of listening."""
    if speech.kind not in _TAKING_THE_FLOOR or speech.began is None or not speech.seconds:
        return None
    at = speech.began.at
    for voice in sitting.voices:
        ended_at = voice.ended_at if voice.ended_at is not None else voice.began.at
        spans = voice.began.at <= at - SPEECH_OVERLAP and ended_at >= at + SPEECH_OVERLAP
        if spans and voice.text and not is_backchannel(voice.text):
            return voice
    return None


def remarks(blueprint: Blueprint, reading: Reading) -> Iterator[Finding]:
    """Verdicts on an answer, outside of probes: whatever of ours is neither the design's nor known words."""
    known = set(script.known_words(blueprint))
    theirs = _said(reading)
    heard = Heard()
    for sitting, speech in reading.spoken():
        if speech.kind in ("opening", "question", "probe", "outro") or speech.text in known:
            continue
        if not speech.reached or speech.text == TOMBSTONE:
            continue
        broken = set(
            check(_without_what_is_said_back(speech.text, theirs), GuardContext(transcript=theirs), heard)
        )
        # Of a word that only takes an answer, anything beside the known ones is an opinion of it.
        if "evaluation" in broken or (speech.kind in _TOKENS and "opinion_or_advice" in broken):
            message = "An answer was judged aloud."
            yield found(
                "evaluative_remark",
                message,
                sitting.session_id,
                speech.said,
                speech.began,
                node_key=speech.node_key,
            )


def _said(reading: Reading) -> tuple[Line, ...]:
    """What the participant said: the answers, and what was heard of those that were broken off."""
    answers = [answer.committed.text for answer in reading.answers.values()]
    pieces = [event.body.text for _, event in reading.placed() if isinstance(event.body, WordsHeard)]
    return tuple(Line("participant", text) for text in dict.fromkeys(answers + pieces) if text)


def _without_what_is_said_back(text: str, theirs: Sequence[Line]) -> str:
    """A text without what it gives back after a colon, word by word: "You were saying: it was good." """
    lines = [f" {plain(line.text)} " for line in theirs]

    def ours(found: re.Match[str]) -> str:
        words = f" {plain(found[1])} "
        return "." if any(words in line for line in lines) else found.group()

    return _AFTER_A_COLON.sub(ours, text)


def silences(reading: Reading) -> Iterator[Finding]:
    """Dead air: too long a silence while the participant waits for us."""
    for sitting in reading.sittings:
        floors = [event for event in sitting.events if isinstance(event.body, FloorChanged)]
        for silence in dead_air(sitting.events):
            within = [one for one in floors if silence.began_at <= one.at <= silence.ended_at]
            before = [one for one in floors if one.at < silence.began_at][-1:]
            held = any(
                isinstance(one.body, FloorChanged) and one.body.state == "hold" for one in before + within
            )
            if silence.duration <= (LONGEST_HOLD if held else LONGEST_SILENCE):
                continue
            message = f"Nobody was heard for {silence.duration:.1f} s while it was our turn."
            one = found("dead_air", message, sitting.session_id, *(before or within[:1]))
            yield replace(one, at=round(silence.began_at, 3))


def rights_denied(reading: Reading, *, over: bool) -> Iterator[Finding]:
    """Rights that were claimed and had no consequence; `over`: nothing more will come of them."""
    paused = False
    erased = {event.body.turn_id for _, event in reading.placed() if isinstance(event.body, AnswerErased)}
    for sitting in reading.sittings:
        for place, event in enumerate(sitting.events):
            body = event.body
            if isinstance(body, InterviewPaused | InterviewResumed):
                paused = isinstance(body, InterviewPaused)
            elif isinstance(body, RightUsed):
                outputs = _until_next_signal(sitting.events, place + 1)
                if not _honoured(body.right, outputs, paused):
                    message = f"The right to {_NAMED.get(body.right, body.right)} was claimed without effect."
                    yield found("right_not_honoured", message, sitting.session_id, event)
            elif isinstance(body, AnswerStruck) and over and body.turn_id not in erased:
                message = "An answer that was struck is not erased yet."
                yield found("right_not_honoured", message, sitting.session_id, event)


_NAMED = {
    "slower": "a slower voice",
    "back": "go back",
    "strike": "have an answer erased",
    "human": "a person",
}


def _until_next_signal(events: Sequence[Event], start: int) -> list[Event]:
    outputs: list[Event] = []
    for event in events[start:]:
        if isinstance(event.body, Signal):
            break
        outputs.append(event)
    return outputs


def _honoured(right: str, outputs: Sequence[Event], paused: bool) -> bool:
    bodies = [event.body for event in outputs]
    said = [body.kind for body in bodies if isinstance(body, Say)]
    match right:
        case "repeat" | "slower":
            return "re_ask" in said
        case "skip":
            return any(isinstance(body, NodeClosed | FieldPassed) for body in bodies)
        case "back":
            went = any(isinstance(body, NodeEntered) and body.reason == "back" for body in bodies)
            return went or "notice" in said
        case "pause":
            return paused or any(isinstance(body, InterviewPaused) for body in bodies)
        case "resume":
            return not paused or any(isinstance(body, InterviewResumed) for body in bodies)
        case "strike":
            return "notice" in said or any(isinstance(body, AnswerStruck) for body in bodies)
        case "human":
            return any(isinstance(body, NoticeGiven) for body in bodies)
        case "stop":
            return bool(said)
        case _:
            return True
