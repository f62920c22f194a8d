"""A spoken interview of one question, over the audio socket: the shortest talk that needs all providers."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from dialog.blueprint import Blueprint
from dialog.events import Event
from media.frames import FRAME_DURATION
from server.live.wire import Ended, Floor, Level, Question, Start
from tests.support.blueprints import blueprint, question
from tests.support.page import opened_page
from tests.support.running_server import RunningServer
from tests.support.talkers import socket_talker

ANSWER = "I use a hammer every day."
PAUSE = 0.3
"""Seconds of silence at the ear within which one speech goes on."""


class ShortTalk(msgspec.Struct, frozen=True):
    """How it went."""

    outcome: str
    events: list[Event]
    heard: list[tuple[float, float]]
    """When the agent was audible at the participant's ear, in session seconds."""
    captions: list[str]
    """What the agent said, as the page shows it."""


def one_question() -> Blueprint:
    """With one follow-up question at most."""
    probing = {"enabled": True, "max_follow_ups": 1}
    return blueprint(question("q1", "Which tool do you use most?", probing=probing))


async def spoken_talk(
    server: RunningServer,
    folder: Path,
    design: Blueprint | None = None,
    answers: Sequence[str] = (ANSWER,),
) -> ShortTalk:
    """One question, or those of `design`, answered aloud whenever the floor is open: by one answer after the
    other, and by the last one from then on."""
    study = await server.study(design or one_question())
    left = list(answers)
    async with opened_page(server, study) as page:
        await page.agree(recording=False)
        async with socket_talker(server, study, page, folder) as talker:
            await page.until(Level)
            await page.send(Start("voice"))
            await page.until(Question)
            began_at = server.session(study).started_at
            while not isinstance(message := await page.next(), Ended):
                if isinstance(message, Floor) and message.detail == "open":
                    await talker.say(left.pop(0) if len(left) > 1 else left[0])
            heard = stretches([at - began_at for at in talker.audible_at])
    return ShortTalk(message.outcome, await server.events(study), heard, page.captions("agent"))


def stretches(instants: Sequence[float]) -> list[tuple[float, float]]:
    """The stretches of sound that frames which came at these instants make."""
    found: list[tuple[float, float]] = []
    for at in instants:
        if found and at - found[-1][1] <= PAUSE:
            found[-1] = (found[-1][0], at + FRAME_DURATION)
        else:
            found.append((at, at + FRAME_DURATION))
    return found
