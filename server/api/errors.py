"""How a refusal looks on the wire: one envelope, a plain sentence, never a stack trace, never HTML."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from server.clock import new_id
from server.live.registry import RETRY_AFTER

log = logging.getLogger(__name__)

BODY_TIMEOUT: Final = 20.0
"""Seconds for a whole body. Larger: slow senders hold more."""

_TYPES: Final = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "invalid_request",
    406: "invalid_request",
    408: "invalid_request",
    409: "conflict",
    410: "gone",
    412: "precondition_failed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    416: "invalid_request",
    422: "invalid_request",
    429: "rate_limited",
    503: "at_capacity",
}
_TYPES_OF_CODES: Final = {"invalid_graph": "invalid_graph"}
"""What is of another kind than the rest of its status."""
STORAGE_FAULTS: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""What the database raises while it is away, full, or has no connection left; none is a fault of ours."""
_SENTENCES: Final = {
    404: "There is nothing at this address.",
    405: "This address doesn't take that method.",
}


class Refusal(Exception):
    """A request that is answered with an error.

    `code` is for programs, `message` a plain sentence for people, `param` a JSON pointer to the faulty part.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.extra = dict(extra or {})

    def response(self, request_id: str) -> JSONResponse:
        """The envelope that every error comes in, with this request's id."""
        error = {
            "type": type_of(self.status, self.code),
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "request_id": request_id,
            **self.extra,
        }
        headers = {"Cache-Control": "no-store", "X-Request-Id": request_id, **self.headers}
        return JSONResponse({"error": error}, self.status, headers=headers)


def type_of(status: int, code: str) -> str:
    """The kind of error, which most programs can tell by the status alone."""
    return _TYPES_OF_CODES.get(code) or _TYPES.get(status, "api_error")


def request_id_of(request: Request) -> str:
    """The id that a request was given at the door, or a new one."""
    return str(request.scope.get("state", {}).get("request_id") or new_id("req_"))


async def on_refusal(request: Request, refusal: Exception) -> Response:
    """Answer a Refusal."""
    assert isinstance(refusal, Refusal)
    return refusal.response(request_id_of(request))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: no such route, no such method."""
    assert isinstance(error, HTTPException)
    sentence = _SENTENCES.get(error.status_code, str(error.detail))
    code = _TYPES.get(error.status_code, "api_error")
    return Refusal(error.status_code, code, sentence, headers=error.headers).response(request_id_of(request))


async def on_bug(request: Request, error: Exception) -> Response:
    """Answer a fault of ours, and log it whole under the id that the answer carries."""
    request_id = request_id_of(request)
    log.error(
        "! %s %s failed (%s)", request.method, request.url.path, request_id, exc_info=error, stack_info=False
    )
    sentence = "Something went wrong on our side. Please try again in a moment."
    return Refusal(500, "internal_error", sentence).response(request_id)


async def on_hang_up(request: Request, error: Exception) -> Response:
    """Answer nobody: the client is gone in the middle of its own request."""
    return Response(status_code=400)


async def on_storage_fault(request: Request, error: Exception) -> Response:
    """Answer while the database is away or the disk is full: nothing is pretended to be kept."""
    log.error("! %s %s: the database can't be used: %s", request.method, request.url.path, error)
    return storage_unavailable().response(request_id_of(request))


EXCEPTION_HANDLERS: Final = {
    Refusal: on_refusal,
    ClientDisconnect: on_hang_up,
    **dict.fromkeys(STORAGE_FAULTS, on_storage_fault),
    HTTPException: on_http_exception,
    Exception: on_bug,
}


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most `limit` bytes. Raises Refusal (413) before more than that is taken in."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large(limit)
    except TimeoutError:
        raise Refusal(408, "request_timeout", "The request did not come to its end in time.") from None
    return bytes(body)


def storage_unavailable() -> Refusal:
    """The refusal of whatever would have to be kept, while nothing can be."""
    sentence = "We can't keep any answers just now, so nothing can begin. Please try again in a while."
    return Refusal(503, "storage_unavailable", sentence, retry_after=RETRY_AFTER)


def too_large(limit: int) -> Refusal:
    """The refusal of a body over `limit` bytes."""
    sentence = f"The request is larger than the {limit // 1024} KiB that are taken here."
    return Refusal(413, "payload_too_large", sentence)
