"""A spoken interview of one question, over the audio socket: the shortest talk that needs all providers."""

from pathlib import Path

from dialog.blueprint import Blueprint
from dialog.events import Event
from server.live.wire import Ended, Floor, Level, Question, Start
from tests.support.blueprints import blueprint, question
from tests.support.page import opened_page
from tests.support.running_server import RunningServer
from tests.support.talkers import socket_talker

ANSWER = "I use a hammer every day."


def one_question() -> Blueprint:
    """With one follow-up question at most."""
    probing = {"enabled": True, "max_follow_ups": 1}
    return blueprint(question("q1", "Which tool do you use most?", probing=probing))


async def spoken_talk(server: RunningServer, folder: Path) -> tuple[str, list[Event]]:
    """One question, answered aloud whenever the floor is open; how it ended, and its log."""
    study = await server.study(one_question())
    async with opened_page(server, study) as page:
        await page.agree(recording=False)
        async with socket_talker(server, study, page, folder) as talker:
            await page.until(Level)
            await page.send(Start("voice"))
            await page.until(Question)
            while not isinstance(message := await page.next(), Ended):
                if isinstance(message, Floor) and message.detail == "open":
                    await talker.say(ANSWER)
    return message.outcome, await server.events(study)
