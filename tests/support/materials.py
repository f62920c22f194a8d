"""Runs as exports take them, made of played talks: no database."""

from collections.abc import Sequence
from typing import Any

from dialog.blueprint import Blueprint
from dialog.events import Event, SessionOpened
from dialog.quality.disposition import disposition
from dialog.responses import completion_rate, response_items
from dialog.transcript import transcript, transcript_entries
from server.pipeline.exports.material import Material
from tests.support.blueprints import two_questions
from tests.support.play import Stage

RUN_ID = "run_0198c7f0a1b27c3d8e4f5a6b7c8d9e0f"
STARTED_MS = 1_790_000_000_000
WHEN = "2026-09-21T14:13:20.000Z"


def played(answers: Sequence[str], design: Blueprint) -> list[Event]:
    """The log of a talk in which these are the answers, one after the other."""
    stage = Stage(design)
    for answer in answers:
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.5, answer) + 1.5)
    stage.run_until_floor_is("closed")
    opened = SessionOpened("ses_" + "0" * 20 + "0123456789ab", "webrtc", STARTED_MS, 1)
    events = [Event(1, 0.0, opened), *stage.events]
    return [Event(seq, event.at, event.body) for seq, event in enumerate(events, start=1)]


def material(
    *answers: str,
    run_id: str = RUN_ID,
    design: Blueprint | None = None,
    themes: Sequence[tuple[str, str]] = (),
    **participant: Any,
) -> Material:
    """A finished run. `themes` are labels with a quote of an answer each."""
    design = design or two_questions()
    events = played(answers or ("i got up at seven", "we sang songs by the river"), design)
    entries, items = transcript(events), response_items(design, events)
    found = disposition(design, events, status="completed", declined=False, final=True)
    return Material(
        run={
            "id": run_id,
            "status": "completed",
            "blueprint_id": "bp_" + "1" * 32,
            "blueprint_version": 3,
            "participant": {"external_id": "e-17", "name": "Kim", "metadata": {}} | participant,
            "metadata": {"wave": 2},
            "started_at": WHEN,
            "completed_at": WHEN,
            "created_at": WHEN,
            "updated_at": WHEN,
        },
        transcript={
            "entries": transcript_entries(events),
            "word_count": sum(len(e.content.split()) for e in entries if e.role == "participant"),
            "duration_s": 40,
        },
        responses={"items": items, "completion_rate": completion_rate(items)},
        analysis=_analysis(themes, events) if themes else None,
        disposition={"code": found.code, "label": found.label},
        design=design,
        entries=entries,
    )


def _analysis(themes: Sequence[tuple[str, str]], events: Sequence[Event]) -> dict[str, Any]:
    said = [entry for entry in transcript(events) if entry.role == "participant"]
    items = []
    for label, quote in themes:
        entry = next(one for one in said if quote in one.content)
        items.append({"label": label, "salience": 0.5, "evidence": [{"entry_id": entry.id, "quote": quote}]})
    return {
        "model": "embedded",
        "results": {
            "summary": {"content": "A day by the river.", "word_count": 5},
            "themes": {"items": items},
            "sentiment": {
                "overall": "positive",
                "by_question": [{"question_key": "morning", "sentiment": "neutral"}],
            },
        },
    }
