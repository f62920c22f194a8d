"""A participant's page opened against the scripted server, and all that it asked for and complained of."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from playwright.async_api import Browser, Error, Page, Request, Response

from tests.emulators.join_server import JoinServer

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Visit:
    """One page and its record."""

    page: Page
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, and exceptions that nobody caught."""
    weights: dict[str, int] = field(default_factory=dict)
    """Bytes of each static file, uncompressed."""

    async def agree(self) -> None:
        await self.page.get_by_role("button", name="I agree").click()

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).first.click()

    async def shows(self, heading: str) -> None:
        await self.page.get_by_role("heading", name=heading).wait_for()

    async def says(self, words: str) -> None:
        await self.page.get_by_text(words).first.wait_for()

    async def write(self) -> None:
        """From the link to a typed talk with its first question."""
        await self.agree()
        await self.page.get_by_role("button", name="Type").click()
        await self.shows("Tell me about the last time")

    async def talk(self) -> None:
        """From the link to a spoken talk with its first question."""
        await self.agree()
        await self.page.get_by_role("button", name="Talk").click()
        await self.press("Allow the microphone")
        await self.press("Start the conversation")
        await self.shows("Tell me about the last time")

    async def axe(self) -> list[str]:
        """Violations of WCAG 2.2 AA and good practice that axe-core finds in what is on screen."""
        await self.page.evaluate(AXE)
        found: dict[str, Any] = await self.page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", AXE_RULES
        )
        return [
            f"{violation['id']}: {node['html'][:150]} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


@asynccontextmanager
async def visiting(
    server: JoinServer, browser: Browser, *, link: str | None = None, **context: Any
) -> AsyncIterator[Visit]:
    """Open the link in a fresh browser profile."""
    profile = await browser.new_context(reduced_motion="reduce", **context)
    visit = Visit(await profile.new_page())
    watch(visit)
    await visit.page.goto(link or server.link)
    try:
        yield visit
    finally:
        await profile.close()


def watch(visit: Visit) -> None:
    """Keep the visit's record from now on."""

    async def weigh(response: Response) -> None:
        if "/static/" not in response.url and response.request.resource_type != "document":
            return
        with contextlib.suppress(Error):  # the page is gone already
            visit.weights[response.url] = len(await response.body())

    def note(request: Request) -> None:
        visit.requested.append(request.url)

    visit.page.on("request", note)
    visit.page.on("response", weigh)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on(
        "console",
        lambda message: (
            visit.complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
