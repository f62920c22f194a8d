"""Anthropic's Messages API on the wire, as its own library speaks to it: server-sent events, the cache of
prompts, refusals of what a model can't be asked, and errors in the midst of a reply."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from server.providers.models.rules_per_model import Style
from tests.emulators.model_mind import Mind, Prompt
from tests.emulators.model_wire import form_of, in_pieces, is_strict, tokens_of
from tests.emulators.script import Script
from tests.emulators.vendor_server import Refusal

KEY: Final = "sk-ant-emulated"
CACHE_FLOOR: Final = 1_024
"""Tokens; a shorter beginning isn't kept."""
_KNOWN: Final = frozenset(
    ("model", "max_tokens", "system", "messages", "thinking", "output_config", "stream", "metadata")
)
_KINDS: Final = {401: "authentication_error", 429: "rate_limit_error", 503: "overloaded_error"}


def refusal(status: int) -> Refusal:
    """How this vendor refuses."""
    return Refusal(msgspec.json.encode(_error(_KINDS.get(status, "api_error"), "No.")))


class AnthropicEmulator:
    """The vendor: `app` serves it. Its switches are for what is peculiar to it; the rest is the script's."""

    def __init__(self, script: Script, mind: Mind | None = None) -> None:
        self.app = Starlette(
            routes=[
                Route("/v1/messages", self._messages, methods=["POST"]),
                Route("/v1/models", self._models),
            ]
        )
        self.mind = mind or Mind()
        self.bodies: list[dict[str, Any]] = []
        """Every call that was understood."""
        self.thinks = False
        """A block of thoughts comes first."""
        self.broke = False
        """The account has no credit left."""
        self.declines = False
        """It stops with `refusal`."""
        self.breaks_off = ""
        """The kind of error that comes after the first pieces of a reply; "" = none."""
        self.truncates = 0
        """So many pieces of a reply come, then `max_tokens`; 0 = all."""
        self._script = script
        self._kept: set[str] = set()

    async def _models(self, request: Request) -> Response:
        if (refused := _unauthorized(request)) is not None:
            return refused
        model = {"type": "model", "id": "claude-haiku-4-5", "display_name": "Haiku",
                 "created_at": "2025-10-01T00:00:00Z"}  # fmt: skip
        return JSONResponse({"data": [model], "has_more": False, "first_id": None, "last_id": None})

    async def _messages(self, request: Request) -> Response:
        if (refused := _unauthorized(request)) is not None:
            return refused
        body = msgspec.json.decode(await request.body())
        fault = "Your credit balance is too low to access the Anthropic API." if self.broke else _fault(body)
        if fault:
            return JSONResponse(_error("invalid_request_error", fault), 400)
        self.bodies.append(body)
        usage = self._usage(body)
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": [],
                "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
        if not body.get("stream"):
            await self._script.before_first()
            return JSONResponse({**head, "stop_reason": "max_tokens"}, headers={"request-id": "req_1"})
        return StreamingResponse(
            self._events(body, head), media_type="text/event-stream", headers={"request-id": "req_1"}
        )

    async def _events(self, body: dict[str, Any], head: dict[str, Any]) -> AsyncIterator[bytes]:
        yield _event("message_start", message=head)
        yield _event("ping")
        index = 0
        await self._script.before_first()
        if self.thinks:
            thought = {"type": "thinking", "thinking": "", "signature": ""}
            yield _event("content_block_start", index=0, content_block=thought)
            delta = {"type": "thinking_delta", "thinking": "Let me see."}
            yield _event("content_block_delta", index=0, delta=delta)
            yield _event("content_block_stop", index=0)
            index = 1
        stop = "refusal" if self.declines else "end_turn"
        yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        pieces = [] if self.declines else in_pieces(self.mind.reply(prompt_of(body)))
        for place, piece in enumerate(pieces):
            if place:
                await self._script.before_next()
            if self.breaks_off and place == 3:
                yield _event("error", **_error(self.breaks_off, "Broken off."))
                return
            if self.truncates and place == self.truncates:
                stop = "max_tokens"
                break
            yield _event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece})
        yield _event("content_block_stop", index=index)
        end = {"stop_reason": stop, "stop_sequence": None}
        yield _event("message_delta", delta=end, usage={"output_tokens": len(pieces)})
        yield _event("message_stop")

    def _usage(self, body: dict[str, Any]) -> dict[str, int]:
        """Reads what was kept of the beginning, keeps what is marked to be kept."""
        blocks = [
            *body.get("system", ()),
            *(block for one in body["messages"] for block in _blocks(one["content"])),
        ]
        total = read = written = 0
        beginning = hashlib.sha256(msgspec.json.encode([body["model"], body.get("output_config")]))
        for block in blocks:
            total += tokens_of(block["text"])
            beginning.update(block["text"].encode())
            if "cache_control" in block and total >= CACHE_FLOOR:
                if beginning.hexdigest() in self._kept:
                    read = total
                else:
                    written = total - read
                    self._kept.add(beginning.hexdigest())
        return {
            "input_tokens": total - read - written,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "output_tokens": 1,
        }


def prompt_of(body: dict[str, Any]) -> Prompt:
    """A call's prompt."""
    said = [block["text"] for block in _blocks(body["messages"][0]["content"])]
    schema = body.get("output_config", {}).get("format", {}).get("schema")
    standing = "\n\n".join(block["text"] for block in body["system"])
    style: Style = "schema" if schema else "lines"
    return Prompt(standing, tuple(said[:-1]), said[-1], form_of(schema, standing), style)


def _blocks(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _event(name: str, **data: object) -> bytes:
    return f"event: {name}\ndata: ".encode() + msgspec.json.encode({"type": name, **data}) + b"\n\n"


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def _unauthorized(request: Request) -> Response | None:
    headers = request.headers
    given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key")
    if given == KEY and request.headers.get("anthropic-version"):
        return None
    return JSONResponse(_error("authentication_error", "invalid x-api-key"), 401)


def _fault(body: dict[str, Any]) -> str:
    """What the vendor would refuse in a call; "" = nothing."""
    model, thinking = body["model"], (body.get("thinking") or {}).get("type")
    effort = (body.get("output_config") or {}).get("effort")
    unknown = set(body) - _KNOWN
    marked = [block for block in body.get("system", ()) if "cache_control" in block]
    marked += [b for one in body["messages"] for b in _blocks(one["content"]) if "cache_control" in b]
    if unknown:
        return f"{unknown.pop()}: Extra inputs are not permitted"
    if len(marked) > 4:
        return "A maximum of 4 blocks with cache_control may be provided."
    if "-4-5" in model and effort:
        return "This model does not support the effort parameter."
    if "opus-5-5" in model and thinking == "disabled":
        return "Thinking can't be disabled for this model."
    if "sonnet-5-5" in model and thinking == "disabled":
        return "Use between_tools."
    schema = body.get("output_config", {}).get("format", {}).get("schema")
    if schema is not None and not is_strict(schema):
        return "additionalProperties must be false"
    return ""
