"""ElevenLabs on loopback, as far as a voice needs it: the websocket that carries several utterances, speech
with times over HTTP, and what an account says of itself. Its faults are those of tests/emulators/script.py,
and its manners.
"""

import asyncio
import base64
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.providers.elevenlabs.account import MODEL, PCM_24000, VOICE_ID, Account, SoundFormat
from tests.emulators.elevenlabs_contexts import MultiContextSocket
from tests.emulators.elevenlabs_speech import MOST_PART, Part, Speech
from tests.emulators.script import Script
from tests.emulators.vendor_server import Refusal, VendorServer, vendor_server

KEY: Final = "xi-emulated"
VOICES: Final = {VOICE_ID: "en-us", "pNInz6obpgDQGcFmaJgB": "en-us+m3"}
"""The account's voices, and who speaks for each."""
FORMATS: Final = ("pcm_24000", "pcm_16000", "ulaw_8000")

Times = Literal["utterance", "message", "sentence", "none"]
"""What the times of characters are counted from: all that documents and clients of the vendor's say of it."""


class Manners(msgspec.Struct):
    """How this vendor behaves today, beside its script. A test may change it at any moment."""

    times: Times = "utterance"
    snake_case: bool = False
    """`context_id` and `is_final` as some of the vendor's examples have them."""
    normalized_only: bool = False
    """Times for the words as they were read out only."""
    tts_only_key: bool = False
    """The key may speak and nothing else."""
    characters_left: bool = True
    whole_sentences: bool = False
    """All of a sentence's sound in one message."""
    never_final: bool = False
    """A context's `isFinal` never comes."""
    endless: bool = False
    """Every message is sent for ever."""


class ElevenLabsEmulator:
    """The application, and what it has seen."""

    def __init__(self, script: Script, speech: Speech) -> None:
        self.script = script
        self.speech = speech
        self.manners = Manners()
        self.sockets: list[MultiContextSocket] = []
        """Every websocket that was accepted."""
        self.accepted = asyncio.Event()
        self.rendered: list[str] = []
        """Every text asked for over HTTP."""
        self.app = Starlette(
            routes=[
                WebSocketRoute("/v1/text-to-speech/{voice_id}/multi-stream-input", self._speak_live),
                Route("/v1/text-to-speech/{voice_id}/stream/with-timestamps", self._render, methods=["POST"]),
                Route("/v1/text-to-speech/{voice_id}/stream", self._stream, methods=["POST"]),
                Route("/v1/user/subscription", self._subscription),
                Route("/v1/models", self._models),
                Route("/v1/voices", self._voices),
                Route("/v1/voices/{voice_id}", self._voice),
            ]
        )

    async def _speak_live(self, websocket: WebSocket) -> None:
        if websocket.headers.get("xi-api-key") != KEY:
            await websocket.send_denial_response(_refusal(401, "invalid_api_key"))
            return
        asked = websocket.query_params
        if asked.get("output_format") not in FORMATS or asked.get("model_id") != MODEL:
            await websocket.send_denial_response(_refusal(400, "invalid_parameters"))
            return
        await websocket.accept()
        voice = VOICES.get(websocket.path_params["voice_id"])
        socket = MultiContextSocket(websocket, voice, self.script, self.speech, self.manners)
        self.sockets.append(socket)
        self.accepted.set()
        await socket.serve()

    async def _render(self, request: Request) -> Response:
        refused, parts = await self._parts(request)
        if refused is not None:
            return refused

        async def lines() -> AsyncIterator[bytes]:
            await self.script.before_first()
            at = 0.0
            for part in parts:
                yield msgspec.json.encode(_line(part, at, self.manners)) + b"\n"
                at += part.duration
                await self.script.before_next()

        return StreamingResponse(lines(), media_type="application/json", headers=_COUNTS)

    async def _stream(self, request: Request) -> Response:
        refused, parts = await self._parts(request)
        if refused is not None:
            return refused

        async def sound() -> AsyncIterator[bytes]:
            await self.script.before_first()
            for part in parts:
                yield part.sound
                await self.script.before_next()

        return StreamingResponse(sound(), media_type="audio/pcm", headers=_COUNTS)

    async def _parts(self, request: Request) -> tuple[Response | None, list[Part]]:
        body = await request.json()
        output_format = request.query_params.get("output_format", "mp3_44100_128")
        voice = VOICES.get(request.path_params["voice_id"])
        if (refused := self._refused(request)) is not None:
            return refused, []
        if voice is None:
            return _refusal(404, "voice_not_found"), []
        if output_format not in FORMATS or not isinstance(body.get("text"), str) or not body["text"].strip():
            fault = {
                "loc": ["body", "text"],
                "msg": "invalid",
                "type": "value_error",
                "input": body.get("text"),
            }
            return JSONResponse({"detail": [fault]}, 422), []
        if len(body["text"]) > 40_000:
            return _refusal(400, "max_character_limit_exceeded"), []
        self.rendered.append(body["text"])
        speed = (body.get("voice_settings") or {}).get("speed", 1.0)
        most = math.inf if self.manners.whole_sentences else MOST_PART
        return None, await self.speech.parts(body["text"], voice, speed, output_format, most)

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("xi-api-key") != KEY:
            return _refusal(401, "invalid_api_key")
        if not self.manners.characters_left:
            return _refusal(401, "quota_exceeded")
        return None

    async def _told(self, request: Request, body: object) -> Response:
        if request.headers.get("xi-api-key") != KEY:
            return _refusal(401, "invalid_api_key")
        if self.manners.tts_only_key:
            return _refusal(401, "missing_permissions")
        return JSONResponse(body)

    async def _subscription(self, request: Request) -> Response:
        used = 1_000 if self.manners.characters_left else 100_000
        body = {
            "tier": "pro",
            "character_count": used,
            "character_limit": 100_000,
            "can_extend_character_limit": False,
            "status": "active",
        }
        return await self._told(request, body)

    async def _models(self, request: Request) -> Response:
        return await self._told(request, [{"model_id": MODEL, "can_do_text_to_speech": True}])

    async def _voices(self, request: Request) -> Response:
        return await self._told(request, {"voices": [_description(voice_id) for voice_id in VOICES]})

    async def _voice(self, request: Request) -> Response:
        voice_id = request.path_params["voice_id"]
        if voice_id not in VOICES and not self.manners.tts_only_key:
            return _refusal(404, "voice_not_found")
        return await self._told(request, _description(voice_id))


class RunningElevenLabs:
    """The emulator at work, seen from the test."""

    def __init__(self, emulator: ElevenLabsEmulator, vendor: VendorServer) -> None:
        self.emulator = emulator
        self.vendor = vendor
        self.script = emulator.script
        self.manners = emulator.manners

    def account(
        self, *, key: str = KEY, voice_id: str = VOICE_ID, sound_format: SoundFormat = PCM_24000
    ) -> Account:
        """An account with this vendor."""
        return Account(key, self.vendor.url, voice_id=voice_id, sound_format=sound_format)

    async def until_lines(self, count: int) -> list[MultiContextSocket]:
        """Wait until so many websockets have been accepted; fails after ten seconds."""
        async with asyncio.timeout(10):
            while len(self.emulator.sockets) < count:
                self.emulator.accepted.clear()
                await self.emulator.accepted.wait()
        return self.emulator.sockets


@asynccontextmanager
async def elevenlabs_emulator(script: Script | None = None) -> AsyncIterator[RunningElevenLabs]:
    """Run the emulator, with a voice of its own, until the block is left."""
    speech = Speech()
    emulator = ElevenLabsEmulator(script or Script(), speech)
    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(speech.run(), name="emulated voice")
        try:
            await speech.parts("Ready.", "en-us", 1.0, "pcm_24000", MOST_PART)
            async with vendor_server(emulator.app, emulator.script, refusal=refusal) as vendor:
                yield RunningElevenLabs(emulator, vendor)
        finally:
            speaking.cancel()


def refusal(status: int) -> Refusal:
    """The vendor's own words for the faults of a script."""
    code = {401: "invalid_api_key", 429: "too_many_concurrent_requests"}.get(status, "system_busy")
    return Refusal(bytes(_refusal(status, code).body))


def _refusal(status: int, code: str) -> Response:
    return JSONResponse({"detail": {"status": code, "message": f"Refused: {code}."}}, status)


def _description(voice_id: str) -> dict[str, Any]:
    return {"voice_id": voice_id, "name": "Emulated", "category": "premade", "labels": {}}


def _line(part: Part, at: float, manners: Manners) -> dict[str, Any]:
    origin = 0.0 if manners.times == "message" else at
    times = {
        "characters": list(part.chars),
        "character_start_times_seconds": [round(origin + start, 3) for start in part.starts],
        "character_end_times_seconds": [
            round(origin + start + lasting, 3)
            for start, lasting in zip(part.starts, part.durations, strict=True)
        ],
    }
    alignment = None if manners.times == "none" else times
    return {
        "audio_base64": base64.b64encode(part.sound).decode(),
        "alignment": None if manners.normalized_only else alignment,
        "normalized_alignment": alignment,
    }


_COUNTS: Final = {"current-concurrent-requests": "1", "maximum-concurrent-requests": "15"}
