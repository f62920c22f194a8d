"""What an export is made of: one run's documents as the API shows them, and the design that it was held by.
Knows no format."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dialog.blueprint import Blueprint
from dialog.transcript import Entry

Shown = Mapping[str, Any]


class Material(msgspec.Struct, frozen=True):
    """One run. A document that its design does not want, or that is not made, is None."""

    run: Shown
    transcript: Shown | None
    responses: Shown | None
    analysis: Shown | None
    disposition: Shown
    design: Blueprint
    entries: Sequence[Entry]
    """What was said, with its places in the recording, whether or not a transcript is wanted."""

    @property
    def run_id(self) -> str:
        return str(self.run["id"])

    @property
    def items(self) -> Sequence[Shown]:
        """What was answered, node by node."""
        return () if self.responses is None else self.responses["items"]

    @property
    def results(self) -> Shown | None:
        """What the analysis found, if there is one that is made."""
        return None if self.analysis is None else self.analysis["results"]

    def document(self) -> dict[str, Any]:
        """The whole run as one document."""
        return {
            "object": "interview_run_export",
            "run": self.run,
            "disposition": self.disposition,
            "transcript": self.transcript,
            "responses": self.responses,
            "analysis": self.analysis,
        }


def question_text(design: Blueprint, key: str | None) -> str:
    """The words of a question, or its key where the design has it no more."""
    node = design.graph.nodes.get(key or "")
    return node.text if node is not None else key or ""


def clock_time(millis: int) -> str:
    """Milliseconds as minutes and seconds, with hours where there are any."""
    seconds = max(0, millis) // 1000
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes:02d}:{seconds % 60:02d}"
