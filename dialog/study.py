"""What whoever judges answers may know of an interview before it begins, the same for all who take part.
Plain data; holds nothing of a participant."""

import msgspec

from dialog.blueprint import Blueprint, ModelChoice


class ChosenModel(msgspec.Struct, frozen=True):
    """Whose model, and which."""

    provider: str
    model: str


class Study(msgspec.Struct, frozen=True):
    """An interview as its researcher designed it."""

    interviewer: str
    """The agent's name."""
    persona: str
    """How the researcher has described the agent, in their words."""
    tone: str
    language: str
    """BCP 47."""
    off_topic: str
    """What is done with an answer that leads elsewhere, as in the blueprint."""
    sensitive_topics: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    """All that will be asked, in the design's order."""
    generation: ChosenModel | None = None
    """Who judges and words; None = nobody said."""
    assessment: ChosenModel | None = None
    """Who reads typed values and assesses edges; None = nobody said."""


def study_of(blueprint: Blueprint) -> Study:
    """The study that a blueprint describes."""
    agent = blueprint.agent
    models = agent.model_settings
    return Study(
        interviewer=agent.name,
        persona=agent.persona.system_prompt,
        tone=agent.persona.tone,
        language=blueprint.settings.language,
        off_topic=agent.boundaries.off_topic_handling,
        sensitive_topics=tuple(agent.boundaries.sensitive_topics),
        questions=tuple(node.text for node in blueprint.graph.nodes.values()),
        generation=None if models is None else _chosen(models.generation),
        assessment=None if models is None else _chosen(models.assessment),
    )


def _chosen(choice: ModelChoice) -> ChosenModel:
    return ChosenModel(choice.provider, choice.model)
