"""The documentation in a browser: for whoever reads, listens, types, or holds a phone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.chromium import chromium
from tests.support.join_page import Visit, watch
from tests.support.running_server import running_server

FEW = """document.querySelectorAll("section").forEach(section =>
    section.querySelectorAll("article:nth-of-type(n + 3)").forEach(article => article.remove()))"""
"""Leaves two of each section: all are made alike, and looking at every one takes minutes."""


UNFOLD = """document.querySelectorAll("details").forEach(each => { each.open = true });
    document.querySelectorAll("article").forEach(each => { each.style.contentVisibility = "visible" })"""
"""What is folded is read too, and what is far from the window laid out."""


@asynccontextmanager
async def reading(tmp_path: Path, **context: Any) -> AsyncIterator[Visit]:
    """The documentation, opened."""
    async with running_server(tmp_path) as server, chromium() as browser:
        profile = await browser.new_context(reduced_motion="reduce", **context)
        visit = Visit(await profile.new_page())
        watch(visit)
        await visit.page.goto(f"{server.origin}/docs")
        yield visit
        await profile.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)], ids=["light", "dark", "phone"]
)
async def test_the_documentation_can_be_read_by_everybody(tmp_path: Path, scheme: Any, width: int) -> None:
    size = {"width": width, "height": 800}
    async with reading(tmp_path, color_scheme=scheme, viewport=size) as visit:
        page = visit.page
        await page.evaluate(UNFOLD)
        too_wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        await page.evaluate(FEW)
        barriers = await visit.axe()
        await page.goto(page.url.replace("/docs", "/"))
        too_wide += await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        barriers += await visit.axe()
        origins = {url.split("/", 3)[2] for url in visit.requested}

    assert [] == barriers
    assert too_wide <= 0
    assert [] == visit.complaints
    assert 1 == len(origins)


async def test_an_operation_is_reached_by_keyboard(tmp_path: Path) -> None:
    async with reading(tmp_path, viewport={"width": 1280, "height": 800}) as visit:
        page = visit.page
        await page.keyboard.press("Tab")
        skip = await page.evaluate("document.activeElement.textContent")
        group = page.locator("nav summary", has_text="Interview runs")
        await group.focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        first = await page.evaluate("document.activeElement.textContent")
        await page.keyboard.press("Enter")
        await page.wait_for_function("location.hash === '#list_runs'")
        on_screen = await page.locator("#list_runs").is_visible()

    assert "Skip to the text" == skip
    assert "GET List interview runs" == first
    assert on_screen
