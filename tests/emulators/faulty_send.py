"""What an application says, as it gets to a client on a vendor's bad day: late, in part, as nonsense, or
never. Knows no vendor and no server."""

import asyncio
import contextlib
import socket
import struct
from typing import Any, Final

from tests.emulators.script import Fault

Message = dict[str, Any]
DRIP_BYTES: Final = 256
"""Size of the pieces that a slow body comes in."""
NONSENSE: Final[tuple[str | bytes, ...]] = (
    "{",
    "null",
    "[1]",
    '{"type": "Zebra", "n": 1e400}',
    b"\xff\x00\xfe",
)
"""What a websocket says in place of one message."""


class Connection:
    """One TCP connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.client: tuple[str, int] = transport.get_extra_info("peername")[:2]
        self.deaf = False
        self.gone = asyncio.Event()

    def reset(self) -> None:
        """End it by an RST."""
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.transport.abort()


class _Cut(OSError):
    """There is nobody to send to any more."""


class FaultySend:
    """What the application says, as it gets to the client."""

    def __init__(self, send: Any, fault: Fault, connection: Connection) -> None:
        self._send = send
        self._fault = fault
        self._connection = connection
        self._pieces = 0

    async def __call__(self, message: Message) -> None:
        if self._connection.gone.is_set():
            raise _Cut
        fault = self._fault
        if fault.kind == "deaf" and message["type"] in ("http.response.start", "http.response.body"):
            self._connection.deaf = True
            await self._hold()
        if not _is_piece(message):
            await self._send(message)
            if message["type"] == "websocket.accept" and fault.kind == "deaf":
                self._connection.deaf = True
            return
        self._pieces += 1
        if fault.kind == "slow":
            await self._drip(message, fault.drip)
        elif self._pieces <= fault.after and fault.kind not in ("stalled", "deaf"):
            await self._send(message)
        elif fault.kind == "reset":
            self._connection.reset()
            await self._hold()
        elif fault.kind == "garbage":
            await self._babble(message)
        else:
            await self._hold()

    async def _hold(self) -> None:
        """Say nothing until the client has gone."""
        await self._connection.gone.wait()
        raise _Cut

    async def _drip(self, message: Message, drip: float) -> None:
        body = message.get("body") or b""
        parts = [body[at : at + DRIP_BYTES] for at in range(0, len(body), DRIP_BYTES)]
        for part in parts[:-1]:
            await self._pause(drip)
            await self._send({**message, "body": part, "more_body": True})
        await self._pause(drip)
        await self._send({**message, "body": parts[-1]} if parts else message)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._connection.gone.wait()
        if self._connection.gone.is_set():
            raise _Cut

    async def _babble(self, message: Message) -> None:
        """In place of one piece; what follows makes sense again."""
        if self._pieces > self._fault.after + 1:
            await self._send(message)
        elif message["type"] == "websocket.send":
            for nonsense in NONSENSE:
                kind = "text" if isinstance(nonsense, str) else "bytes"
                await self._send({"type": "websocket.send", kind: nonsense})
        else:
            size = len(message["body"])
            await self._send({**message, "body": (b"\xff\x00}{\n\n" * (size // 6 + 1))[:size]})


def _is_piece(message: Message) -> bool:
    if message["type"] == "http.response.body":
        return bool(message.get("body"))
    return bool(message["type"] == "websocket.send")
