"""A participant's page without a browser: the live socket, spoken as the page speaks it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dialog.blueprint import Blueprint
from server.live.wire import (
    AnyFromPage,
    AnyToPage,
    Caption,
    Consent,
    Ended,
    Floor,
    Hello,
    Question,
    Start,
    TypedText,
    Welcome,
)
from tests.support.running_server import Door, RunningServer, Study

_decoder = msgspec.json.Decoder(AnyToPage)
Message = TypeVar("Message", bound=msgspec.Struct)


class TestPage:
    """One connection. Everything that came lies in `seen`."""

    __test__ = False

    def __init__(self, socket: ClientConnection, session: dict[str, object]) -> None:
        self.socket = socket
        self.session = session
        self.seen: list[AnyToPage] = []

    async def send(self, message: AnyFromPage) -> None:
        await self.socket.send(msgspec.json.encode(message).decode())

    async def next(self) -> AnyToPage:
        """The next message. Raises websockets' ConnectionClosed at the end."""
        async with asyncio.timeout(30):
            message: AnyToPage = _decoder.decode(await self.socket.recv())
        self.seen.append(message)
        return message

    async def until(self, kind: type[Message], holds: Callable[[Message], bool] = lambda _: True) -> Message:
        """Read up to the first message of this kind for which `holds` is true."""
        while True:
            message = await self.next()
            if isinstance(message, kind) and holds(message):
                return message

    async def agree(self, *, recording: bool = True) -> None:
        """Consent, and wait until it has been taken."""
        consent = self.session["consent"]
        assert isinstance(consent, dict)
        await self.send(Consent(True, recording, consent["text_hash"]))
        await self.until(Welcome, lambda welcome: not welcome.consent_needed)

    async def answer_all(self, answers: list[str]) -> Ended:
        """Type each answer when it is asked for, and wait for the end."""
        for number, answer in enumerate(answers):
            await self.until(Question)
            await self.until(Floor, lambda floor: floor.detail == "open")
            await self.send(TypedText(answer, f"answer-{number}"))
        return await self.until_over()

    async def until_over(self) -> Ended:
        """Read up to the end of the interview, and until the server has closed the socket behind it."""
        ended = await self.until(Ended)
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.next()
        return ended

    def captions(self, role: str) -> list[str]:
        """The final text of each bubble of one side, in order; those taken away are not among them."""
        latest = {c.id: c for c in self.seen if isinstance(c, Caption) and c.role == role}
        return [caption.text for caption in latest.values() if not caption.gone]


@asynccontextmanager
async def opened_page(server: Door, study: Study, *, after_seq: int = 0) -> AsyncIterator[TestPage]:
    """Open the link and say hello."""
    session = await server.open_session(study)
    address = f"ws{server.origin.removeprefix('http')}/join/{study.run_id}/live"
    async with connect(address) as socket:
        page = TestPage(socket, session)
        await page.send(Hello(session["access_token"], after_seq))
        await page.until(Welcome)
        yield page


@asynccontextmanager
async def agreed_page(server: RunningServer, blueprint: Blueprint) -> AsyncIterator[tuple[Study, TestPage]]:
    """Open the link of a new run, and consent."""
    study = await server.study(blueprint)
    async with opened_page(server, study) as page:
        await page.agree()
        yield study, page


async def start_text(page: TestPage) -> None:
    """Consent if need be, and begin in writing."""
    consent = page.session["consent"]
    assert isinstance(consent, dict)
    if consent["needed"]:
        await page.agree()
    await page.send(Start("text"))
