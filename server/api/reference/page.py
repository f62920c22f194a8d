"""The documentation as one page without scripts: what holds for all operations, every operation by its tag,
and the shapes that they send and answer. Served from the OpenAPI file, made once."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.api.house import house_of
from server.api.pages import FRESH
from server.api.reference.fields import anchor, fields_table, shapes_within
from server.api.reference.markup import Markup, element, heading, joined, paragraphs, prose, whole_page
from server.api.reference.operation import OF_ALL, OperationText
from server.api.studies.description import operations

Document = dict[str, Any]

_UNSHOWN: Final = ("ErrorEnvelope", "GraphErrorEnvelope")


def reference_routes(described: Callable[[], Document]) -> list[BaseRoute]:
    """GET /docs, of what `described` gives, in a thread, when it is first asked for."""
    made: dict[str, tuple[bytes, str]] = {}
    making = asyncio.Lock()

    def written(origin: str) -> tuple[bytes, str]:
        page = reference_page(described(), origin).encode()
        return page, f'"{hashlib.blake2b(page, digest_size=12).hexdigest()}"'

    async def answer(request: Request) -> Response:
        origin = house_of(request).settings.public_url
        async with making:
            if origin not in made:
                made[origin] = await asyncio.to_thread(written, origin)
        page, etag = made[origin]
        headers = {"Cache-Control": FRESH, "ETag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(page, media_type="text/html", headers=headers)

    return [Route("/docs", GZipMiddleware(_Answering(answer)))]


class _Answering:
    """An endpoint as an application, so that it can be wrapped."""

    def __init__(self, answer: Callable[[Request], Any]) -> None:
        self._answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)


def reference_page(document: Document, origin: str) -> str:
    """The whole page, as HTML."""
    by_tag: dict[str, list[tuple[str, str, Document]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, method, said in operations(document):
        by_tag[said["tags"][0]].append((path, method, said))
    shapes = _shapes(document)
    body = element(
        "body",
        element("a", "Skip to the text", class_="skip", href="#text"),
        _header(document),
        element(
            "div",
            _contents(document, by_tag),
            element(
                "main",
                _beginning(document),
                *(_section(document, tag, by_tag[tag["name"]], origin) for tag in document["tags"]),
                _shape_section(document, shapes),
                id="text",
            ),
            class_="columns",
        ),
    )
    return whole_page(f"{document['info']['title']} {document['info']['version']}", body)


def _header(document: Document) -> Markup:
    info = document["info"]
    file = document["servers"][0]["url"] + "/openapi.json"
    return element(
        "header",
        element("h1", info["title"]),
        element(
            "p",
            f"Release {info['version']}, described for programs in ",
            element("a", "openapi.json", href=file),
            ".",
            class_="soft",
        ),
    )


def _contents(document: Document, by_tag: dict[str, list[tuple[str, str, Document]]]) -> Markup:
    groups = []
    for tag in document["tags"]:
        lines = [
            element(
                "li",
                element(
                    "a",
                    element("span", method.upper(), class_=f"method {method}"),
                    " ",
                    said["summary"],
                    href=f"#{said['operationId']}",
                ),
            )
            for _, method, said in by_tag[tag["name"]]
        ]
        groups.append(element("details", element("summary", tag["name"]), element("ul", *lines)))
    beginning = element("a", "What holds for all", href="#conventions")
    return element("nav", beginning, *groups, element("a", "Shapes", href="#shapes"), aria_label="Contents")


def _beginning(document: Document) -> Markup:
    components = document["components"]["responses"]
    usual = []
    for name, answer in components.items():
        status = name.split(".")[0]
        if status in OF_ALL and name.count(".") == 1:
            code = name.split(".")[1]
            usual.append(element("dt", element("code", status), " ", element("code", code)))
            usual.append(element("dd", prose(answer["description"])))
    return element(
        "section",
        heading(2, "What holds for all", "conventions"),
        paragraphs(document["info"]["description"]),
        element("p", "Any operation may be refused with:"),
        element("dl", *usual, class_="answers"),
        aria_labelledby="conventions",
    )


def _section(document: Document, tag: Document, said: list[tuple[str, str, Document]], origin: str) -> Markup:
    text = OperationText(document, origin)
    return element(
        "section",
        heading(2, tag["name"], _place(tag["name"])),
        element("p", prose(tag["description"])),
        *(text.article(*each) for each in said),
        aria_labelledby=_place(tag["name"]),
    )


def _shapes(document: Document) -> list[str]:
    """The names of all shapes that are linked to, in the order of first mention."""
    schemas = document["components"]["schemas"]
    waiting = [name for _, _, said in operations(document) for name in shapes_within(said)]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop(0)
        if name in found or name not in schemas or name in _UNSHOWN:
            continue
        found[name] = None
        waiting += shapes_within(schemas[name])
    return list(found)


def _shape_section(document: Document, shapes: list[str]) -> Markup:
    schemas = document["components"]["schemas"]
    made = []
    for name in shapes:
        schema = schemas[name]
        told = " ".join(schema.get("description", "").split())
        made.append(
            element(
                "article",
                heading(3, name, anchor(name)),
                element("p", prose(told)) if told else None,
                fields_table(schema, f"Fields of {name}", schemas) if schema.get("properties") else None,
                aria_labelledby=anchor(name),
                class_="card",
            )
        )
    return joined(element("section", heading(2, "Shapes", "shapes"), *made, aria_labelledby="shapes"))


def _place(tag: str) -> str:
    return "tag-" + tag.lower().replace(" ", "-")
