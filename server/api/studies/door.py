"""What every request of the Studies API passes on its way in and out: an id, a key, an allowance, a body that
can be read, and an answer that is given again when the same request comes twice.

Knows no resource.
"""

import asyncio
import hashlib
import json
import logging
import re
import sys
from typing import Any, Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.bearers import verified_key
from server.api.errors import STORAGE_FAULTS, Refusal, read_body, storage_unavailable
from server.api.house import house_of
from server.api.studies.freshness import LONGEST_ON_LOOP, Outgoing
from server.clock import loop_time, new_id
from server.store.idempotency import Answer, Idempotency, Repeat

log = logging.getLogger(__name__)

MOST_BYTES: Final = 1024 * 1024
MOST_LEVELS: Final = 64
MOST_PARTS: Final = 20_000
"""Objects and lists of a body. The largest graph has half as many; a megabyte of empty ones would hold the
loop, and so all talks, for half a second."""
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A text with its quotation marks. One without an end goes on to the body's: nothing is read twice."""
LARGEST_INTEGER: Final = (1 << 63) - 1
LARGEST_NUMBER: Final = sys.float_info.max
LONGEST_REPEAT_KEY: Final = 255
REPEAT_KEY: Final = "^[!-~]([ -~]*[!-~])?$"
"""What an `Idempotency-Key` is made of: printable ASCII, as header fields are."""
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_OPEN: Final = "/openapi.json"
"""The one address that takes no key."""
LONGEST_ID: Final = 40
_RUN: Final = re.compile(r"run_[0-9a-f]{32}")
_KEPT_HEADERS: Final = frozenset({b"content-type", b"location", b"etag"})


class Door:
    """ASGI middleware around the application that answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id("req_")
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["path"] == scope.get("root_path", "") + _OPEN:
            await self._app(scope, receive, Outgoing(scope, receive, send, request_id))
            return
        try:
            named = _named(send, request_id)
            await self._admit(Request(scope, receive), receive, Outgoing(scope, receive, named, request_id))
        except Refusal as refusal:
            await refusal.response(request_id)(scope, receive, send)
        except STORAGE_FAULTS as error:
            log.error("! %s %s: the database can't be used: %s", scope["method"], scope["path"], error)
            await storage_unavailable().response(request_id)(scope, receive, send)

    async def _admit(self, request: Request, receive: Receive, send: Send) -> None:
        key = await verified_key(request)
        request.scope["state"]["key"] = key
        if not house_of(request).requests.take(key.id, loop_time()):
            sentence = "Too many requests with this key. Please wait a moment and try again."
            raise Refusal(429, "rate_limited", sentence, retry_after=1)
        if request.method not in _WITH_BODY:
            await self._app(request.scope, receive, send)
            return
        body = await read_body(request, MOST_BYTES)
        if len(body) <= LONGEST_ON_LOOP:
            _check_body(request, body)
        else:  # beside the loop, which has talks to serve
            await asyncio.to_thread(_check_body, request, body)
        repeat_key = request.headers.get("idempotency-key")
        if request.method != "POST" or repeat_key is None:
            await self._app(request.scope, _given(body), send)
            return
        await self._answer_once(request, key.id, repeat_key, body, send)

    async def _answer_once(
        self, request: Request, key_id: str, repeat_key: str, body: bytes, send: Send
    ) -> None:
        if len(repeat_key) > LONGEST_REPEAT_KEY or not re.match(REPEAT_KEY, repeat_key):
            sentence = f"`Idempotency-Key` is a name of up to {LONGEST_REPEAT_KEY} printable ASCII signs."
            raise Refusal(400, "invalid_request", sentence)
        house = house_of(request)
        memory = Idempotency(house.database)
        named = _digest(key_id, request.method, request.url.path, request.url.query, repeat_key)
        match await memory.begin(named, _digest(body.decode("latin-1"))):
            case Answer() as answer:
                headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
                told = house.vault.unseal(answer.body).encode()
                headers.append((b"idempotent-replayed", b"true"))
                headers.append((b"content-length", str(len(told)).encode()))
                await send({"type": "http.response.start", "status": answer.status, "headers": headers})
                await send({"type": "http.response.body", "body": told})
                return
            case Repeat.OTHER_BODY:
                sentence = "This `Idempotency-Key` was used for another request. Take a new one."
                raise Refusal(409, "idempotency_key_reused", sentence)
            case Repeat.UNDER_WAY:
                sentence = "The same request is being answered right now. Try again in a moment."
                raise Refusal(409, "idempotency_key_in_use", sentence, retry_after=1)
            case Repeat.UNANSWERED:
                sentence = (
                    "The server was stopped, or failed, while it answered this request, which may be done: "
                    "look for what came of it before you send it again with a new `Idempotency-Key`."
                )
                raise Refusal(409, "idempotency_key_unanswered", sentence)
            case Repeat.DELETED:
                sentence = "What came of this request has been deleted since. Take a new `Idempotency-Key`."
                raise Refusal(409, "idempotency_key_deleted", sentence)
            case None:
                pass
        kept = _Copy()
        try:
            with memory.doing(named):
                await self._app(request.scope, _given(body), kept)
        finally:
            # What failed on our side may be tried again under the same name, unless something of it was done.
            if kept.status is not None and kept.status < 500 and kept.status not in (408, 429):
                # Sealed: an answer may hold a link or a key that is shown once.
                answer = Answer(kept.status, kept.headers, house.vault.seal(kept.body.decode()))
                await memory.complete(named, answer, _subject(request.url.path, bytes(kept.body)))
            else:
                await memory.forget(named)
            # Only now: who has the answer may ask again at once.
            for message in kept.messages:
                await send(message)


def _subject(path: str, answer: bytes) -> str | None:
    """The run that an answer tells of, or whatever else was made."""
    if (named := _RUN.search(path)) is not None:
        return named[0]
    try:
        told = json.loads(answer)
    except ValueError:
        return None
    subject = told.get("id") if isinstance(told, dict) else None
    return subject if isinstance(subject, str) and len(subject) <= LONGEST_ID else None


class _Copy:
    """Keeps an answer, and the messages that it came in."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in message["headers"]
                if name.lower() in _KEPT_HEADERS
            }
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
        self.messages.append(message)


def _named(send: Send, request_id: str) -> Send:
    """Every answer carries the id of its request, and is nobody else's to keep."""

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.setdefault("headers", [])
            there = {name.lower() for name, _ in headers}
            if b"x-request-id" not in there:
                headers.append((b"x-request-id", request_id.encode()))
            if b"cache-control" not in there:
                headers.append((b"cache-control", b"private, no-store"))
        await send(message)

    return named


def _given(body: bytes) -> Receive:
    """A body that was read already, for whoever reads it now."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _check_body(request: Request, body: bytes) -> None:
    """Refuse what is no JSON that can be kept. Raises Refusal (400, 415)."""
    if not body:
        return
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(415, "unsupported_media_type", "The body must be sent as application/json.")
    if _has_too_many_parts(body):
        sentence = f"The body has more than {MOST_PARTS} objects and lists."
        raise Refusal(400, "invalid_request", sentence)
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        place = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise Refusal(400, "invalid_json", f"The body is not JSON{place}.") from None
    _check_values(value, "", 0)


def _has_too_many_parts(body: bytes) -> bool:
    """Looks into texts only where they make a difference; UTF-16 and its like count with theirs."""
    opening = body.count(b"{") + body.count(b"[")
    if opening > MOST_PARTS and b"\0" not in body:
        bare = _TEXT.sub(b"", body)
        opening = bare.count(b"{") + bare.count(b"[")
    return opening > MOST_PARTS


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check_values(value: Any, pointer: str, level: int) -> None:
    """No database keeps NUL, no encoding half of a character, no reader of JSON a number of any size, and
    nobody nests this deep. Raises Refusal."""
    if level > MOST_LEVELS:
        sentence = f"The body is nested more than {MOST_LEVELS} levels deep."
        raise Refusal(400, "invalid_request", sentence, param=pointer)
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
                sentence = "Text must not hold NUL, nor one half of a surrogate pair."
                raise Refusal(400, "invalid_request", sentence, param=pointer or "/")
        case dict():
            for name, each in value.items():
                inner = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
                _check_values(name, pointer, level + 1)
                _check_values(each, inner, level + 1)
        case list():
            for place, each in enumerate(value):
                _check_values(each, f"{pointer}/{place}", level + 1)
        case int() | float() if abs(value) > (LARGEST_INTEGER if isinstance(value, int) else LARGEST_NUMBER):
            raise Refusal(400, "invalid_request", "Numbers must fit into 64 bits.", param=pointer or "/")
        case _:
            pass


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
