"""The participant's two websockets: the live one for words and state, the audio one where UDP can't pass.

Every message is bounded in size and rate, and whatever can't be read ends the connection with a plain reason.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from server.api.errors import STORAGE_FAULTS, Refusal
from server.api.house import house_of
from server.api.participants import run_of_token
from server.api.run_ids import checked_run_id
from server.clock import loop_time
from server.gateway.control import Allowance
from server.gateway.websocket import WebSocketLeg
from server.gateway.websocket_frames import AudioFormat
from server.live.page import Page
from server.live.page_signals import MOST_CHARACTERS
from server.live.visit import ConsentMissing, Visit
from server.live.wire import AnyFromPage, Hello, Refused, TypedText
from server.store.run_status import TransitionRefused

log = logging.getLogger(__name__)

MAX_MESSAGE: Final = 16_384
"""Bytes of one message of a page."""
HELLO_TIMEOUT: Final = 10.0
"""Seconds for the first message: a socket that says nothing holds nothing."""
TOO_FAST: Final = "That was a lot of text at once. Please wait a moment, and send it again."
POLICY_VIOLATION: Final = 1008
TOO_BIG: Final = 1009
TRY_AGAIN: Final = 1013

_from_page: Final = msgspec.json.Decoder(AnyFromPage)
_encoder: Final = msgspec.json.Encoder()


class AudioHello(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """First message on the audio socket."""

    access_token: str
    format: AudioFormat = "pcm"


class _Closing(Exception):
    """This connection is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


async def live(websocket: WebSocket) -> None:
    """WS /join/{run_id}/live: the page's vocabulary both ways (server/live/wire.py)."""
    async with _accepted(websocket):
        hello = await _first_message(websocket)
        try:
            message = _from_page.decode(hello)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _Closing(POLICY_VIOLATION, "the first message must be a hello") from None
        if not isinstance(message, Hello):
            raise _Closing(POLICY_VIOLATION, "the first message must be a hello")
        visit = await _visit(websocket, message.access_token)
        page = Page()
        try:
            await visit.enter(page, message.after_seq)
            await _talk(websocket, visit, page, message.after_seq)
        finally:
            visit.depart(page)


async def _talk(websocket: WebSocket, visit: Visit, page: Page, after_seq: int) -> None:
    """Carry messages both ways until either side ends."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(visit.show(page, after_seq), name="page feed")
            tasks.create_task(_send(websocket, page), name="page outbox")
            await _read(websocket, visit, page)
    except* _Closing as closings:
        first = closings.exceptions[0]
        assert isinstance(first, _Closing)
        raise _Closing(first.code, first.reason) from None
    except* TransitionRefused:
        raise _Closing(POLICY_VIOLATION, "run_finished") from None
    except* STORAGE_FAULTS as faults:
        log.error("! the database can't be used: %s", faults.exceptions[0])
        raise _Closing(TRY_AGAIN, "storage_unavailable") from None
    except* WebSocketDisconnect:
        pass


async def _send(websocket: WebSocket, page: Page) -> None:
    while (message := await page.next_message()) is not None:
        await websocket.send_text(_encoder.encode(message).decode())
    assert page.closed is not None
    raise _Closing(*page.closed)


async def _read(websocket: WebSocket, visit: Visit, page: Page) -> None:
    allowance = Allowance(per_second=30.0, burst=120.0)
    while True:
        text = await _receive(websocket)
        if not allowance.take(loop_time()):
            raise _Closing(POLICY_VIOLATION, "too many messages")
        try:
            message = _from_page.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _Closing(POLICY_VIOLATION, "a message that is not in the vocabulary") from None
        if isinstance(message, Hello):
            raise _Closing(POLICY_VIOLATION, "a second hello")
        if isinstance(message, TypedText) and not _may_type(websocket, visit, message):
            page.tell(Refused("too_fast", TOO_FAST))
            continue
        await visit.take(page, message)


def _may_type(websocket: WebSocket, visit: Visit, message: TypedText) -> bool:
    """No more than somebody types: all talks wait while one of them takes a long text in."""
    house, run_id, now = house_of(websocket), visit.case.run_id, loop_time()
    return house.typed_texts.take(run_id, now) and house.typed_characters.take(
        run_id, now, min(len(message.text), MOST_CHARACTERS)
    )


async def audio(websocket: WebSocket) -> None:
    """WS /join/{run_id}/audio: sound both ways, in frames of 20 ms (server/gateway/websocket_frames.py)."""
    async with _accepted(websocket):
        try:
            hello = msgspec.json.decode(await _first_message(websocket), type=AudioHello)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _Closing(POLICY_VIOLATION, "the first message must name token and format") from None
        visit = await _visit(websocket, hello.access_token)
        leg = WebSocketLeg(websocket, house_of(websocket).metronome, hello.format)
        try:
            carrying = await visit.attach(leg)
        except ConsentMissing:
            raise _Closing(POLICY_VIOLATION, "consent_first") from None
        await asyncio.wait({carrying})


@contextlib.asynccontextmanager
async def _accepted(websocket: WebSocket) -> AsyncIterator[None]:
    """Accept a socket from our own page, and close it in plain words whatever goes wrong inside."""
    if not _from_our_page(websocket):
        await websocket.close(POLICY_VIOLATION, "foreign origin")
        return
    await websocket.accept()
    code, reason = 1000, ""
    try:
        yield
    except _Closing as closing:
        code, reason = closing.code, closing.reason
    except Refusal as refusal:
        code = TRY_AGAIN if refusal.status == 503 else POLICY_VIOLATION
        reason = refusal.code
    except TransitionRefused:
        code, reason = POLICY_VIOLATION, "run_finished"
    except STORAGE_FAULTS as fault:
        log.error("! the database can't be used: %s", fault)
        code, reason = TRY_AGAIN, "storage_unavailable"
    except WebSocketDisconnect:
        return
    except Exception:
        log.exception("! a participant's socket failed")
        code, reason = 1011, "a fault on our side"
    if websocket.application_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await websocket.close(code, reason[:100])


def _from_our_page(websocket: WebSocket) -> bool:
    """Browsers name the page's origin; other programs name none, and hold no cookie that could be abused."""
    origin = websocket.headers.get("origin")
    if origin is None:
        return True
    ours = {websocket.headers.get("host", ""), urlsplit(house_of(websocket).settings.public_url).netloc}
    return urlsplit(origin).netloc in ours


async def _first_message(websocket: WebSocket) -> str:
    try:
        async with asyncio.timeout(HELLO_TIMEOUT):
            return await _receive(websocket)
    except TimeoutError:
        raise _Closing(POLICY_VIOLATION, "no hello in time") from None


async def _receive(websocket: WebSocket) -> str:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1000)
    text = message.get("text")
    if text is None:
        raise _Closing(1003, "only text is taken here")
    if len(text) > MAX_MESSAGE:
        raise _Closing(TOO_BIG, f"a message of more than {MAX_MESSAGE} bytes")
    assert isinstance(text, str)
    return text


async def _visit(websocket: WebSocket, access_token: str) -> Visit:
    run = await run_of_token(websocket, checked_run_id(websocket), access_token)
    return await house_of(websocket).visit(run)


ROUTES: Final = [
    WebSocketRoute("/join/{run_id}/live", live),
    WebSocketRoute("/join/{run_id}/audio", audio),
]
