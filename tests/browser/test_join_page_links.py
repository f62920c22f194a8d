"""What a participant sees whose link does not open, or not yet."""

import pytest

from tests.emulators.join_server import JoinServer, fault
from tests.support.chromium import chromium
from tests.support.join_page import visiting


async def test_a_link_without_its_token_is_said_to_be_incomplete_and_nothing_is_asked_of_the_server() -> None:
    async with JoinServer().running() as server, chromium() as browser:
        async with visiting(server, browser, link=f"{server.origin}/join/run_1") as visit:
            await visit.shows("This link is incomplete")

    assert server.sessions_opened == 0


@pytest.mark.parametrize(
    ("status", "code", "heading"),
    [
        (401, "token_invalid", "doesn’t open an interview"),
        (404, "run_unknown", "can’t find this interview"),
        (410, "run_expired", "has expired"),
        (410, "run_finished", "is finished"),
        (410, "run_declined", "chose not to take part"),
    ],
)
async def test_a_fault_of_the_link_is_a_page_in_plain_words(status: int, code: str, heading: str) -> None:
    server = JoinServer(faults=[fault(status, code, "The server’s own sentence.")])
    async with server.running(), chromium() as browser, visiting(server, browser) as visit:
        await visit.shows(heading)
        await visit.says("The server’s own sentence.")

        assert await visit.axe() == []


async def test_a_full_house_is_a_waiting_page_that_goes_on_by_itself() -> None:
    server = JoinServer(faults=[fault(503, "at_capacity", "Many talks are running.", retry_after=1)] * 2)
    async with server.running(), chromium() as browser, visiting(server, browser) as visit:
        await visit.shows("Please wait a moment")
        await visit.shows("Eating out in the city")

    assert server.sessions_opened == 3


async def test_a_server_that_answers_nonsense_is_asked_again() -> None:
    server = JoinServer(faults=[fault(500, "", "")])
    async with server.running(), chromium() as browser, visiting(server, browser) as visit:
        await visit.shows("We can’t reach the interview")
        await visit.press("Try again now")
        await visit.shows("Eating out in the city")


async def test_a_reloaded_page_is_welcomed_back_and_goes_on_with_one_click() -> None:
    server = JoinServer(consent_needed=False, resumed=True)
    async with server.running(), chromium() as browser, visiting(server, browser) as visit:
        await visit.shows("Welcome back")
        await visit.says("You have answered 2 of about 8 questions")
        await visit.press("Continue talking")
        await server.until(lambda: server.of("start"))

    assert server.of("start")[0]["mode"] == "voice"
