"""Interview runs and what comes of them, as the API shows them: models for the description, plain dicts for
the answers."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from dialog.analysis import Sentiment
from dialog.blueprint import Blueprint
from dialog.contents import responses_content, transcript_content
from dialog.events import Event
from dialog.transcript import rfc3339
from server.api.studies.agents import AgentObject
from server.api.studies.blueprints import BlueprintObject
from server.api.studies.channels import ChannelObject
from server.api.studies.connectors import ConnectorObject
from server.api.studies.conventions import ListOf
from server.store.documents import Document, DocumentStatus, Found, OfRun
from server.store.run import Run, RunSecrets
from server.store.run_status import ConsentStatus, RunStatus


class ParticipantObject(BaseModel):
    """Whoever is interviewed, as far as you told."""

    external_id: str | None
    name: str | None
    metadata: dict[str, Any]


class ProgressObject(BaseModel):
    """How far a run is. `paused` is there only while it is."""

    nodes_total: int
    nodes_visited: int
    current_node: str | None
    path_taken: list[str]
    duration_s: int
    estimated_remaining_s: int | None
    paused: Literal[True] | None = None


class TranscriptEntry(BaseModel):
    """Who said what when. What the agent said is what was heard of it."""

    id: str
    role: Literal["agent", "participant", "system", "operator"]
    content: str
    timestamp: str
    duration_ms: int
    session_id: str
    node_id: str | None
    question_key: str | None
    entry_type: Literal["utterance", "content_presented", "content_response", "event"]
    confidence: float | None


class TranscriptObject(BaseModel):
    """What was said in a run, in the order of time."""

    id: str
    run_id: str
    organization_id: str
    test_mode: bool
    status: DocumentStatus
    entries: list[TranscriptEntry]
    word_count: int = Field(description="The participant's.")
    duration_s: int
    language: str
    created_at: str
    updated_at: str
    object: Literal["transcript"]


class AnswerObject(BaseModel):
    """What was answered, in the participant's words."""

    summary: str
    verbatim: str
    transcript_entry_ids: list[str]


class ResponseItem(BaseModel):
    """What was asked at one node, and what came of it."""

    node_id: str
    question_key: str
    question_text: str
    answered: bool
    answer: AnswerObject | None
    data: dict[str, Any] | None = Field(None, description="Of forms and the like, once it is given.")
    follow_ups_asked: int
    probing_complete: bool
    node_type: Literal["question", "stimulus", "form", "custom"]


class ResponsesObject(BaseModel):
    """What was answered in a run, one item for each node that was visited."""

    id: str
    run_id: str
    organization_id: str
    test_mode: bool
    status: DocumentStatus
    items: list[ResponseItem]
    path_taken: list[str]
    completion_rate: float
    created_at: str
    updated_at: str
    object: Literal["response"]


class SummaryObject(BaseModel):
    """What was said, in short."""

    content: str
    word_count: int


class EvidenceObject(BaseModel):
    """The participant's own words: `quote` is a part of what the transcript's entry holds, byte for byte."""

    entry_id: str
    quote: str


class ThemeObject(BaseModel):
    """Something that the participant spoke of."""

    label: str
    salience: float = Field(ge=0, le=1, description="How much of the talk it takes up.")
    evidence_count: int
    evidence: list[EvidenceObject]


class ThemesObject(BaseModel):
    """What the participant spoke of, the most salient first."""

    items: list[ThemeObject]


class MoodObject(BaseModel):
    """How an answer sounds."""

    question_key: str
    sentiment: Sentiment


class SentimentObject(BaseModel):
    """How it all sounds, and each answer."""

    overall: Sentiment
    by_question: list[MoodObject]


class ResultsObject(BaseModel):
    """What an analysis found."""

    summary: SummaryObject
    themes: ThemesObject
    sentiment: SentimentObject


class AnalysisObject(BaseModel):
    """What is made of a run. `results` is null until there are any; while it is made anew, and where that
    fails, they are those of before."""

    id: str
    run_id: str
    organization_id: str
    test_mode: bool
    status: DocumentStatus
    results: ResultsObject | None
    model: str | None = Field(description="Who made it: `embedded` are rules, without a model.")
    created_at: str
    updated_at: str
    object: Literal["analysis"]


class RunObject(BaseModel):
    """One participant's way through one version of a blueprint."""

    id: str
    organization_id: str
    test_mode: bool
    blueprint_id: str
    blueprint_version: int
    agent_id: str
    channel_id: str | None
    connector_id: str | None
    meeting_url: str | None
    dial_in_pin: str | None = Field(description="For keys with the scope `write`.")
    status: RunStatus
    consent_status: ConsentStatus
    participant: ParticipantObject
    join_url: str | None = Field(description="For keys with the scope `write`.")
    join_token: str | None = Field(description="For keys with the scope `write`.")
    expires_at: str | None
    scheduled_at: str | None
    progress: ProgressObject
    current_session_id: str | None
    session_count: int
    transcript_id: str | None
    responses_id: str | None
    analysis_id: str | None
    started_at: str | None
    completed_at: str | None
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    object: Literal["interview_run"]
    blueprint: BlueprintObject | None = Field(None, description="With `expand[]=blueprint`: as it is held.")
    agent: AgentObject | None = None
    channel: ChannelObject | None = None
    connector: ConnectorObject | None = None
    transcript: TranscriptObject | None = None
    responses: ResponsesObject | None = None
    analysis: AnalysisObject | None = None


class RunList(ListOf[RunObject]):
    """A page of runs, newest first."""


def run_object(run: Run, secrets: RunSecrets | None, documents: OfRun, public_url: str) -> dict[str, Any]:
    """A run as the API shows it, not expanded. Without `secrets` its doors stay unnamed."""
    token = None if secrets is None else secrets.join_token
    return {
        "id": run.id,
        "organization_id": run.organization_id,
        "test_mode": run.test_mode,
        "blueprint_id": run.blueprint_id,
        "blueprint_version": run.blueprint_version,
        "agent_id": run.agent_id,
        "channel_id": run.channel_id,
        "connector_id": run.connector_id,
        "meeting_url": run.meeting_url,
        "dial_in_pin": None if secrets is None else secrets.pin,
        "status": run.status,
        "consent_status": run.consent_status,
        "participant": {
            "external_id": run.participant.external_id,
            "name": run.participant.name,
            "metadata": run.participant.metadata,
        },
        "join_url": None if token is None else f"{public_url}/join/{run.id}#{token}",
        "join_token": token,
        "expires_at": _instant(run.expires_at),
        "scheduled_at": _instant(run.scheduled_at),
        "progress": progress_shown(run.progress),
        "current_session_id": run.current_session_id,
        "session_count": run.session_count,
        "transcript_id": _id_of(documents.get("transcript")),
        "responses_id": _id_of(documents.get("responses")),
        "analysis_id": _id_of(documents.get("analysis")),
        "started_at": _instant(run.started_at),
        "completed_at": _instant(run.completed_at),
        "metadata": run.metadata,
        "created_at": rfc3339(run.created_at),
        "updated_at": rfc3339(run.updated_at),
        "object": "interview_run",
    }


def progress_shown(kept: Mapping[str, Any]) -> dict[str, Any]:
    """How far a run is; that it is paused is said only when it is."""
    remaining = kept["estimated_remaining_s"]
    shown = {
        "nodes_total": kept["nodes_total"],
        "nodes_visited": kept["nodes_visited"],
        "current_node": kept["current_node"],
        "path_taken": kept["path_taken"],
        "duration_s": round(kept["duration_s"]),
        "estimated_remaining_s": None if remaining is None else round(remaining),
    }
    return shown | {"paused": True} if kept["paused"] else shown


def _instant(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _id_of(document: Document | None) -> str | None:
    return None if document is None else document.id


def transcript_object(run: Run, document: Document, design: Blueprint, events: list[Event]) -> dict[str, Any]:
    """A transcript as the API shows it: of what has happened so far."""
    return _document(run, document, transcript_content(design.settings.language, events), "transcript")


def responses_object(run: Run, document: Document, design: Blueprint, events: list[Event]) -> dict[str, Any]:
    """Responses as the API shows them: of what has happened so far."""
    return _document(run, document, responses_content(design, events), "response")


def analysis_object(run: Run, document: Document, found: Found | None) -> dict[str, Any]:
    """An analysis as the API shows it, with what it has found, if anything yet."""
    made = found or {}
    content = {"results": made.get("results"), "model": made.get("model")}
    return _document(run, document, content, "analysis")


def _document(run: Run, document: Document, content: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "id": document.id,
        "run_id": run.id,
        "organization_id": run.organization_id,
        "test_mode": run.test_mode,
        "status": document.status,
        **content,
        "created_at": rfc3339(document.created_at),
        "updated_at": rfc3339(document.updated_at),
        "object": name,
    }
