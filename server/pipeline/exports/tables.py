"""Responses as a table: one row for each question that a run came to. RFC 4180, in UTF-8, with a header.

A spreadsheet takes text that begins like a formula for one, and would run it: such cells begin with an
apostrophe.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from server.pipeline.exports.material import Material

COLUMNS: Final = {
    "run_id": "the run",
    "run_status": "how the run stands",
    "disposition": "how the case ended: an AAPOR code",
    "blueprint_id": "the design",
    "blueprint_version": "the version that the run was held by",
    "external_id": "your own id of the participant",
    "participant_name": "their name, as far as you told",
    "participant_metadata": "what you told of them: JSON",
    "run_metadata": "what you told of the run: JSON",
    "started_at": "when the talk began: RFC 3339, UTC",
    "completed_at": "when the run was complete",
    "language": "the design's language",
    "position": "the question's place on this participant's way, from 1",
    "question_key": "the question's key in the graph",
    "node_type": "question, stimulus, form or custom",
    "question_text": "its words in the design",
    "answered": "true or false",
    "summary": "the answer in short",
    "verbatim": "the answer's exact words, a line for each part",
    "data": "typed values of forms and the like: JSON",
    "sentiment": "how the answer sounds, where there is an analysis",
    "follow_ups_asked": "how many probes were asked",
    "probing_complete": "true or false",
    "transcript_entry_ids": "the transcript's entries that hold the answer, one space between",
}
"""Every column, and what is in it."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def header() -> bytes:
    """The first line."""
    return _line(COLUMNS)


def rows(material: Material) -> Iterator[bytes]:
    """The lines of one run."""
    moods = _moods(material)
    of_run = _of_run(material)
    for position, item in enumerate(material.items, start=1):
        answer = item["answer"] or {}
        cells = {
            **of_run,
            "position": position,
            "question_key": item["question_key"],
            "node_type": item["node_type"],
            "question_text": item["question_text"],
            "answered": item["answered"],
            "summary": answer.get("summary"),
            "verbatim": answer.get("verbatim"),
            "data": item.get("data"),
            "sentiment": moods.get(item["question_key"]),
            "follow_ups_asked": item["follow_ups_asked"],
            "probing_complete": item["probing_complete"],
            "transcript_entry_ids": " ".join(answer.get("transcript_entry_ids", ())),
        }
        yield _line(_cell(cells[name]) for name in COLUMNS)


def _of_run(material: Material) -> dict[str, Any]:
    run, participant = material.run, material.run["participant"]
    return {
        "run_id": run["id"],
        "run_status": run["status"],
        "disposition": material.disposition["code"],
        "blueprint_id": run["blueprint_id"],
        "blueprint_version": run["blueprint_version"],
        "external_id": participant["external_id"],
        "participant_name": participant["name"],
        "participant_metadata": participant["metadata"] or None,
        "run_metadata": run["metadata"] or None,
        "started_at": run["started_at"],
        "completed_at": run["completed_at"],
        "language": material.design.settings.language,
    }


def _moods(material: Material) -> dict[str, str]:
    results = material.results or {}
    moods = (results.get("sentiment") or {}).get("by_question") or ()
    return {mood["question_key"]: mood["sentiment"] for mood in moods}


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return safe_cell(value)
        case _:
            return safe_cell(json.dumps(value, ensure_ascii=False, sort_keys=True))


def safe_cell(text: str) -> str:
    """The text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()
