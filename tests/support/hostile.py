"""What tests send that nobody should, and how they read what comes of it."""

import asyncio
import contextlib
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.support.running_server import RunningServer

UNKNOWN = "run_" + "0" * 32
SDP = "application/sdp"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal that is a plain sentence."""
    error = answer.json()["error"]
    assert {"type", "code", "message", "param", "request_id"} <= error.keys()
    assert error["message"].endswith((".", "?", "…"))
    assert "Traceback" not in answer.text
    return answer.status_code, error["code"]


def address(server: RunningServer, run_id: str, name: str) -> str:
    return f"ws{server.origin.removeprefix('http')}/join/{run_id}/{name}"


async def closing(socket: ClientConnection) -> tuple[int, str]:
    """Read to the end; the code and reason with which the server closed."""
    async with asyncio.timeout(15):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


def bearer(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **headers}


def raw_address(server: RunningServer) -> tuple[str, int]:
    parts = urlsplit(server.origin)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


async def raw(server: RunningServer, data: bytes, *, ends: bool = True) -> bytes:
    """Send bytes on a connection of their own, end our side if `ends`, and read until the other ends."""
    reader, writer = await asyncio.open_connection(*raw_address(server))
    answer = b""
    try:
        writer.write(data)
        await writer.drain()
        if ends:
            writer.write_eof()
        async with asyncio.timeout(15):
            while chunk := await reader.read(65_536):
                answer += chunk
    except (ConnectionError, BrokenPipeError):
        pass
    finally:
        writer.close()
    return answer
