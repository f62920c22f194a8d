"""A participant who speaks in a real browser, at the real server.

`tests/support/stage.js` stands between the page and the device: it plays answers as the microphone's sound,
listens to what the page plays, and notes when captions change.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from tests.support.join_page import Visit, watch
from tests.support.life_study import spoken
from tests.support.running_server import Door, Study

STAGE = Path(__file__).with_name("stage.js")
PATIENCE_MS = 75_000
"""A recogniser on a busy machine may lag by many seconds."""


class TalkingVisit(Visit):
    """One page. Everything waits for states, never for a time."""

    async def begin(self, phrases: tuple[str, ...]) -> float:
        """Begin to speak; returns when the voice sets in, in milliseconds on the page's clock."""
        wav, onset = spoken(phrases)
        data = base64.b64encode(wav).decode()
        began: float = await self.page.evaluate("data => stage.begin(data)", data)
        return began + 1000 * onset

    async def say(self, phrases: tuple[str, ...]) -> float:
        """Speak to the end; returns when the voice set in."""
        began = await self.begin(phrases)
        await self.until("stage.saying === 0")
        return began

    async def until(self, holds: str) -> None:
        """Wait until an expression is true. Asked from outside: the page's own policy forbids evaluation."""
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not await self.page.evaluate(holds):  # noqa: ASYNC110 - the page tells nobody
                await asyncio.sleep(0.05)

    async def light(self, name: str) -> None:
        await self.page.locator(f".light[data-light={name}]").wait_for()

    async def heading(self) -> str:
        return await self.page.get_by_role("heading", level=1).inner_text()

    async def asked_anew(self, before: str) -> str:
        """Wait for another question than `before`, and for the turn; returns the question."""
        while (now := await self.heading()) == before:  # noqa: ASYNC110 - the page tells nobody
            await asyncio.sleep(0.05)
        await self.light("yours")
        return now

    async def speech_in_flux(self) -> None:
        """Wait for words of an answer that is still being given."""
        await self.page.locator(".line.participant.in-flux").last.wait_for(state="attached")

    async def caption_delay(self, onset: float) -> tuple[float, bool]:
        """Seconds from the voice to its first words on the page, and whether it was still speaking then."""
        first: dict[str, Any] = await self.page.evaluate(
            "onset => stage.captions.find((caption) => caption.at > onset)", onset
        )
        return (first["at"] - onset) / 1000, first["saying"] > 0

    async def heard(self) -> int:
        """For how many looks, twenty a second, the page has sounded."""
        looks: int = await self.page.evaluate("stage.loud")
        return looks

    async def check_devices(self) -> None:
        """From the choice of a way to answer through the device check into the spoken talk."""
        await self.page.get_by_role("button", name="Talk").click()
        await self.press("Allow the microphone")
        await self.says("Please say a few words")
        await self.say(("and we went out on the water before school",))
        await self.says("We can hear you well.")
        await self.press("Play a chime")
        await self.until("stage.loud > 0")
        await self.press("Yes")
        await self.press("Start the conversation")

    async def type(self, words: str) -> None:
        await self.page.get_by_label("Type your answer").fill(words)
        await self.page.keyboard.press("Enter")


def link_of(server: Door, study: Study) -> str:
    return f"{server.origin}/join/{study.run_id}#{study.token}"


async def new_visit(profile: BrowserContext, *, device_speaks: bool = False) -> TalkingVisit:
    """An empty tab that speaks as it is told, or as the browser's fake microphone does."""
    page: Page = await profile.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.add_init_script(f"{STAGE.read_text()}({str(device_speaks).lower()});")
    visit = TalkingVisit(page)
    watch(visit)
    return visit


@asynccontextmanager
async def talking(
    server: Door, study: Study, browser: Browser, *, device_speaks: bool = False, **context: Any
) -> AsyncIterator[TalkingVisit]:
    """Open the study's link in a fresh browser profile."""
    profile = await browser.new_context(reduced_motion="reduce", **context)
    try:
        visit = await new_visit(profile, device_speaks=device_speaks)
        await visit.page.goto(link_of(server, study))
        yield visit
    finally:
        await profile.close()
