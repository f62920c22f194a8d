"""What each model must be asked differently: one table. A name that isn't in it is asked for plain lines,
which any model can write, with room to think beforehand."""

from typing import Final, Literal

import msgspec

Style = Literal["schema", "lines"]
"""How a reply is held to its form: by a JSON schema that the vendor enforces, or as lines that the prompt
asks for."""
Thinking = Literal["unsaid", "disabled", "between_tools"]
"""What is said about thoughts before the reply; they are time that nobody hears."""
Effort = Literal["none", "minimal", "low"]


class ModelRules(msgspec.Struct, frozen=True):
    """How one family of models is asked."""

    style: Style = "lines"
    thinking: Thinking = "unsaid"
    effort: Effort | None = None
    """None = not said; some models refuse to be told."""
    room_to_think: int = 0
    """Tokens on top of the reply's own for models that think whatever they are told."""
    known: bool = True
    """It is in the table, and so the vendor's own, wherever it is asked."""


_THINKS_ALWAYS: Final = 1_000
UNKNOWN: Final = ModelRules(room_to_think=_THINKS_ALWAYS, known=False)

ANTHROPIC: Final[dict[str, ModelRules]] = {
    # The 5.5 family thinks unless it is told not to; what it can be told differs.
    "claude-haiku-5-5": ModelRules("schema", "disabled", "low"),
    "claude-sonnet-5-5": ModelRules("schema", "between_tools", "low"),
    "claude-opus-5-5": ModelRules("schema", effort="low", room_to_think=_THINKS_ALWAYS),
    "claude-fable-5": ModelRules("schema", effort="low", room_to_think=_THINKS_ALWAYS),
    "claude-mythos-5": ModelRules("schema", effort="low", room_to_think=_THINKS_ALWAYS),
    "claude-sonnet-5": ModelRules("schema", "disabled", "low"),
    "claude-opus-5": ModelRules("schema", "disabled", "low"),
    # These think only when they are asked to.
    "claude-opus-4": ModelRules("schema"),
    "claude-sonnet-4": ModelRules("schema"),
    "claude-haiku-4-5": ModelRules("schema"),
}
OPENAI: Final[dict[str, ModelRules]] = {
    "gpt-6": ModelRules("schema", effort="none"),
    "gpt-5": ModelRules("schema", effort="minimal", room_to_think=300),
    "gpt-5.": ModelRules("schema", effort="none"),
    "gpt-5-chat": ModelRules("schema"),
    "gpt-4.1": ModelRules("schema"),
    "gpt-4o": ModelRules("schema"),
    "o1": ModelRules("schema", effort="low", room_to_think=_THINKS_ALWAYS),
    "o3": ModelRules("schema", effort="low", room_to_think=_THINKS_ALWAYS),
    "o4": ModelRules("schema", effort="low", room_to_think=_THINKS_ALWAYS),
}
TABLES: Final = {"anthropic": ANTHROPIC, "openai": OPENAI}

DEFAULT_MODELS: Final = {
    "anthropic": ("claude-haiku-4-5", "claude-sonnet-5"),
    "openai": ("gpt-4.1-mini", "gpt-4.1"),
}
"""Who words and who assesses where an agent names no model of the vendor that does the work."""


def rules_for(vendor: str, model: str) -> ModelRules:
    """The rules of the family whose name is the longest beginning of the model's."""
    table = TABLES.get(vendor, {})
    families = [family for family in table if model.startswith(family)]
    return table[max(families, key=len)] if families else UNKNOWN
