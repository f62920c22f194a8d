"""Deepgram on loopback: `/v1/listen` (nova-3) and `/v2/listen` (Flux), in its own wire format.

    emulator = DeepgramEmulator(make_ears)
    async with vendor_server(emulator.app, script, refusal=refusal) as vendor: ...

Its faults are the script's; what is peculiar to Deepgram (a close for silence, a close with a reason) is done
by the emulator itself.
"""

import asyncio
import contextlib
import itertools
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tests.emulators.deepgram_ears import Hearing, MakeEars, StreamSound
from tests.emulators.deepgram_flux import FluxSettings, FluxTurns
from tests.emulators.deepgram_nova import NovaResults
from tests.emulators.script import Script
from tests.emulators.vendor_server import Refusal

Read = bytes | dict[str, Any] | Exception
"""What came from a client: sound, an order, or why nothing more does."""
KEY: Final = "a-key-of-the-emulator"
_ENCODINGS: Final = {"/v1/listen": {"linear16", "mulaw"}, "/v2/listen": {"linear16", "mulaw"}}
_CODES: Final = {
    400: ("Bad Request", "the request is not valid"),
    401: ("INVALID_AUTH", "Invalid credentials."),
    402: ("ASR_PAYMENT_REQUIRED", "Project does not have enough credits for an ASR request."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
    503: ("SERVICE_UNAVAILABLE", "The service is currently unavailable."),
}


def refusal(status: int) -> Refusal:
    """Deepgram's words for what it won't do: in the body, and once more in the head."""
    code, message = _CODES.get(status, ("ERROR", ""))
    body = msgspec.json.encode({"err_code": code, "err_msg": message, "request_id": f"refused-{status}"})
    headers = (
        (b"content-type", b"application/json"),
        (b"dg-error", message.encode()),
        (b"dg-request-id", b"refused-%d" % status),
    )
    return Refusal(body, headers)


class Stream:
    """One connection, seen from the test."""

    def __init__(self, socket: WebSocket) -> None:
        self.query: QueryParams = socket.query_params
        self.orders: list[dict[str, Any]] = []
        """Every text message so far."""
        self.sound = bytearray()
        """All sound so far, as it came."""
        self.sends: list[int] = []
        """The size of each message of it."""
        self.told = 0
        """Messages sent to the client."""
        self._socket = socket

    async def close(self, code: int, reason: str) -> None:
        """Close it, as Deepgram does when something is wrong."""
        with contextlib.suppress(RuntimeError):
            await self._socket.close(code, reason)


class DeepgramEmulator:
    """`app` is to be served; `streams` are all connections that were ever accepted."""

    def __init__(
        self,
        make_ears: MakeEars,
        script: Script | None = None,
        *,
        key: str = KEY,
        silence_limit: float = 10.0,
        keeps_sound: bool = True,
    ) -> None:
        self.streams: list[Stream] = []
        self.script = script or Script()
        self.broke = False
        """The account has no credit left."""
        self.app = Starlette(
            routes=[WebSocketRoute("/v1/listen", self._listen), WebSocketRoute("/v2/listen", self._listen)]
        )
        self._make_ears = make_ears
        self._key = key
        self._silence_limit = silence_limit
        self._keeps_sound = keeps_sound
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()

    async def stream(self, number: int = 1) -> Stream:
        """Wait for the connection of that number, from 1."""
        while len(self.streams) < number:
            self._changed.clear()
            await self._changed.wait()
        return self.streams[number - 1]

    async def _listen(self, socket: WebSocket) -> None:
        status = self._refused(socket)
        if status is not None:
            refused = refusal(status)
            headers = {name.decode(): value.decode() for name, value in refused.headers}
            await socket.send_denial_response(Response(refused.body, status, headers))
            return
        await socket.accept(headers=[(b"dg-request-id", b"accepted")])
        stream = Stream(socket)
        self.streams.append(stream)
        self._changed.set()

        async def say(message: dict[str, Any]) -> None:
            stream.told += 1
            await socket.send_text(msgspec.json.encode(message).decode())

        ears = self._make_ears()
        read: asyncio.Queue[Read] = asyncio.Queue()
        reader = asyncio.get_running_loop().create_task(self._read(socket, read))  # ended below
        try:
            speaker = self._speaker(socket, Hearing(ears), say)
            await speaker.greet()
            await self._answer(stream, read, speaker)
            await speaker.finish()
            await socket.close(1000)
        except TimeoutError:
            await stream.close(1011, "NET-0001")
        except (WebSocketDisconnect, RuntimeError):
            if socket.client_state == WebSocketState.CONNECTED == socket.application_state:
                raise
        finally:
            reader.cancel()
            await asyncio.wait([reader])
            await ears.close()

    async def _answer(
        self, stream: Stream, read: asyncio.Queue[Read], speaker: FluxTurns | NovaResults
    ) -> None:
        """Hear and answer until the client has said all. Raises what ended the connection else."""
        sound = StreamSound(stream.query["encoding"], int(stream.query["sample_rate"]))
        while True:
            message = await read.get()
            if isinstance(message, Exception):
                raise message
            if isinstance(message, bytes):
                stream.sends.append(len(message))
                if self._keeps_sound:
                    stream.sound += message
                for frame in sound.frames(message):
                    await speaker.frame(frame)
                continue
            stream.orders.append(message)
            if message.get("type") == "CloseStream":
                return
            await speaker.order(message)

    async def _read(self, socket: WebSocket, read: asyncio.Queue[Read]) -> None:
        """Read what the client sends as it comes, however long the answers take: a client that has gone is
        noticed, and so is one that says nothing. An empty piece of sound ends the stream."""
        while True:
            try:
                async with asyncio.timeout(self._silence_limit):
                    message = await socket.receive()
            except TimeoutError as silence:
                read.put_nowait(silence)
                return
            if message["type"] == "websocket.disconnect":
                read.put_nowait(WebSocketDisconnect(message.get("code", 1006)))
                return
            data = message.get("bytes")
            if data is None:
                try:
                    read.put_nowait(msgspec.json.decode(message["text"], type=dict[str, Any]))
                except msgspec.MsgspecError:
                    read.put_nowait({})
            else:
                read.put_nowait(data or {"type": "CloseStream"})

    def _refused(self, socket: WebSocket) -> int | None:
        """The status that a handshake is refused with, or None."""
        if socket.headers.get("authorization") not in (f"Token {self._key}", f"bearer {self._key}"):
            return 401
        if self.broke:
            return 402
        query = socket.query_params
        wanted = _ENCODINGS[socket.url.path]
        keyterms = query.getlist("keyterm")
        known = query.get("model", "").startswith("flux-general" if "v2" in socket.url.path else "nova-")
        rates = ("8000", "16000")
        fits = query.get("encoding") in wanted and query.get("sample_rate") in rates and len(keyterms) <= 100
        thresholds = _thresholds(query)
        return None if known and fits and thresholds is not None and thresholds.wrong() is None else 400

    def _speaker(self, socket: WebSocket, hearing: Hearing, say: Any) -> FluxTurns | NovaResults:
        query = socket.query_params
        request = f"request-{next(self._numbers)}"
        if "v2" in socket.url.path:
            thresholds = _thresholds(query)
            assert thresholds is not None
            return FluxTurns(hearing, thresholds, self.script, say, request)
        pause = query.get("endpointing", "10")
        endpointing = None if pause == "false" else int(pause) / 1_000
        return NovaResults(hearing, endpointing, self.script, say, request)


def _thresholds(query: QueryParams) -> FluxSettings | None:
    given = {name: query[name] for name in FluxSettings.__struct_fields__ if name in query}
    try:
        return msgspec.convert(given, FluxSettings, strict=False)
    except msgspec.ValidationError:
        return None
