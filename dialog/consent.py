"""Consent, in front of everything else: what is put to the participant, and what of their words is a yes.

Knows nothing of pages, keypads or storage. Until it has come to `granted` or `not_required`, nothing else may
be kept.
"""

import hashlib
from typing import Final, Literal

import msgspec

from dialog.blueprint import Blueprint
from dialog.forms import clear_consent
from dialog.script import about

ConsentState = Literal["asked", "asked_again", "button_only", "granted", "declined", "not_required"]
ConsentMethod = Literal["page", "voice", "typed", "keypad", "api"]

SETTLED: Final = frozenset({"granted", "declined", "not_required"})

RE_ASK: Final = "I need a clear answer before we begin. Do you agree to take part: yes or no?"
BUTTON_ONLY: Final = "I am not sure that I understood you. Please use the button or the key to answer."


class Disclosure(msgspec.Struct, frozen=True):
    """The exact words that are agreed to."""

    text: str
    text_hash: str
    """SHA-256 of `text` in UTF-8, hexadecimal."""
    recording_offered: bool


class ConsentAnswer(msgspec.Struct, frozen=True):
    """What is kept of how consent was given or refused."""

    granted: bool
    recording: bool
    method: ConsentMethod
    text: str
    text_hash: str
    answer: str
    """The words of the answer; "" for a button."""


def disclosure(blueprint: Blueprint, *, organization: str, recording_offered: bool) -> Disclosure:
    """Word what is put to the participant: the blueprint's own text, or one made of what it says about
    itself."""
    text = blueprint.settings.consent_text or _default_text(blueprint, organization, recording_offered)
    return Disclosure(text, hashlib.sha256(text.encode()).hexdigest(), recording_offered)


def _default_text(blueprint: Blueprint, organization: str, recording_offered: bool) -> str:
    settings = blueprint.settings
    on_behalf = f", on behalf of {organization.rstrip('.')}" if organization else ""
    agent = blueprint.agent.name
    lines = [
        f"This is an interview with {agent}{on_behalf}. {agent} is an AI, not a person.",
        f"It is about “{blueprint.name}” and takes about {about(blueprint.estimated_minutes)}.",
        "What you say is written down and kept for the people who run this study.",
    ]
    if recording_offered:
        lines.append("If you allow it, the sound is recorded too. You can take part without a recording.")
    lines.append("You may skip any question, pause, or stop at any time.")
    if settings.human_contact:
        lines.append(f"If you have questions, turn to {settings.human_contact.rstrip('.')}.")
    lines.append("Do you agree to take part?")
    return " ".join(lines)


class Consent:
    """The machine of one run's consent.

    ```
    asked ──unclear──▶ asked_again ──unclear──▶ button_only
      └───────┴── yes ─▶ granted, no ─▶ declined ◀──┴── button or key only
    ```
    """

    def __init__(self, asked: Disclosure, state: ConsentState = "asked") -> None:
        self.asked = asked
        self.state: ConsentState = state

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    @property
    def allows(self) -> bool:
        """Whether the interview may begin."""
        return self.state in ("granted", "not_required")

    def hear(self, words: str, method: Literal["voice", "typed"]) -> ConsentAnswer | None:
        """Take an answer in words. None when it settles nothing: the state then says what to do next.

        The recording is a switch of its own, which words alone don't turn on.
        """
        if self.settled or self.state == "button_only":
            return None
        match clear_consent(words):
            case "yes":
                return self._settle(granted=True, recording=False, method=method, answer=words)
            case "no":
                return self._settle(granted=False, recording=False, method=method, answer=words)
            case None:
                self.state = "asked_again" if self.state == "asked" else "button_only"
                return None

    def press(
        self, *, granted: bool, recording: bool, text_hash: str, method: ConsentMethod = "page"
    ) -> ConsentAnswer | None:
        """Take an answer by button or key. None when it is settled already, or was about other words than
        these."""
        if self.settled or text_hash != self.asked.text_hash:
            return None
        wanted = granted and recording and self.asked.recording_offered
        return self._settle(granted=granted, recording=wanted, method=method, answer="")

    def _settle(self, *, granted: bool, recording: bool, method: ConsentMethod, answer: str) -> ConsentAnswer:
        self.state = "granted" if granted else "declined"
        return ConsentAnswer(granted, recording, method, self.asked.text, self.asked.text_hash, answer)
