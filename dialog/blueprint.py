"""What a researcher designs: a graph of questions, and the agent that asks them. Shapes only; faults of a
graph are found in blueprint_validation."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialog.estimate import estimated_minutes

Technique = Literal[
    "funnel",
    "five_whys",
    "columbo",
    "socratic",
    "tell_me_more",
    "devils_advocate",
    "silent_probe",
    "hypothetical",
    "labelling",
    "mirroring",
    "calibrated_questions",
    "active_listening",
]
Patience = Literal["closed", "narrative", "recall", "reflect", "dictate"]
Depth = Literal["light", "moderate", "deep"]
FieldType = Literal["text", "number", "rating", "choice", "multi_choice", "boolean", "date"]
Operator = Literal["eq", "neq", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "exists"]

Short = Annotated[str, Field(max_length=300)]
Sentence = Annotated[str, Field(max_length=2_000)]
Text = Annotated[str, Field(max_length=20_000)]
Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class Part(BaseModel):
    """Base of every part of a design: unknown fields and wrong types are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Persona(Part):
    system_prompt: Text
    tone: Literal["conversational", "formal", "neutral"]
    language: Short | None = None


class AgentVoice(Part):
    provider: Short = "embedded"
    voice_id: Short = "en-us"
    speed: float = Field(default=1.0, ge=0.5, le=2.0)


class Boundaries(Part):
    max_follow_ups_per_question: int = Field(default=3, ge=0, le=20)
    off_topic_handling: Literal["gentle_redirect", "firm_redirect", "allow"] = "gentle_redirect"
    sensitive_topics: list[Short] = []


class ModelChoice(Part):
    provider: Literal["anthropic", "openai"]
    model: Short


class ModelConfig(Part):
    generation: ModelChoice
    assessment: ModelChoice


class Agent(Part):
    """The interviewer."""

    name: Short
    description: Text | None = None
    persona: Persona
    voice: AgentVoice | None = None
    techniques: list[Technique]
    probing_depth: Depth
    boundaries: Boundaries = Boundaries()
    model_settings: ModelConfig | None = Field(default=None, alias="model_config")
    model_preset: Literal["economy", "standard", "premium"] | None = None
    metadata: dict[str, Any] = {}


class Probing(Part):
    enabled: bool = True
    max_follow_ups: int = Field(default=2, ge=0, le=20)
    techniques: list[Technique] = []
    completion_hint: Sentence | None = None


class Content(Part):
    """What a stimulus shows or plays."""

    type: Literal["text", "image", "audio", "video", "url"]
    url: Sentence | None = None
    text: Text | None = None
    alt: Sentence = ""
    caption: Sentence | None = None


class FormField(Part):
    name: Key
    label: Sentence
    type: FieldType
    options: list[Short] | None = None
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    required: bool = True


class Node(Part):
    """One step of an interview: what is asked, what it is for, and how patiently and deeply it is asked."""

    type: Literal["question", "stimulus", "form", "custom"]
    key: Key
    text: Sentence
    objective: Sentence | None = None
    required: bool = True
    probing: Probing = Probing()
    verbatim: bool = False
    """The words are spoken exactly as written."""
    patience: Patience | None = None
    fallback_probe: Sentence | None = None
    clarification: Sentence | None = None
    barge_in: bool = True
    section: Short | None = None
    content: Content | None = None
    fields: list[FormField] | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")


class Structured(Part):
    type: Literal["structured"]
    field: Short
    """`<question_key>`, `<question_key>.<form_field>` or `participant.metadata.<name>`."""
    operator: Operator
    value: Any = None


class Assessed(Part):
    type: Literal["agent_assessed"]
    instruction: Sentence


class Edge(Part):
    from_: Key = Field(alias="from")
    to: Key
    condition: Annotated[Structured | Assessed, Field(discriminator="type")] | None = None
    priority: int = Field(default=0, ge=0, le=10_000)

    @property
    def rank(self) -> tuple[int, int]:
        """What edges out of one node are ordered by; equal ranks keep their written order."""
        match self.condition:
            case Structured():
                return self.priority, 0
            case Assessed():
                return self.priority, 1
            case None:
                return self.priority, 2


class Graph(Part):
    entry_node: Key
    nodes: dict[Key, Node]
    edges: list[Edge] = Field(default=[], max_length=5_000)

    def edges_from(self, key: str) -> list[tuple[int, Edge]]:
        """The edges out of a node with their places in `edges`, in the order in which they are tried:
        ascending priority, then structured before assessed before unconditional, then as written."""
        return self._leaving.get(key, [])

    @cached_property
    def _leaving(self) -> dict[str, list[tuple[int, Edge]]]:
        leaving: dict[str, list[tuple[int, Edge]]] = {}
        for index, edge in enumerate(self.edges):
            leaving.setdefault(edge.from_, []).append((index, edge))
        return {key: sorted(out, key=lambda one: one[1].rank) for key, out in leaving.items()}


class Settings(Part):
    estimated_duration_m: int | None = Field(
        default=None, ge=1, le=600, description="Unset, it is estimated from the graph."
    )
    max_duration_m: int = Field(default=45, ge=1, le=600)
    intro_message: Sentence | None = None
    outro_message: Sentence | None = None
    language: Short = "en"
    consent: bool = True
    consent_text: Text | None = None
    help_lines: list[Short] | None = None
    human_contact: Short | None = None
    key_terms: list[Short] = Field(default=[], max_length=100)


class Pipeline(Part):
    """Which stages run after the talk."""

    transcript: bool = True
    responses: bool = True
    analysis: bool = True


class Blueprint(Part):
    """A design, its agent inline: the body that creates a blueprint, and the content of a blueprint file."""

    name: Short
    description: Text | None = None
    agent: Agent
    graph: Graph
    settings: Settings = Settings()
    pipeline: Pipeline = Pipeline()
    metadata: dict[str, Any] = {}

    @cached_property
    def estimated_minutes(self) -> int:
        """How long a participant is told that it takes: the researcher's word, or what the graph says."""
        if (said := self.settings.estimated_duration_m) is not None:
            return said
        graph = self.graph.model_dump(mode="json", by_alias=True)
        return estimated_minutes(graph, self.settings.max_duration_m)
