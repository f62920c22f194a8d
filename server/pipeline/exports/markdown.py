"""A run for reading: the questions as headings, under each who said what and when, then what was made of it.
Everything that people said is escaped, so that nothing of it is markup."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dialog.contents import duration_s, word_count
from dialog.transcript import Entry
from server.pipeline.exports.material import Material, clock_time, question_text

_SPEAKERS: Final = {"agent": "Interviewer", "participant": "Participant", "operator": "Operator"}
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_LINE_MARKUP: Final = re.compile(r"^(\s*)([-+=]|\d+[.)])", re.MULTILINE)


def markdown(material: Material) -> str:
    """The whole run."""
    parts = [*_head(material), *_talk(material), *_responses(material), *_analysis(material)]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text that is shown as it is, on one line."""
    marked = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return _LINE_MARKUP.sub(
        lambda found: (
            f"{found[1]}\\{found[2]}"
            if not found[2][0].isdigit()
            else f"{found[1]}{found[2][:-1]}\\{found[2][-1]}"
        ),
        marked,
    )


def _head(material: Material) -> Iterator[str]:
    run, entries = material.run, material.entries
    yield f"# {escaped(material.design.name)}"
    participant = run["participant"]
    told = {
        "Run": f"`{run['id']}`",
        "Participant": escaped(participant["name"] or participant["external_id"] or "not named"),
        "Status": f"{run['status']}, {material.disposition['label'].lower()} "
        f"(AAPOR {material.disposition['code']})",
        "Began": run["started_at"] or "never",
        "Lasted": f"{clock_time(duration_s(entries) * 1000)}, {word_count(entries)} words of the participant",
        "Version of the design": str(run["blueprint_version"]),
    }
    yield "\n".join(f"- {name}: {value}" for name, value in told.items())


def _talk(material: Material) -> Iterator[str]:
    origin = material.entries[0].timestamp_ms if material.entries else 0
    number, shown = 0, ""
    for entry in material.entries:
        key = entry.node_id
        if key is not None and key != shown:
            shown, number = key, number + 1
            yield f"## {number}. {escaped(question_text(material.design, key))}"
        elif not shown:
            shown = "opening"
            yield "## Opening"
        if entry.content:
            yield _said(entry, origin)


def _said(entry: Entry, origin: int) -> str:
    when = clock_time(entry.timestamp_ms - origin)
    if entry.role == "system":
        return f"`{when}` *{escaped(entry.content)}*"
    return f"`{when}` **{_SPEAKERS.get(entry.role, entry.role)}:** {escaped(entry.content)}"


def _responses(material: Material) -> Iterator[str]:
    if not material.items:
        return
    yield "## Responses"
    for item in material.items:
        yield f"### {escaped(item['question_text'])}"
        if item["answer"] is not None:
            yield f"> {escaped(item['answer']['summary'])}"
        for name, value in (item.get("data") or {}).items():
            yield f"- {escaped(str(name))}: {escaped(str(value))}"
        if not item["answered"]:
            yield "*Not answered.*"


def _analysis(material: Material) -> Iterator[str]:
    results = material.results
    if results is None or material.analysis is None:
        return
    yield f"## Analysis ({escaped(str(material.analysis['model']))})"
    yield escaped(results["summary"]["content"])
    sentiment: Mapping[str, Any] = results["sentiment"]
    yield f"Sentiment: {sentiment['overall']}."
    for theme in results["themes"]["items"]:
        yield f"### {escaped(theme['label'])} ({theme['salience']:.2f})"
        for piece in theme.get("evidence") or ():
            yield f"> {escaped(piece['quote'])}"
