"""A real browser with a microphone that says the utterance over and over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which

from playwright.async_api import Browser, async_playwright

UTTERANCE = Path(__file__).parent / "utterance.wav"
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={UTTERANCE}",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)


@asynccontextmanager
async def chromium(*, microphone_granted: bool = True, flags: tuple[str, ...] = ()) -> AsyncIterator[Browser]:
    """The distribution's Chromium, without a window; its microphone granted to every page, or refused."""
    granting = ("--use-fake-ui-for-media-stream",) if microphone_granted else ()
    async with async_playwright() as playwright:
        path = which("chromium") or which("chromium-browser")
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, *granting, *flags])
        try:
            yield browser
        finally:
            await browser.close()
