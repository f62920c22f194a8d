"""The page as a whole: accessible in every state and theme, light, alone with its own server, quiet."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.emulators.join_server import STATIC, JoinServer, caption, floor, question
from tests.support.chromium import chromium
from tests.support.form_fields import FIELDS
from tests.support.join_page import Visit, visiting

MOST_BYTES = 150_000
NOTICE = {"type": "notice", "code": "noise", "text": "It is loud.", "offers": ["hold", "type", "pause"]}
STIMULUS = {"type": "text", "text": "Soup of the day", "caption": "A menu"}


async def _walk(server: JoinServer, visit: Visit) -> list[str]:
    """Through every state of the page; what axe finds in each, by its name."""
    found: list[str] = []

    async def look(state: str) -> None:
        found.extend(f"{state}: {violation}" for violation in await visit.axe())
        width = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if width > 0:
            found.append(f"{state}: scrolls sideways by {width} px")

    await visit.shows("Eating out in the city")
    await look("consent")
    await visit.agree()
    await look("mode")
    await visit.page.get_by_role("button", name="Talk").click()
    await look("check")
    await visit.press("Allow the microphone")
    await visit.says("We can hear you well.")
    await visit.press("Play a chime")
    await visit.press("No")
    await look("checked")
    await visit.press("Start the conversation")
    await visit.says("Your turn")
    await look("yours")
    for light in ("thinking", "mine", "away", "paused"):
        await server.send(floor(light, light), caption("u1", "participant", "Well", final=False))
        await visit.page.locator(f".light[data-light={light}]").wait_for()
        await look(light)
    await server.send(floor("yours", "open"), NOTICE)
    await visit.press("Mute")
    await visit.press("More")
    await look("notice, muted, more")
    await visit.press("Keys and help")
    await look("help")
    await visit.press("Close")
    await visit.press("More")
    await visit.press("Check my sound")
    await visit.shows("Microphone and sound")
    await look("sound check")
    await visit.page.get_by_role("dialog").get_by_role("button", name="Type instead").click()
    await server.send(question("form", "How was it?", node_type="form", fields=FIELDS))
    await visit.shows("How was it?")
    await visit.press("Send answer")
    await look("form")
    await server.send(question("stim", "Please look.", node_type="stimulus", content=STIMULUS))
    await visit.says("Soup of the day")
    await look("stimulus")
    await visit.press("More")
    await visit.press("End for good")
    await look("confirm")
    await visit.press("Yes, end it")
    await visit.shows("You have ended the interview")
    await look("end")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_every_state_is_free_of_barriers_and_fits_the_screen(scheme: str, width: int) -> None:
    context: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 720}}
    async with JoinServer(webrtc=True).running() as server, chromium() as browser:
        async with visiting(server, browser, **context) as visit:
            found = await _walk(server, visit)

    foreign = [url for url in visit.requested if urlsplit(url).hostname != "127.0.0.1" and "blob:" not in url]
    assert found == []
    assert visit.complaints == []
    assert foreign == []
    assert sum(visit.weights.values()) < MOST_BYTES


def test_every_file_that_may_be_served_counts_and_all_together_stay_light() -> None:
    files = [path for folder in ("join", "shared") for path in (STATIC / folder).iterdir()]
    served = [path for path in files if path.is_file() and not path.name.endswith((".d.ts", ".py"))]

    assert sum(path.stat().st_size for path in served) < MOST_BYTES


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844), (360, 640), (320, 640)])
async def test_all_that_is_chosen_is_in_sight_at_once_and_all_that_is_agreed_to_can_be_read(
    width: int, height: int
) -> None:
    async with JoinServer().running() as server, chromium() as browser:
        async with visiting(server, browser, viewport={"width": width, "height": height}) as visit:
            await visit.shows("Eating out in the city")
            choices = [
                await visit.page.get_by_role("button", name="I agree").bounding_box(),
                await visit.page.get_by_role("button", name="No, thank you").bounding_box(),
                await visit.page.get_by_role("checkbox", name="You may also record my voice").bounding_box(),
            ]
            await visit.page.evaluate("scrollTo(0, document.body.scrollHeight)")
            gap = await visit.page.evaluate(
                "document.querySelector('.foot').getBoundingClientRect().top"
                " - document.querySelector('.foot').previousElementSibling.getBoundingClientRect().bottom"
            )

    assert [] == [box for box in choices if box is None or box["y"] + box["height"] > height]
    assert gap >= 0


async def test_the_controls_stay_in_reach_when_the_text_is_twice_as_large() -> None:
    viewport = {"width": 640, "height": 400}  # 1280 × 800 at 200 %
    async with JoinServer().running() as server, chromium() as browser:
        async with visiting(server, browser, viewport=viewport) as visit:
            await visit.write()
            for name in ("I’m done", "Repeat", "Pause", "Skip", "More"):
                box = await visit.page.get_by_role("button", name=name, exact=True).bounding_box()

                assert box is not None
                assert box["height"] >= 44
                assert 0 <= box["x"] <= box["x"] + box["width"] <= 640
