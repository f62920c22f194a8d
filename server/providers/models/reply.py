"""A model's reply while it comes: fields in a fixed order, the decision before the words. Whatever a model
says is hostile: bounded, in order, or not a reply at all. Knows the forms of replies, not what they mean."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import jiter
import msgspec

from dialog.blueprint import Technique
from dialog.judgement import Distress, Right, Verdict
from dialog.techniques import Deficiency
from server.providers.models.rules_per_model import Style

LONGEST_REPLY: Final = 8_000
"""Characters of a reply that is read while it comes; the longest sensible one has a tenth."""
LONGEST_VALUE: Final = 2_000
_TYPES: Final[dict[str, type]] = {"string": str, "array": list}

VERDICTS: Final[tuple[str, ...]] = get_args(Verdict)
RIGHTS: Final[tuple[str, ...]] = get_args(Right)
GRAVITIES: Final[tuple[str, ...]] = get_args(Distress)
LACKS: Final[tuple[str, ...]] = get_args(Deficiency)
TECHNIQUES: Final[tuple[str, ...]] = get_args(Technique)
NONE: Final = "none"
"""Where there is no such thing."""


class ReplyUnusable(Exception):
    """What came isn't a reply of the form that was asked for. The text says why, in our own words."""


class ReplyForm(msgspec.Struct, frozen=True):
    """The fields of a reply, in order, each with the JSON schema of its value."""

    name: str
    fields: dict[str, dict[str, Any]]

    @property
    def schema(self) -> dict[str, Any]:
        """The whole reply, for vendors that hold their models to a schema."""
        return {
            "type": "object",
            "properties": self.fields,
            "required": list(self.fields),
            "additionalProperties": False,
        }


def _one_of(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


_TEXT: Final[dict[str, Any]] = {"type": "string"}
_WHICH: Final = _one_of(NONE, *RIGHTS, *GRAVITIES)
_VALUE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"field": _TEXT, "value": {"type": "array", "items": _TEXT}},
    "required": ["field", "value"],
    "additionalProperties": False,
}

INTERVIEW: Final = ReplyForm(
    "interview",
    {
        "verdict": _one_of(*VERDICTS),
        "which": _WHICH,
        "lack": _one_of(NONE, *LACKS),
        "technique": _one_of(NONE, *TECHNIQUES),
        "span": _TEXT,
        "say": _TEXT,
    },
)
"""Judgement and wording: what an answer is, what it lacks, and the question that draws it out."""

ASSESSMENT: Final = ReplyForm(
    "assessment",
    {
        "verdict": _one_of(*VERDICTS),
        "which": _WHICH,
        "values": {"type": "array", "items": _VALUE},
        "edges": {"type": "array", "items": {"type": "integer"}},
    },
)
"""Typed values found in an answer, and the conditions that hold of it."""


def rendered(form: ReplyForm, style: Style, fields: Mapping[str, object]) -> str:
    """A reply as a model should write it."""
    if style == "schema":
        return msgspec.json.encode({name: fields[name] for name in form.fields}).decode()
    return "\n".join(f"{name}: {_on_a_line(fields[name])}" for name in form.fields if name in fields)


def _on_a_line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else msgspec.json.encode(value).decode()


class ReplyReader:
    """Reads a reply piece by piece. `fields` holds those that are complete, in order."""

    def __init__(self, form: ReplyForm, style: Style) -> None:
        self.fields: dict[str, Any] = {}
        self._names = tuple(form.fields)
        self._form = form
        self._style = style
        self._text = ""

    def feed(self, piece: str) -> None:
        """Take in what has come. Raises ReplyUnusable."""
        self._text += piece
        if len(self._text) > LONGEST_REPLY:
            raise ReplyUnusable("the reply is too long")
        if self._style == "lines":
            *lines, self._text = self._text.split("\n")
            for line in lines:
                self._read_line(line)
        elif self._text.strip():
            self._read_json(whole=False)

    def finish(self) -> None:
        """Nothing more comes. Raises ReplyUnusable if that can't be all."""
        if self._style == "lines":
            line, self._text = self._text, ""
            self._read_line(line)
            if not self.fields:
                raise ReplyUnusable("there is no reply")
        else:
            self._read_json(whole=True)

    def _read_line(self, line: str) -> None:
        if not line.strip():
            return
        name, colon, text = line.partition(":")
        place = len(self.fields)
        if not colon or place >= len(self._names) or name.strip() != self._names[place]:
            raise ReplyUnusable("a line is none of those that were asked for")
        value: Any = text.strip()
        if self._form.fields[self._names[place]]["type"] != "string":
            try:
                value = msgspec.json.decode(value)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                raise ReplyUnusable(f"{self._names[place]} is no JSON") from None
        self._keep(self._names[place], value)

    def _read_json(self, *, whole: bool) -> None:
        try:
            found: Any = jiter.from_json(
                self._text.encode(),
                allow_inf_nan=False,
                partial_mode="off" if whole else "on",
                catch_duplicate_keys=True,
                cache_mode="keys",
            )
        except ValueError:
            raise ReplyUnusable("the reply is no JSON") from None
        if not isinstance(found, dict) or tuple(found) != self._names[: len(found)]:
            raise ReplyUnusable("the reply's fields are not those that were asked for")
        if whole and len(found) != len(self._names):
            raise ReplyUnusable("the reply lacks fields")
        # A string that hasn't ended isn't there yet; of anything else the last may still grow.
        names = list(found)
        if names and not whole and not isinstance(found[names[-1]], str):
            del names[-1]
        for name in names[len(self.fields) :]:
            self._keep(name, found[name])

    def _keep(self, name: str, value: Any) -> None:
        if not isinstance(value, _TYPES[self._form.fields[name]["type"]]):
            raise ReplyUnusable(f"{name} is of another type")
        if isinstance(value, str):
            value = " ".join(value.split())
            allowed = self._form.fields[name].get("enum")
            if allowed is not None and value not in allowed:
                raise ReplyUnusable(f"{name} is none of the values that there are")
            # Nobody can say what can't be printed: control characters, halves of surrogate pairs.
            if len(value) > LONGEST_VALUE or not value.isprintable():
                raise ReplyUnusable(f"{name} is no text to be spoken")
        self.fields[name] = value
