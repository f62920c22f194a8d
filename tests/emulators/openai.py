"""OpenAI's chat completions on the wire, as its own library speaks to them: chunks as server-sent events,
usage in the last one, refusals, and errors in the midst of a reply."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.emulators.model_mind import Mind, Prompt
from tests.emulators.model_wire import form_of, in_pieces, is_strict, tokens_of
from tests.emulators.script import Script
from tests.emulators.vendor_server import Refusal

KEY: Final = "sk-emulated"
CACHE_FLOOR: Final = 1_024
_KNOWN: Final = frozenset(
    ("model", "max_completion_tokens", "messages", "reasoning_effort", "response_format", "prompt_cache_key",
     "store", "stream", "stream_options")
)  # fmt: skip
_CORE: Final = frozenset(("model", "max_tokens", "messages", "stream"))
"""All that a strict server of somebody's own knows of the same protocol."""
_OWN_MODELS: Final = ("gpt-4", "gpt-5", "gpt-6", "o1", "o3", "o4")
_KINDS: Final = {401: "invalid_api_key", 429: "rate_limit_exceeded", 503: "server_error"}


def refusal(status: int) -> Refusal:
    """How this vendor refuses."""
    return Refusal(msgspec.json.encode(_error(_KINDS.get(status, "server_error"))))


class OpenAIEmulator:
    """The vendor: `app` serves it."""

    def __init__(self, script: Script, mind: Mind | None = None) -> None:
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._completions, methods=["POST"]),
                Route("/v1/models", self._models),
            ]
        )
        self.mind = mind or Mind()
        self.bodies: list[dict[str, Any]] = []
        self.broke = False
        """The account has no credit left."""
        self.declines = False
        """It says in the reply that it won't."""
        self.breaks_off = ""
        """The code of the error that comes after the first pieces of a reply; "" = none."""
        self.truncates = 0
        """So many pieces of a reply come, then `length`; 0 = all."""
        self._script = script
        self._kept: set[tuple[str, str]] = set()

    async def _models(self, request: Request) -> Response:
        if (refused := _unauthorized(request)) is not None:
            return refused
        model = {"id": "gpt-4.1-mini", "object": "model", "created": 1, "owned_by": "openai"}
        return JSONResponse({"object": "list", "data": [model]})

    async def _completions(self, request: Request) -> Response:
        if (refused := _unauthorized(request)) is not None:
            return refused
        body = msgspec.json.decode(await request.body())
        if self.broke:
            return JSONResponse(_error("insufficient_quota", "You exceeded your current quota."), 429)
        fault = _fault(body)
        if fault:
            return JSONResponse(_error("invalid_request_error", fault), 400)
        self.bodies.append(body)
        return StreamingResponse(self._chunks(body), media_type="text/event-stream")

    async def _chunks(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        await self._script.before_first()
        yield _chunk(body, {"role": "assistant", "content": ""})
        if self.declines:
            yield _chunk(body, {"refusal": "I'm sorry, I can't help with that."})
            yield _chunk(body, {}, finish="stop")
            yield b"data: [DONE]\n\n"
            return
        finish, pieces = "stop", in_pieces(self._words(body))
        for place, piece in enumerate(pieces):
            if place:
                await self._script.before_next()
            if self.breaks_off and place == 3:
                yield _data(_error(self.breaks_off))
                return
            if self.truncates and place == self.truncates:
                finish = "length"
                break
            yield _chunk(body, {"content": piece})
        yield _chunk(body, {}, finish=finish)
        yield _data({**_frame(body), "choices": [], "usage": self._usage(body, len(pieces))})
        yield b"data: [DONE]\n\n"

    def _words(self, body: dict[str, Any]) -> str:
        """What the model says; to somebody who only says hello, as much as one token can hold."""
        return self.mind.reply(prompt_of(body)) if len(body["messages"]) > 1 else "Hi"

    def _usage(self, body: dict[str, Any], written: int) -> dict[str, Any]:
        beginning = body["messages"][0]["content"]
        key = (body.get("prompt_cache_key", ""), beginning)
        tokens = tokens_of(beginning)
        cached = tokens if key in self._kept and tokens >= CACHE_FLOOR else 0
        self._kept.add(key)
        read = tokens + sum(tokens_of(part) for part in _said(body))
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
                "prompt_tokens_details": {"cached_tokens": cached}}  # fmt: skip


def prompt_of(body: dict[str, Any]) -> Prompt:
    """A call's prompt."""
    standing, said = body["messages"][0]["content"], _said(body)
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    return Prompt(
        standing, tuple(said[:-1]), said[-1], form_of(schema, standing), "schema" if schema else "lines"
    )


def _said(body: dict[str, Any]) -> list[str]:
    content = body["messages"][-1]["content"]
    return content.split("\n\n") if isinstance(content, str) else [part["text"] for part in content]


def _frame(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}


def _chunk(body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> bytes:
    return _data({**_frame(body), "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _data(data: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def _error(code: str, message: str = "No.") -> dict[str, Any]:
    return {"error": {"message": message, "type": code, "param": None, "code": code}}


def _unauthorized(request: Request) -> Response | None:
    if request.headers.get("authorization") == f"Bearer {KEY}":
        return None
    return JSONResponse(_error("invalid_api_key", "Incorrect API key provided."), 401)


def _fault(body: dict[str, Any]) -> str:
    """What the vendor would refuse in a call; "" = nothing."""
    own = body["model"].startswith(_OWN_MODELS)
    unknown = set(body) - (_KNOWN if own else _CORE)
    if not own and not all(isinstance(message["content"], str) for message in body["messages"]):
        return "content: Input should be a valid string"
    if unknown:
        return f"Unrecognized request argument supplied: {unknown.pop()}"
    if body["model"].startswith(("gpt-4", "gpt-5-chat")) and body.get("reasoning_effort"):
        return "Unrecognized request argument supplied: reasoning_effort"
    form = body.get("response_format")
    if form is not None and not (form["json_schema"]["strict"] and is_strict(form["json_schema"]["schema"])):
        return "Invalid schema"
    return ""
