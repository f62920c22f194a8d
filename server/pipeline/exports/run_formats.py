"""One run in each of its formats, as pieces that are made one after the other. Knows no request."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from dialog.transcript import web_vtt
from server.pipeline.exports.markdown import markdown
from server.pipeline.exports.material import Material
from server.pipeline.exports.tables import header, rows
from server.pipeline.exports.zip_stream import ZipStream

FILES: Final = {
    "README.txt": "what each file is",
    "run.json": "the run: its status, participant, version and times",
    "consent.json": "the words that were agreed to, how and when",
    "transcript.json": "who said what and when, as GET /interview-runs/{id}/transcript gives it",
    "transcript.vtt": "what was said as subtitles (WebVTT), in the recording's time where there is one",
    "transcript.md": "the same for reading, with what was made of it",
    "responses.json": "what was answered, question by question",
    "responses.csv": "the same as a table, one row for each question",
    "analysis.json": "summary, themes and sentiment; every quote is the participant's own words",
    "events.ndjson": "the run's whole log: every signal, command and fact, a line of JSON for each",
    "recording.ogg": "the sound in Ogg Opus: participant left, interviewer right",
}
"""Every file that an archive may hold, and what is in it."""


class Beside(msgspec.Struct, frozen=True):
    """What goes into a run's archive beside its documents."""

    consent: Mapping[str, Any] | None
    recording: Path | None
    left_out: str = ""
    """Why there is no recording though there is one on the disk."""


def as_json(material: Material) -> Iterator[bytes]:
    """Everything as one document."""
    yield msgspec.json.encode(material.document())


def as_markdown(material: Material) -> Iterator[bytes]:
    """For reading."""
    yield markdown(material).encode()


def as_web_vtt(material: Material) -> Iterator[bytes]:
    """As subtitles."""
    yield web_vtt(list(material.entries)).encode()


def archive_head(archive: ZipStream, material: Material, beside: Beside) -> Iterator[bytes]:
    """The first part of a run's archive: what each file is, and all that is made of the documents."""
    files: dict[str, Iterable[bytes]] = {
        "run.json": [msgspec.json.encode(material.run)],
        "transcript.vtt": as_web_vtt(material),
        "transcript.md": as_markdown(material),
    }
    if material.transcript is not None:
        files["transcript.json"] = [msgspec.json.encode(material.transcript)]
    if beside.consent is not None:
        files["consent.json"] = [msgspec.json.encode(beside.consent)]
    if material.responses is not None:
        files["responses.json"] = [msgspec.json.encode(material.responses)]
        files["responses.csv"] = [header(), *rows(material)]
    if material.results is not None:
        files["analysis.json"] = [msgspec.json.encode(material.analysis)]
    named = {*files, "README.txt", "events.ndjson"}
    if beside.recording is not None:
        named.add("recording.ogg")
    yield from archive.add("README.txt", [_readme(material, named, beside.left_out).encode()])
    for name, pieces in files.items():
        yield from archive.add(name, pieces)


def _readme(material: Material, named: set[str], left_out: str) -> str:
    lines = [
        f"{material.design.name}: run {material.run_id}",
        "",
        *(f"{name:<16} {told}" for name, told in FILES.items() if name in named),
    ]
    if left_out:
        lines += ["", left_out]
    lines += ["", "Times are UTC. Text is UTF-8. What the participant had erased is in none of these files."]
    return "\n".join(lines) + "\n"
