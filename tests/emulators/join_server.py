"""The participant's side of the server as its page sees it, with a scripted talk: for faults, and for states
that the real server reaches too rarely to be looked at. Knows the wire, nothing of interviewing."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.support.house import ROOT

STATIC = ROOT / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'"
)
CONSENT_TEXT = """\
You will talk with an AI interviewer about your last meal out. What you say is turned into text, and the \
researchers of Example University read it.

Nothing is sold or shared. You can ask for removal until the end of the study."""

Body = dict[str, Any]


@dataclass
class JoinServer:
    """One run, its link `/join/run_1#token`, and everything that the page has said to it."""

    consent_needed: bool = True
    resumed: bool = False
    webrtc: bool = False
    """Whether an offer is answered (by aiortc, with silence); else it is refused."""
    audio: bool = True
    """Whether the audio websocket is let in."""
    scripted: bool = True
    """Whether the talk answers by itself; else only what a test sends is said."""
    session: Body = field(default_factory=dict)
    """What to change in the session's body."""
    faults: list[Response] = field(default_factory=list)
    """Answers of the session endpoint, one for each request, before it works."""
    said: list[Body] = field(default_factory=list)
    hellos: list[Body] = field(default_factory=list)
    log: list[Body] = field(default_factory=list)
    audio_frames: list[bytes] = field(default_factory=list)
    audio_words: list[Body] = field(default_factory=list)
    sessions_opened: int = 0
    offers: int = 0
    port: int = 0
    sockets: list[WebSocket] = field(default_factory=list)
    audio_sockets: list[WebSocket] = field(default_factory=list)
    connections: list[RTCPeerConnection] = field(default_factory=list)
    channels: list[Any] = field(default_factory=list)
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    script: Callable[["JoinServer", Body], list[Body]] | None = None
    said_before_cut: int = 0
    """For scripts: how much was said over the connections before this one."""
    shut: bool = False
    """Whether a page that says hello has to wait for its welcome."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        return f"{self.origin}/join/run_1#token"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["JoinServer"]:
        """Serve on a free port of loopback for as long as the block lasts."""
        config = uvicorn.Config(self.app(), log_level="error", ws="websockets-sansio", lifespan="off")
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.port = door.getsockname()[1]
            serving = asyncio.get_running_loop().create_task(server.serve(sockets=[door]))
            try:
                yield self
            finally:
                await self.cut()
                for connection in self.connections:
                    await connection.close()
                server.should_exit = server.force_exit = True
                await serving

    def app(self) -> ASGIApp:
        routes: list[BaseRoute] = [
            Route("/join/{run_id}", self._page),
            Route("/join/{run_id}/session", self._session, methods=["POST"]),
            Route("/join/{run_id}/whip", self._whip, methods=["POST"]),
            Route("/join/{run_id}/whip/{leg}", self._leg, methods=["PATCH", "DELETE"]),
            WebSocketRoute("/join/{run_id}/live", self._live),
            WebSocketRoute("/join/{run_id}/audio", self._audio),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        return with_policy(Starlette(routes=routes))

    async def send(self, *messages: Body) -> None:
        """Say to the page; numbered and kept, as the real server does, where the message changes the page."""
        for message in messages:
            numbered = message
            if message["type"] in ("floor", "caption", "question", "progress", "notice"):
                numbered = {**message, "seq": len(self.log) + 1}
                self.log.append(numbered)
            await self.send_raw(json.dumps(numbered))

    async def send_raw(self, text: str) -> None:
        for page in list(self.sockets):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await page.send_text(text)

    async def cut(self) -> None:
        """Drop every live connection, as a network does."""
        for page in [*self.sockets, *self.audio_sockets]:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await page.close(1011)

    def of(self, kind: str) -> list[Body]:
        """All that the page has said of one type."""
        return [message for message in self.said if message["type"] == kind]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something has come in here; the test's own time limit is the limit."""
        while not condition():
            self.stirred.clear()
            await self.stirred.wait()

    async def _page(self, request: Request) -> Response:
        return FileResponse(STATIC / "join" / "index.html")

    async def _session(self, request: Request) -> Response:
        self.sessions_opened += 1
        self.stirred.set()
        if self.faults:
            return self.faults.pop(0)
        if (await request.json()).get("token") != "token":
            return fault(401, "token_invalid", "This link is not valid.")
        return JSONResponse(session_body(self.consent_needed, self.resumed) | self.session)

    async def _whip(self, request: Request) -> Response:
        self.offers += 1
        self.stirred.set()
        if not self.webrtc:
            return fault(503, "no_webrtc", "Sound over WebRTC is not to be had here.")
        connection = RTCPeerConnection()
        self.connections.append(connection)
        connection.addTrack(AudioStreamTrack())
        connection.on("datachannel", self._channel)
        await connection.setRemoteDescription(RTCSessionDescription((await request.body()).decode(), "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        headers = {"location": f"/join/run_1/whip/leg_{self.offers}", "etag": '"1"'}
        return Response(connection.localDescription.sdp, 201, headers=headers, media_type="application/sdp")

    def _channel(self, channel: Any) -> None:
        self.channels.append(channel)
        self.stirred.set()

    async def _leg(self, request: Request) -> Response:
        return Response(status_code=204)

    async def _live(self, page: WebSocket) -> None:
        await page.accept()
        hello = await page.receive_json()
        self.hellos.append(hello)
        await self.until(lambda: not self.shut)
        await page.send_json(
            {
                "type": "welcome",
                "session_id": "ses_1",
                "status": "awaiting_consent" if self.consent_needed else "active",
                "seq": len(self.log),
                "consent_needed": self.consent_needed,
                "resumed": self.resumed,
            }
        )
        for message in self.log[hello["after_seq"] :]:
            await page.send_json(message)
        self.sockets.append(page)
        self.stirred.set()
        try:
            while True:
                await self._take(await page.receive_json())
        except (WebSocketDisconnect, RuntimeError):
            self.sockets.remove(page)

    async def _take(self, message: Body) -> None:
        self.said.append(message)
        self.stirred.set()
        if message["type"] == "consent":
            self.consent_needed = False
        if message["type"] == "ping":
            await self.send({"type": "pong", "n": message["n"]})
        elif self.scripted:
            await self.send(*(self.script or small_talk)(self, message))

    async def _audio(self, page: WebSocket) -> None:
        if not self.audio:
            await page.close(4403)
            return
        await page.accept()
        self.audio_sockets.append(page)
        try:
            while (message := await page.receive())["type"] != "websocket.disconnect":
                self.stirred.set()
                if message.get("bytes"):
                    self.audio_frames.append(message["bytes"])
                elif message.get("text"):
                    self.audio_words.append(json.loads(message["text"]))
        except RuntimeError:
            pass  # closed from this side
        finally:
            self.audio_sockets.remove(page)


def small_talk(server: JoinServer, message: Body) -> list[Body]:
    """The script: asks one question, thanks for any answer, ends when asked to."""
    match message:
        case {"type": "start"} if not server.log:
            return opening()
        case {"type": "text", "text": text, "id": identity}:
            return [caption(identity, "participant", text), floor("thinking", "hold"), *second_question()]
        case {"type": "respond"}:
            return [floor("thinking", "hold")]
        case {"type": "claim", "right": "pause"}:
            return [floor("paused", "paused")]
        case {"type": "claim", "right": "resume"}:
            return [floor("yours", "open")]
        case {"type": "claim", "right": "stop"}:
            return [{"type": "ended", "outcome": "stopped", "text": "Thank you for your time, and good-bye."}]
        case {"type": "consent", "granted": False}:
            return [{"type": "ended", "outcome": "declined", "text": ""}]
        case _:
            return []


def opening() -> list[Body]:
    words = "Tell me about the last time you ate out. What comes to mind?"
    return [
        floor("mine", "speaking"),
        caption("a1", "agent", "Hello, I’m Ada, an AI interviewer. Thank you for making time."),
        question("last_meal", words, section="Eating out"),
        caption("a2", "agent", words),
        {"type": "progress", "answered": 2, "expected": 8, "remaining_m": 7},
        floor("yours", "open"),
    ]


def second_question() -> list[Body]:
    words = "Thank you. And what made it memorable?"
    return [
        question("memorable", words, section="Eating out"),
        caption("a3", "agent", words),
        {"type": "progress", "answered": 3, "expected": 8, "remaining_m": 6},
        floor("yours", "open"),
    ]


def floor(light: str, detail: str) -> Body:
    return {"type": "floor", "light": light, "detail": detail}


def caption(identity: str, role: str, text: str, **also: object) -> Body:
    plain = {"type": "caption", "id": identity, "role": role, "text": text, "final": True, "cut": False}
    return {**plain, "gone": False, **also}


def question(node_key: str, text: str, *, section: str | None = None, **also: object) -> Body:
    plain = {"type": "question", "node_key": node_key, "kind": "scripted", "text": text, "section": section}
    return {**plain, "node_type": "question", "fields": [], "content": None, **also}


def fault(status: int, code: str, message: str, retry_after: int | None = None) -> Response:
    """An answer in the API's error envelope."""
    envelope = {"type": "error", "code": code, "message": message, "param": None, "request_id": "req_1"}
    headers = {"retry-after": str(retry_after)} if retry_after is not None else None
    return JSONResponse({"error": envelope}, status, headers=headers)


def session_body(consent_needed: bool, resumed: bool) -> Body:
    return {
        "access_token": "access",
        "expires_in": 900,
        "ice_servers": [],
        "status": "awaiting_consent" if consent_needed else "active",
        "title": "Eating out in the city",
        "agent_name": "Ada",
        "organization": "Example University",
        "purpose": "To learn how people choose where to eat, and what they remember afterwards.",
        "estimated_duration_m": 12,
        "language": "en",
        "speech_supported": True,
        "consent": {
            "needed": consent_needed,
            "text": CONSENT_TEXT,
            "text_hash": "hash_1",
            "recording_offered": True,
            "human_contact": "Dr Example, study@example.org",
            "help_lines": ["Anybody to talk to, day and night: 555 0100"],
        },
        "resumed": resumed,
        "progress": {"answered": 2 if resumed else 0, "expected": 8},
        "dial_in": None,
    }


def with_policy(app: ASGIApp) -> ASGIApp:
    """The page must live under a strict policy: no inline script or style, nothing from elsewhere."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())
                message["headers"] = [*message.get("headers", []), header]
            await send(message)

        await app(scope, receive, send_with_policy)

    return wrapped
