"""A run as a text that researchers code, and the passages in it that are coded already. Positions count
Unicode code points from 0, ends exclusive. Knows no XML."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from server.pipeline.exports.material import Material, clock_time, question_text

_SPEAKERS: Final = {
    "agent": "Interviewer",
    "participant": "Participant",
    "operator": "Operator",
    "system": "Note",
}
_UNPRINTABLE: Final = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd"),
    **dict.fromkeys((0x09, 0x0D, 0x85), " "),
    0x0A: "\n",
}
"""What XML can't carry, sign for sign, so that no position moves."""


class Passage(msgspec.Struct, frozen=True):
    """A coded part of the text."""

    kind: str
    """`question` or `theme`."""
    label: str
    """The question's key, or the theme's label."""
    start: int
    end: int


class CodedText(msgspec.Struct, frozen=True):
    """One source."""

    content: str
    passages: tuple[Passage, ...]


def plain(text: str) -> str:
    """The text with nothing in it that XML can't carry: as long as it was."""
    return text.translate(_UNPRINTABLE)


def coded_text(material: Material) -> CodedText:
    """The transcript as a text: each entry a line with its time and speaker, a blank line between."""
    lines: list[str] = []
    places: dict[str, tuple[int, str]] = {}
    length = 0
    origin = material.entries[0].timestamp_ms if material.entries else 0
    for entry in material.entries:
        if not entry.content:
            continue
        content = plain(entry.content)
        speaker = _SPEAKERS.get(entry.role, entry.role)
        prefix = f"[{clock_time(entry.timestamp_ms - origin)}] {speaker}: "
        places[entry.id] = length + len(prefix), content
        line = f"{prefix}{content}\n\n"
        lines.append(line)
        length += len(line)
    found = sorted(
        {*_questions(material, places), *_themes(material, places)},
        key=lambda one: (one.start, one.end, one.kind, one.label),
    )
    return CodedText("".join(lines), tuple(found))


def _questions(material: Material, places: Mapping[str, tuple[int, str]]) -> Iterator[Passage]:
    for item in material.items:
        for entry_id in (item["answer"] or {}).get("transcript_entry_ids", ()):
            if entry_id in places:
                start, content = places[entry_id]
                yield Passage("question", item["question_key"], start, start + len(content))


def _themes(material: Material, places: Mapping[str, tuple[int, str]]) -> Iterator[Passage]:
    themes = ((material.results or {}).get("themes") or {}).get("items") or ()
    for theme in themes:
        for evidence in theme.get("evidence") or ():
            start, content = places.get(evidence["entry_id"], (0, ""))
            quote = plain(evidence["quote"])
            at = content.find(quote) if quote else -1
            if at >= 0:
                yield Passage("theme", theme["label"], start + at, start + at + len(quote))


def question_names(material: Material) -> dict[str, str]:
    """The questions of a run's design: by key, the name of the code."""
    return {
        key: plain(f"{key}: {question_text(material.design, key)}") for key in material.design.graph.nodes
    }
