"""HTML in so few words as the documentation needs. Every text is escaped unless it is markup already."""

import re
from html import escape
from typing import Final

_VOID: Final = frozenset({"meta", "link", "br"})
_INLINE: Final = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


def element(name: str, /, *inside: str | None, **attributes: str | None) -> Markup:
    """One element. `class_` stands for `class`, an underscore for a hyphen; what is None is left out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(*inside)}</{name}>")


def joined(*parts: str | None) -> Markup:
    """Parts one after the other."""
    return Markup(
        "".join(part if isinstance(part, Markup) else escape(part) for part in parts if part is not None)
    )


def prose(text: str) -> Markup:
    """A sentence in which `code` and **what matters** are marked."""
    made, at = [], 0
    for found in _INLINE.finditer(text):
        made.append(escape(text[at : found.start()]))
        name, marked = ("code", found[1]) if found[1] is not None else ("strong", found[2])
        made.append(element(name, marked))
        at = found.end()
    return Markup("".join(made) + escape(text[at:]))


def paragraphs(text: str) -> Markup:
    """Prose, a paragraph for each that an empty line divides."""
    return joined(*(element("p", prose(" ".join(part.split()))) for part in text.strip().split("\n\n")))


def heading(level: int, text: str, place: str) -> Markup:
    """A heading that can be linked to, and is such a link itself."""
    return element(f"h{level}", element("a", text, href=f"#{place}"), id=place)


def whole_page(title: str, body: Markup) -> str:
    """A page in the house's style."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="theme-color", content="#faf6ef", media="(prefers-color-scheme: light)"),
        element("meta", name="theme-color", content="#171513", media="(prefers-color-scheme: dark)"),
        element("title", title),
        element("link", rel="icon", href="/static/shared/icon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href="/static/shared/base.css"),
        element("link", rel="stylesheet", href="/static/docs/docs.css"),
    )
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"
