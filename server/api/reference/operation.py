"""One operation as people read it: what it does, what it takes, a request to copy, what it answers."""

import json
import shlex
from typing import Any, Final
from urllib.parse import quote, urlencode

from server.api.reference.fields import fields_table, kind, parameters_table
from server.api.reference.markup import Markup, element, heading, joined, paragraphs, prose

Document = dict[str, Any]

_WIDTH: Final = 78
OF_ALL: Final = ("401", "403", "429", "503")
"""Refusals of every operation: told of once, at the beginning."""


class OperationText:
    """Writes operations of one description, whose server is reached at `origin`."""

    def __init__(self, document: Document, origin: str) -> None:
        self._document = document
        self._base = origin + document["servers"][0]["url"]

    def article(self, path: str, method: str, said: Document) -> Markup:
        """The whole of it, below a heading of the third level."""
        name = said["operationId"]
        scope = said["security"][0]["ApiKey"][0]
        return element(
            "article",
            heading(3, said["summary"], name),
            element(
                "p",
                element("span", method.upper(), class_=f"method {method}"),
                " ",
                element("code", self._document["servers"][0]["url"] + path),
                class_="address",
            ),
            paragraphs(said["description"]),
            element("p", "Needs a key with the scope ", element("code", scope), ".", class_="small soft"),
            self._parameters(said),
            self._body(said),
            element("h4", "Request"),
            element("pre", element("code", self.curl(path, method, said))),
            element("h4", "Answers"),
            element("dl", *self._answers(said), class_="answers"),
            aria_labelledby=name,
            class_="card",
        )

    def curl(self, path: str, method: str, said: Document) -> str:
        """The request as it is typed into a shell."""
        parameters = said.get("parameters", ())
        filled = path
        for each in parameters:
            if each["in"] == "path":
                filled = filled.replace("{" + each["name"] + "}", quote(str(each["example"]), safe=""))
        query = {
            each["name"]: each["example"]
            for each in parameters
            if each["in"] == "query" and each.get("required")
        }
        address = f"{self._base}{filled}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        words = [] if method == "get" else ["-X", method.upper()]
        lines = [" ".join(["curl", *words, shlex.quote(address)]), '-H "Authorization: Bearer $KEY"']
        if method == "post":
            lines.append('-H "Idempotency-Key: $(uuidgen)"')
        for media_type, content in said.get("requestBody", {}).get("content", {}).items():
            lines.append(f"-H 'Content-Type: {media_type}'")
            lines.append(f"-d {shlex.quote(_pretty(content['example']))}")
        media_types = list(_good(said)[1].get("content", {}))
        if media_types and media_types[0].startswith(("audio/", "application/zip")):
            lines.append("-O -J")
        return " \\\n  ".join(lines)

    def _parameters(self, said: Document) -> Markup | None:
        parameters = said.get("parameters")
        if not parameters:
            return None
        table = parameters_table(parameters, f"Parameters of: {said['summary']}")
        return joined(element("h4", "Parameters"), table)

    def _body(self, said: Document) -> Markup | None:
        for content in said.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            shape = self._resolved(schema)
            described = shape.get("description")
            return joined(
                element("h4", "Body"),
                element("p", prose(described)) if described else None,
                fields_table(shape, f"Body of: {said['summary']}", self._document["components"]["schemas"]),
            )
        return None

    def _answers(self, said: Document) -> list[Markup]:
        made: list[Markup] = []
        usual = [status for status in said["responses"] if status in OF_ALL]
        for status, reference in said["responses"].items():
            if status in usual:
                continue
            answer = self._resolved(reference)
            made.append(element("dt", element("code", status)))
            if status.startswith(("4", "5")):
                made.append(element("dd", self._codes(answer)))
            else:
                made.append(element("dd", prose(answer["description"]), *self._contents(answer, said)))
        made.append(element("dt", "As any"))
        made.append(element("dd", *(joined(" ", element("code", status)) for status in usual)))
        return made

    def _contents(self, answer: Document, said: Document) -> list[Markup]:
        made = []
        for media_type, content in answer.get("content", {}).items():
            told = joined(element("code", media_type), ", ", kind(content["schema"]))
            if "example" not in content:
                made.append(element("p", told, class_="small soft"))
                continue
            example = content["example"]
            text = example if isinstance(example, str) else _pretty(example)
            unseen = element("span", f" of: {said['summary']}", class_="unseen")
            made.append(
                element(
                    "details",
                    element("summary", "Example", unseen, ": ", element("code", media_type)),
                    element("p", told, class_="small soft"),
                    element("pre", element("code", text)),
                )
            )
        return made

    def _codes(self, answer: Document) -> Markup:
        content = answer["content"]["application/json"]["examples"]
        items = [
            element("li", element("code", code), " ", prose(each["summary"]))
            for code, each in content.items()
        ]
        return element("ul", *items, class_="codes")

    def _resolved(self, part: Document) -> Document:
        if "$ref" not in part:
            return part
        found: Any = self._document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        assert isinstance(found, dict)
        return found


def _good(said: Document) -> tuple[str, Document]:
    return next((status, answer) for status, answer in said["responses"].items() if status.startswith("2"))


def _pretty(value: Any) -> str:
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= _WIDTH else json.dumps(value, ensure_ascii=False, indent=2)
