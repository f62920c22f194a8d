"""What kind of answer a question's own words ask for, where its design doesn't say. Knows no node."""

from typing import Final, Literal

_RECALL: Final = (
    "the last time",
    "think of a time",
    "think back",
    "tell me about a time",
    "walk me through",
    "what happened",
)
_REFLECT: Final = (
    "what matters",
    "how did that feel",
    "how do you feel",
    "looking back",
    "what does it mean to you",
    "values",
)
_CLOSED: Final = ("yes or no", "on a scale", "how many", "how often", "which of", "how old")
_DICTATE: Final = (
    "e-mail address",
    "email address",
    "postal address",
    "phone number",
    "spell ",
    "reference number",
)


def patience_by_wording(text: str) -> Literal["closed", "narrative", "recall", "reflect", "dictate"]:
    """The patience with which an answer to this question is waited for."""
    wording = text.lower()
    if any(phrase in wording for phrase in _DICTATE):
        return "dictate"
    if any(phrase in wording for phrase in _CLOSED):
        return "closed"
    if any(phrase in wording for phrase in _REFLECT):
        return "reflect"
    return "recall" if any(phrase in wording for phrase in _RECALL) else "narrative"
