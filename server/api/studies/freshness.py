"""Answers on their way out: each to a GET names what it shows by an `ETag`, none is sent to a client that
says it has it already, and what a library refuses in plain text goes into the envelope.

Knows no resource.
"""

import asyncio
import hashlib
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from server.api.errors import Refusal
from server.api.studies.refusals import plain_code

STREAMED: Final = "x-streamed"
"""Under this name an operation declares that its answer is sent while it is made, whatever is asked for:
nobody knows yet what it will be, and so it has no `ETag`."""

LONGEST_ON_LOOP: Final = 65_536
"""Bytes that are hashed, or looked through, at once; a page of runs with their transcripts has millions."""

_ENVELOPE: Final = "application/json"


def digest(body: bytes) -> str:
    """A name for these bytes and no others."""
    return hashlib.blake2b(body, digest_size=12).hexdigest()


async def _named(body: bytes) -> str:
    """The digest; of a long body made beside the loop, which has talks to serve."""
    return digest(body) if len(body) <= LONGEST_ON_LOOP else await asyncio.to_thread(digest, body)


class Outgoing:
    """An ASGI `send` around another one, for one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._scope, self._receive, self._send, self._request_id = scope, receive, send, request_id
        self._known = Headers(scope=scope).get("if-none-match") if scope["method"] == "GET" else None
        self._start: Message | None = None
        self._told = False

    async def __call__(self, message: Message) -> None:
        """Pass an answer's messages on, or what takes their place."""
        if self._told:
            return
        if message["type"] == "http.response.start":
            if message["status"] >= 400 and not _is_envelope(message):
                self._told = True
                await self._refuse(message)
            elif self._scope["method"] == "GET" and message["status"] == 200:
                self._start = message
            else:
                await self._send(message)
            return
        start, self._start = self._start, None
        if start is not None:
            headers = MutableHeaders(scope=start)
            if "etag" not in headers and not message.get("more_body"):
                headers["ETag"] = f'"{await _named(message.get("body", b""))}"'
            if self._known is not None and _is_among(headers.get("etag"), self._known):
                self._told = True
                await self._send_nothing(start)
                return
            await self._send(start)
        await self._send(message)

    async def _send_nothing(self, start: Message) -> None:
        """It is as the client knows it."""
        gone = (b"content-type", b"content-length")
        headers = [(name, value) for name, value in start["headers"] if name.lower() not in gone]
        await self._send({"type": "http.response.start", "status": 304, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})

    async def _refuse(self, start: Message) -> None:
        status = start["status"]
        kept = {
            name: value
            for name, value in Headers(raw=start["headers"]).items()
            if name not in ("content-type", "content-length")
        }
        sentence = "There is no such range." if status == 416 else "The request is not as it must be."
        refusal = Refusal(status, plain_code(status), sentence, headers=kept)
        await refusal.response(self._request_id)(self._scope, self._receive, self._send)


class FreshFile(FileResponse):
    """A file of which `stat_result` is known: it isn't opened for a client that has it already."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, the part of it that is asked for, or that it is as the client knows it."""
        known = Headers(scope=scope).get("if-none-match")
        # Before `Range`: who has all of it needs no part (RFC 9110 §13.2.2).
        if known is not None and _is_among(self.headers.get("etag"), known):
            kept = {name: self.headers[name] for name in ("etag", "last-modified")}
            await Response(status_code=304, headers=kept)(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


def _is_envelope(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(_ENVELOPE)


def _is_among(etag: str | None, known: str) -> bool:
    """Whether an `If-None-Match` holds this ETag; as RFC 9110 has it, weak ones count as well."""
    if etag is None:
        return False
    names = [name.strip().removeprefix("W/") for name in known.split(",")]
    return "*" in names or etag.removeprefix("W/") in names
