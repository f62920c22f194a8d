"""Participants who come, say little and go: politely, or without a word as a killed tab does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from media.frames import VOICE_RATE_HZ
from server.live.wire import Floor, Question, Start, TypedText
from server.rehearsal.link import Call, JoinLink
from tests.support.page import TestPage, opened_page, start_text
from tests.support.running_server import Door, Study
from tests.support.small_study import QUESTIONS

_MURMUR: Final = b"".join(
    (6_000 * (1 if at // 80 % 2 else -1)).to_bytes(2, "little", signed=True) for at in range(VOICE_RATE_HZ)
)
"""A second of a harsh tone: sound enough for the voice activity to look twice."""

Visit = Callable[[Door, Study], Awaitable[None]]


async def write_and_end(door: Door, study: Study) -> None:
    """A whole interview in writing, up to its end."""
    async with opened_page(door, study) as page:
        await start_text(page)
        await page.answer_all([f"I can tell you about that: {question}" for question in QUESTIONS])


async def write_and_vanish(door: Door, study: Study) -> None:
    """One answer in writing; then the tab is killed."""
    async with opened_page(door, study) as page:
        await start_text(page)
        await _answer(page)
        page.socket.transport.abort()


async def talk_and_hang_up(door: Door, study: Study) -> None:
    """A few seconds over WebRTC, an answer that is typed, and a good-bye."""
    async with opened_page(door, study) as page:
        call = await _call(door, study, page)
        await call.close()


async def talk_and_vanish(door: Door, study: Study) -> None:
    """The same, but nobody says that it is over: all sockets are dead at once."""
    async with opened_page(door, study) as page:
        call = await _call(door, study, page)
        for protocol in call._connection.sctp.transport.transport._connection._protocols:  # type: ignore[union-attr]
            protocol.transport.abort()
        page.socket.transport.abort()
        await call.close()


async def _call(door: Door, study: Study, page: TestPage) -> Call:
    await page.agree()
    call = Call(lambda: None)
    async with httpx.AsyncClient(timeout=20) as http, asyncio.TaskGroup() as tasks:
        link = JoinLink(door.origin, study.run_id, study.token)
        await call.connect(http, link, str(page.session["access_token"]))
        hearing = tasks.create_task(call.listen())
        await page.send(Start("voice"))
        await page.until(Question)
        await call.microphone.say(_MURMUR)
        await page.send(TypedText("It was nothing to speak of.", "typed-0"))
        await page.until(Question)
        hearing.cancel()
    return call


async def _answer(page: TestPage) -> None:
    await page.until(Question)
    await page.until(Floor, lambda floor: floor.detail == "open")
    await page.send(TypedText("A hammer, as a rule.", "answer-0"))
    await page.until(Question)


WRITTEN: Final[tuple[Visit, ...]] = (write_and_end, write_and_end, write_and_end, write_and_vanish)
SPOKEN: Final[tuple[Visit, ...]] = (talk_and_hang_up, talk_and_vanish)


def visit_number(number: int, spoken_every: int) -> Visit:
    """Who comes as the so-many-eth: every `spoken_every`-th speaks, and some of each kind vanish."""
    if number % spoken_every == 0:
        return SPOKEN[number // spoken_every % len(SPOKEN)]
    return WRITTEN[number % len(WRITTEN)]
