"""A webhook's receiver on a loopback port: keeps what it is sent, and answers as it was told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec


class Received(msgspec.Struct, frozen=True):
    headers: dict[str, str]
    body: bytes


Answer = Callable[[int], bytes]
"""How many were received before → the status line and headers to answer with."""


def ok(_: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Receiver:
    def __init__(self, answer: Answer) -> None:
        self.url = ""
        self.received: list[Received] = []
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._receive(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the sender died before it had said all: nothing was received
        finally:
            writer.close()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        answer = self._answer(len(self.received))
        self.received.append(Received(headers, body))
        writer.write(answer)
        await writer.drain()


@contextlib.asynccontextmanager
async def receiver(answer: Answer = ok) -> AsyncIterator[Receiver]:
    """Receive until the block is left."""
    kept = Receiver(answer)
    server = await asyncio.start_server(kept.serve, "127.0.0.1", 0)
    kept.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield kept
