"""What a rehearsal showed: from the run's log how turns were taken, from the ear how it felt."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dialog.blueprint import Blueprint
from dialog.events import AnswerReopened, Event, FallbackUsed, NodeEntered
from dialog.latency import Reply, percentile, replies, stage_times
from server.rehearsal.graph_paths import on_every_path
from server.rehearsal.participant import Performance, SpokenAnswer
from server.rehearsal.recorded_talk import RecordedTalk
from server.rehearsal.word_errors import WordErrors, word_errors

MOST_WORD_ERRORS: Final = 0.25
"""Share of the words said beyond which what is on the record isn't what was said."""

LONGEST_OVERLAP: Final = 1.0
"""Seconds for which both may speak at once: as long as it takes to notice and to fall silent."""


def turn_times(rows: Sequence[Reply]) -> list[dict[str, Any]]:
    """Of each answer on the record, seconds from the end of its speech to each step; None without one."""

    def after(reply: Reply, at: float | None) -> float | None:
        return None if at is None else round(at - reply.speech_ended_at, 3)

    return [
        {
            "turn_id": reply.turn_id,
            "node_key": reply.node_key,
            "kind": reply.kind,
            "stage": reply.stage,
            "silence_began": after(reply, reply.silence_began_at),
            "taken": after(reply, reply.taken_at),
            "first_audio": _rounded(reply.first_audio_gap),
            "judge_asked": after(reply, reply.judge_asked_at),
            "first_token": after(reply, reply.first_token_at),
            "judged": after(reply, reply.judged_at),
            "committed": after(reply, reply.committed_at),
            "said": after(reply, reply.said_at),
            "first_byte": after(reply, reply.first_byte_at),
            "first_packet": after(reply, reply.first_packet_at),
            "question_began": _rounded(reply.question_gap),
            "releases": reply.releases,
            "reopened": reply.reopened,
            "fallback": reply.fallback,
            "drafted": reply.drafted,
        }
        for reply in rows
    ]


def stage_percentiles(rows: Sequence[Reply]) -> dict[str, dict[str, float | int | None]]:
    """p50, p90 and p99 of each stage (dialog.latency.STAGES), in seconds, and of how many replies."""
    return {
        stage: {
            "replies": len(seconds),
            **{f"p{percent}": _rounded(percentile(seconds, percent / 100)) for percent in (50, 90, 99)},
        }
        for stage, seconds in stage_times(rows).items()
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def understood(answers: Sequence[SpokenAnswer], items: Sequence[dict[str, Any]]) -> dict[str, WordErrors]:
    """Word errors of each node's answers: what was said to it against the verbatim of its response."""
    said: dict[str, list[str]] = {}
    for answer in answers:
        said.setdefault(answer.node_key, []).append(answer.said)
    verbatim = {
        str(item["question_key"]): str((item.get("answer") or {}).get("verbatim") or "") for item in items
    }
    return {key: word_errors(" ".join(words), verbatim.get(key, "")) for key, words in said.items()}


def build_report(
    performance: Performance,
    blueprint: Blueprint,
    events: Sequence[Event],
    items: Sequence[dict[str, Any]],
    *,
    expected_path: Sequence[str],
    recording: RecordedTalk | None,
) -> dict[str, Any]:
    """Everything that was measured, as JSON values.

    `items` are the run's responses; an empty `expected_path` leaves the path open; `recording` is None when
    there is none that can be played.
    """
    errors = understood(performance.answers, items)
    total = sum(errors.values(), WordErrors(0, 0))
    rows = replies(events)
    gaps = [a.replied_at - a.ended_at for a in performance.answers if a.replied_at is not None]
    return {
        "outcome": performance.outcome,
        "duration_s": round(performance.duration, 1),
        "answers": len(performance.answers),
        "required_unanswered": _required_unanswered(blueprint, items),
        "path_taken": [event.body.node_key for event in events if isinstance(event.body, NodeEntered)],
        "path_expected": list(expected_path),
        "word_errors": {"errors": total.errors, "words": total.words, "rate": round(total.rate, 3)},
        "word_errors_by_question": {key: round(found.rate, 3) for key, found in errors.items()},
        "gaps_at_the_ear_s": {
            "p50": _rounded(percentile(gaps, 0.5)),
            "p95": _rounded(percentile(gaps, 0.95)),
        },
        "cut_ins": sum(answer.cut_in for answer in performance.answers),
        "reopened": sum(isinstance(event.body, AnswerReopened) for event in events),
        "fallbacks": sum(isinstance(event.body, FallbackUsed) for event in events),
        "recording": msgspec.to_builtins(recording),
        "stages_s": stage_percentiles(rows),
        "turns": turn_times(rows),
        "spoken_answers": msgspec.to_builtins(performance.answers),
        "remarks": list(performance.remarks),
    }


def _required_unanswered(blueprint: Blueprint, items: Sequence[dict[str, Any]]) -> list[str]:
    """Required nodes that were visited and have no answer, and those on every path that were not visited."""
    visited = {item["question_key"]: bool(item["answered"]) for item in items}
    return [
        key
        for key, node in blueprint.graph.nodes.items()
        if node.required and not visited.get(key, not on_every_path(blueprint, key))
    ]


def shortcomings(report: dict[str, Any]) -> list[str]:
    """What keeps a rehearsal from having gone well, each in a sentence; none when it did."""
    found = []
    if report["outcome"] != "completed":
        found.append(f"The interview ended as “{report['outcome']}”, not completed.")
    if report["required_unanswered"]:
        found.append(f"No answer is on the record for {', '.join(report['required_unanswered'])}.")
    if report["path_expected"] and report["path_expected"] != report["path_taken"]:
        found.append(f"The path was not {' → '.join(report['path_expected'])}, as this persona's must be.")
    if report["word_errors"]["rate"] > MOST_WORD_ERRORS:
        found.append(f"Of the words said, {report['word_errors']['rate']:.0%} are wrong on the record.")
    return found + _shortcomings_of_the_recording(report["recording"])


def _shortcomings_of_the_recording(recording: dict[str, float] | None) -> list[str]:
    if recording is None:
        return ["There is no recording that can be played."]
    found = [
        f"The {side} is not to be heard in the recording."
        for side in ("participant", "agent")
        if not recording[f"{side}_speech_s"]
    ]
    if recording["longest_overlap_s"] > LONGEST_OVERLAP:
        found.append(f"Both spoke at once for {recording['longest_overlap_s']:.1f} s.")
    return found
