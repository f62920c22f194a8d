"""How well a run was led, as the API shows it: the score with its reasons, the AAPOR disposition, the probe
records and the exposure. All of it is read off the log when it is asked for."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from dialog.blueprint import Blueprint
from dialog.events import Event
from dialog.quality.disposition import Category, Code
from dialog.quality.findings import Rule
from dialog.quality.probes import ProbeOutcome, Source
from dialog.quality.score import Consent, Quality, Verdict, assess
from dialog.signals import PartialTranscript
from server.api.house import house_of
from server.api.studies.conventions import Reader, errors, shown
from server.api.studies.in_steps import in_a_thread
from server.api.studies.run_logs import erased, whole_log
from server.api.studies.run_material import disposition_of, disposition_shown
from server.api.studies.runs import RunId, find_run
from server.store.run import Run
from server.store.run_status import TERMINAL

router = APIRouter(tags=["Interview runs"])


class RuleObject(BaseModel):
    """One rule's part in the score."""

    rule: Rule
    weight: int = Field(description="Points for each occurrence; 0 is told, and costs nothing.")
    count: int
    points: int
    observed: bool = Field(description="There was an occasion: without one, a count of 0 says nothing.")


class ReasonObject(BaseModel):
    """One thing that was wrong, and the events that show it."""

    rule: Rule
    points: int
    message: str
    node_key: str | None
    session_id: str
    at: float = Field(description="Seconds in the session.")
    event_seqs: list[int]


class DispositionObject(BaseModel):
    """How the case ended, by AAPOR's Standard Definitions."""

    code: Code
    category: Category = Field(
        description="`I` complete, `P` partial, `R` refusal or break-off, `O` other, `UO` unknown."
    )
    label: str
    final: bool = Field(description="False: what it would be if nothing more came.")
    applicable: int = Field(description="Questions on the participant's way.")
    answered: int
    share_answered: float = Field(ge=0, le=1)


class ProbeRecordObject(BaseModel):
    """One follow-up question: what it was for, where it came from, what it brought."""

    node_key: str
    number: int = Field(description="1 for the first at its node.")
    technique: str
    reason: str = Field(description="What the answer lacked.")
    question: str | None = Field(description="Null where it quoted what the participant had erased.")
    source: Source = Field(description="Who worded it.")
    judged_by: str
    drafted: bool = Field(description="The answer had been judged ahead of its end.")
    refused: list[str] = Field(description="Rules that the judge's own wording broke; it was not asked.")
    violations: list[str] = Field(description="Rules that the question breaks all the same.")
    entry_id: str | None = Field(description="The answer that it hangs on, in the transcript.")
    span: str | None = Field(description="The participant's own words that it carries.")
    session_id: str
    at: float
    seq: int
    heard_share: float = Field(ge=0, le=1)
    outcome: ProbeOutcome
    reply_entry_id: str | None
    words: int = Field(description="In the reply.")
    words_gained: int = Field(description="Words of content that the answer did not have before.")
    participant_s: float = Field(description="Seconds of voice in the reply.")


class ExposureObject(BaseModel):
    """One question of the design, and what this participant was exposed to of it."""

    node_key: str
    node_type: str
    required: bool
    visited: bool
    asked: bool
    times_asked: int
    worded_as_written: bool | None
    must_be_verbatim: bool
    heard_share: float = Field(ge=0, le=1)
    heard_in_full: bool
    session_id: str | None
    asked_at: float | None
    asked_seq: int | None
    outcome: str | None
    follow_ups: int
    answers: int
    participant_s: float
    participant_words: int
    agent_s: float


class QualityObject(BaseModel):
    """How an interview was led. `score` is null where nobody has talked."""

    run_id: str
    organization_id: str
    test_mode: bool
    status: Literal["processing", "completed"]
    score: int | None = Field(ge=0, le=100, description="100 less the points.")
    points: int | None
    verdict: Verdict | None = Field(description="`pass` up to 7 points, `fail` from 20 on.")
    rules: list[RuleObject]
    reasons: list[ReasonObject]
    disposition: DispositionObject
    probes: list[ProbeRecordObject]
    exposure: list[ExposureObject]
    agent_s: float
    participant_s: float
    object: Literal["quality"]


@router.get(
    "/interview-runs/{run_id}/quality",
    response_model=QualityObject,
    responses=errors(),
    summary="Read how well a run was led",
)
async def read_quality(request: Request, key: Reader, run_id: RunId) -> Response:
    """The interviewer's score with the events behind it, the AAPOR disposition, every probe's record, and
    what of each question was asked and heard. While the talk goes on, of what has happened so far."""
    run, house = await find_run(request, key, run_id), house_of(request)
    events = await whole_log(house, run.id, PartialTranscript)
    design = await house.design(run)
    return shown(await in_a_thread(house.steps, lambda: quality_object(run, design, erased(events))))


def quality_object(run: Run, design: Blueprint, events: list[Event]) -> dict[str, Any]:
    """How a run was led, as the API shows it."""
    over = run.status in TERMINAL
    consent = Consent(
        needed=run.consent_status != "not_required",
        granted=run.consent_status == "granted",
        answered_at_ms=None if run.consent is None else run.consent.answered_at,
    )
    quality = assess(design, events, consent=consent, metadata=run.participant.metadata, over=over)
    return {
        "run_id": run.id,
        "organization_id": run.organization_id,
        "test_mode": run.test_mode,
        "status": "completed" if over else "processing",
        **_scored(quality if events else None),
        "rules": [_of(RuleObject, tally) for tally in quality.tallies],
        "reasons": [_of(ReasonObject, reason, event_seqs=reason.events) for reason in quality.reasons],
        "disposition": disposition_shown(disposition_of(run, design, events)),
        "probes": [
            _of(ProbeRecordObject, record, seq=record.chosen.seq, participant_s=record.seconds)
            for record in quality.probes
        ],
        "exposure": [_of(ExposureObject, one) for one in quality.exposure],
        "agent_s": quality.agent_s,
        "participant_s": quality.participant_s,
        "object": "quality",
    }


def _scored(quality: Quality | None) -> dict[str, Any]:
    if quality is None:
        return {"score": None, "points": None, "verdict": None}
    return {"score": quality.score, "points": quality.points, "verdict": quality.verdict}


def _of(model: type[BaseModel], thing: object, **otherwise: Any) -> dict[str, Any]:
    """What a model shows of a thing; `otherwise` is what isn't called the same in both."""
    return {
        name: otherwise[name] if name in otherwise else getattr(thing, name) for name in model.model_fields
    }
