"""A REFI-QDA project (QDA-XML 1.0, March 2019, namespace `urn:QDA-XML:project:1.0`) that grows run by run:
one text source and one case each, a code for every question and theme, and what is coded already.

The codes come first in the file and are known last: cases and sources wait on the disk meanwhile.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast
from xml.sax.saxutils import escape, quoteattr

from dialog.contents import duration_s
from server.pipeline.exports.material import Material
from server.pipeline.exports.qda_text import CodedText, Passage, coded_text, plain, question_names

PROJECT_FILE: Final = "project.qde"
MOST_THEMES: Final = 20_000
"""Themes that have a code of their own; what comes after them is coded by the one above."""
MOST_VARIABLES: Final = 200
_IN_MEMORY: Final = 1_048_576
_PIECE: Final = 65_536
_PREFIX: Final = "urn:vivavoce"
_FIXED: Final = {
    "run_id": "Text",
    "external_id": "Text",
    "status": "Text",
    "disposition": "Text",
    "design_version": "Integer",
    "started_at": "DateTime",
    "duration_s": "Integer",
}
"""Variables that every case has, with their types."""


def guid(*parts: str) -> str:
    """The same name for the same thing in every export: a UUID (version 8) made of what it names."""
    value = int.from_bytes(hashlib.sha256("\0".join((_PREFIX, *parts)).encode()).digest()[:16], "big")
    value = value & ~(0xF << 76) | 8 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class QdaProject:
    """One project. `close` it in the end: what waits on the disk is gone then."""

    def __init__(self, name: str, made_at: str, directory: Path) -> None:
        """`made_at` is RFC 3339; in `directory` lies what has to wait, without a name."""
        self._name = name
        self._made_at = made_at
        self._cases = _spool(directory)
        self._sources = _spool(directory)
        self._questions: dict[str, str] = {}
        self._themes: dict[str, str] = {}
        self._variables: dict[str, str] = dict(_FIXED)

    def close(self) -> None:
        """Forget what waits. Safe to call twice."""
        self._cases.close()
        self._sources.close()

    def add(self, material: Material) -> tuple[str, bytes]:
        """Take a run in; returns the name and the content of its source's file in the archive."""
        self._questions = question_names(material) | self._questions
        text = coded_text(material)
        source = guid("source", material.run_id)
        self._cases.write(self._case(material, source).encode())
        self._sources.write(self._source(material, source, text).encode())
        return f"Sources/{source}.txt", text.content.encode()

    def document(self) -> Iterator[bytes]:
        """The project file, piece by piece, once every run is in."""
        user = guid("user")
        yield (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<Project xmlns="urn:QDA-XML:project:1.0" name={_attribute(self._name)} origin="Vivavoce" '
            f'creatingUserGUID="{user}" creationDateTime="{self._made_at}">\n'
            f'<Users><User guid="{user}" name="Vivavoce"/></Users>\n'
        ).encode()
        yield from self._codebook()
        yield from self._declared_variables()
        for name, spool in (("Cases", self._cases), ("Sources", self._sources)):
            if spool.tell():
                yield f"<{name}>\n".encode()
                spool.seek(0)
                yield from iter(lambda file=spool: file.read(_PIECE), b"")  # type: ignore[misc]
                yield f"</{name}>\n".encode()
        yield b"</Project>\n"

    # Codes and variables

    def _codebook(self) -> Iterator[bytes]:
        if not self._questions:
            return
        yield b"<CodeBook><Codes>\n"
        for kind, title, codes in (
            ("question", "Questions", self._questions),
            ("theme", "Themes", self._themes),
        ):
            if not codes:
                continue
            yield f'<Code guid="{guid("codes", kind)}" name="{title}" isCodable="true">\n'.encode()
            for key, name in codes.items():
                code = f'<Code guid="{guid("code", kind, key)}" name={_attribute(name)} isCodable="true"/>\n'
                yield code.encode()
            yield b"</Code>\n"
        yield b"</Codes></CodeBook>\n"

    def _declared_variables(self) -> Iterator[bytes]:
        yield b"<Variables>\n"
        for name, kind in self._variables.items():
            variable = guid("variable", name)
            yield (
                f'<Variable guid="{variable}" name={_attribute(name)} typeOfVariable="{kind}"/>\n'
            ).encode()
        yield b"</Variables>\n"

    def _code_of(self, passage: Passage) -> str:
        if passage.kind == "question":
            return guid("code", "question", passage.label)
        key = " ".join(passage.label.casefold().split())
        if key not in self._themes:
            if len(self._themes) >= MOST_THEMES:
                return guid("codes", "theme")
            self._themes[key] = passage.label
        return guid("code", "theme", key)

    # Cases and sources

    def _case(self, material: Material, source: str) -> str:
        run, participant = material.run, material.run["participant"]
        values: dict[str, object] = {
            "run_id": run["id"],
            "external_id": participant["external_id"],
            "status": run["status"],
            "disposition": material.disposition["code"],
            "design_version": run["blueprint_version"],
            "started_at": run["started_at"],
            "duration_s": duration_s(material.entries),
        }
        for key, value in participant["metadata"].items():
            name = f"participant.{key}"
            if name in self._variables or len(self._variables) < MOST_VARIABLES:
                self._variables.setdefault(name, "Text")
                values[name] = value
        told = "".join(self._value(name, value) for name, value in values.items() if value is not None)
        return (
            f'<Case guid="{guid("case", material.run_id)}" name={_attribute(_name_of(material))}>'
            f'{told}<SourceRef targetGUID="{source}"/></Case>\n'
        )

    def _value(self, name: str, value: object) -> str:
        element = f"{self._variables[name]}Value"
        reference = f'<VariableRef targetGUID="{guid("variable", name)}"/>'
        return f"<VariableValue>{reference}<{element}>{escape(plain(str(value)))}</{element}></VariableValue>"

    def _source(self, material: Material, source: str, text: CodedText) -> str:
        made_at = material.run["started_at"] or material.run["created_at"]
        selections = "".join(
            self._selection(material.run_id, passage, number, made_at)
            for number, passage in enumerate(text.passages)
        )
        return (
            f'<TextSource guid="{source}" name={_attribute(_name_of(material))} '
            f'plainTextPath="internal://{source}.txt" creatingUser="{guid("user")}" '
            f'creationDateTime="{made_at}">{selections}</TextSource>\n'
        )

    def _selection(self, run_id: str, passage: Passage, number: int, made_at: str) -> str:
        named = (run_id, str(number))
        return (
            f'\n<PlainTextSelection guid="{guid("selection", *named)}" name={_attribute(passage.label)} '
            f'startPosition="{passage.start}" endPosition="{passage.end}" '
            f'creatingUser="{guid("user")}" creationDateTime="{made_at}">'
            f'<Coding guid="{guid("coding", *named)}" creatingUser="{guid("user")}" '
            f'creationDateTime="{made_at}"><CodeRef targetGUID="{self._code_of(passage)}"/></Coding>'
            "</PlainTextSelection>"
        )


def _name_of(material: Material) -> str:
    participant = material.run["participant"]
    who = participant["name"] or participant["external_id"]
    return f"{who} ({material.run_id})" if who else material.run_id


def _attribute(text: str) -> str:
    return quoteattr(" ".join(plain(text).split()))


def _spool(directory: Path) -> IO[bytes]:
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+b", dir=str(directory)))
