"""One websocket of the emulated ElevenLabs: its contexts, what each is told to say, and what it answers."""

import asyncio
import base64
import math
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.emulators.elevenlabs_speech import MOST_PART, Part, Speech
from tests.emulators.script import Script

MOST_CONTEXTS: Final = 5
TOO_MANY: Final = (
    "Maximum simultaneous contexts per WebSocket connection exceeded (5). "
    "Please close an existing context before opening a new one."
)


class _Manners(Protocol):
    times: Any
    snake_case: bool
    normalized_only: bool
    characters_left: bool
    whole_sentences: bool
    never_final: bool
    endless: bool


class _Refused(Exception):
    """The whole connection is closed: `code` is the vendor's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Context:
    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.buffer = ""
        self.sentences: asyncio.Queue[str | None] = asyncio.Queue()
        self.closing = False


class MultiContextSocket:
    """Serves one client. `heard` is all that it said, `most_at_once` how many contexts stood together."""

    def __init__(
        self, websocket: WebSocket, voice: str | None, script: Script, speech: Speech, manners: _Manners
    ) -> None:
        self._websocket = websocket
        self._voice = voice
        self._script = script
        self._speech = speech
        self._manners = manners
        self._contexts: dict[str, _Context] = {}
        self.heard: list[dict[str, Any]] = []
        self.spoken: list[str] = []
        self.most_at_once = 0
        self.refused = ""

    @property
    def open_contexts(self) -> int:
        return len(self._contexts)

    async def serve(self) -> None:
        """Answer until either side goes."""
        query = self._websocket.query_params
        patience = float(query.get("inactivity_timeout", 20))
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    while True:
                        async with asyncio.timeout(patience):
                            message = await self._websocket.receive_json()
                        self.heard.append(message)
                        if message.get("close_socket"):
                            break
                        self._hear(message, tasks.create_task)
                except WebSocketDisconnect:
                    raise _GoneError from None
                except TimeoutError:
                    raise _Refused("input_timeout_exceeded", "No input for too long.") from None
                for context in self._contexts.values():
                    self._close(context)
            await self._websocket.close()
        except* _GoneError:
            pass
        except* _Refused as refusals:
            [refused] = [each for each in refusals.exceptions if isinstance(each, _Refused)][:1]
            self.refused = refused.code
            await self._websocket.send_json({"message": str(refused), "error": refused.code, "code": 1008})
            await self._websocket.close(1008, str(refused)[:120])

    def _hear(self, message: dict[str, Any], begin: Callable[..., object]) -> None:
        context_id = str(message.get("context_id") or "default")
        context = self._contexts.get(context_id)
        text = message.get("text")
        if context is None:
            if message.get("close_context"):
                return
            if not text:
                raise _Refused("invalid_message", "The first message of a context has to open it.")
            context = self._open(context_id, message)
            begin(self._speak(context_id, context))
        elif "voice_settings" in message:
            raise _Refused("invalid_message", "Voice settings can only be given once.")
        context.buffer += text.lstrip() if text and not context.buffer else text or ""
        auto = self._websocket.query_params.get("auto_mode") == "true"
        if context.buffer.strip() and (auto or message.get("flush") or message.get("close_context")):
            context.sentences.put_nowait(context.buffer)
            context.buffer = ""
        if message.get("close_context"):
            self._close(context)

    def _open(self, context_id: str, message: dict[str, Any]) -> _Context:
        if self._voice is None:
            raise _Refused("voice_id_does_not_exist", "A voice with that ID does not exist.")
        if not self._manners.characters_left:
            raise _Refused("quota_exceeded", "This request exceeds your quota.")
        if len(self._contexts) >= MOST_CONTEXTS:
            raise _Refused("max_active_conversations", TOO_MANY)
        context = self._contexts[context_id] = _Context(message.get("voice_settings") or {})
        self.most_at_once = max(self.most_at_once, len(self._contexts))
        return context

    def _close(self, context: _Context) -> None:
        if not context.closing:
            context.closing = True
            context.sentences.put_nowait(None)

    async def _speak(self, context_id: str, context: _Context) -> None:
        output_format = self._websocket.query_params["output_format"]
        speed = context.settings.get("speed", 1.0)
        at = 0.0
        first = True
        while (sentence := await context.sentences.get()) is not None:
            self.spoken.append(sentence)
            most = math.inf if self._manners.whole_sentences else MOST_PART
            parts = await self._speech.parts(sentence, self._voice or "", speed, output_format, most)
            sentence_at = at
            for part in parts:
                await (self._script.before_first() if first else self._script.before_next())
                first = False
                await self._say(context_id, part, at, at - sentence_at)
                while self._manners.endless:
                    await self._say(context_id, part, at, at - sentence_at)
                at += part.duration
        if self._manners.never_final:
            return
        final: dict[str, Any] = {"is_final": True, "context_id": context_id}
        await self._send(final if self._manners.snake_case else {"isFinal": True, "contextId": context_id})
        del self._contexts[context_id]

    async def _say(self, context_id: str, part: Part, at: float, within: float) -> None:
        origin = {"utterance": at, "sentence": within, "message": 0.0, "none": 0.0}[self._manners.times]
        alignment = None
        if self._manners.times != "none":
            snake = self._manners.snake_case
            alignment = {
                "chars": list(part.chars),
                "charsStartTimesMs" if snake else "charStartTimesMs": [
                    round((origin + start) * 1_000) for start in part.starts
                ],
                "charsDurationsMs" if snake else "charDurationsMs": [
                    round(lasting * 1_000) for lasting in part.durations
                ],
            }
        await self._send(
            {
                "audio": base64.b64encode(part.sound).decode(),
                "isFinal": None,
                "context_id" if self._manners.snake_case else "contextId": context_id,
                "alignment": None if self._manners.normalized_only else alignment,
                "normalizedAlignment": alignment,
            }
        )

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._websocket.send_text(msgspec.json.encode(message).decode())
        except (WebSocketDisconnect, RuntimeError):
            raise _GoneError from None


class _GoneError(Exception):
    """The client has gone."""
