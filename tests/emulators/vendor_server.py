"""A vendor on loopback: serves an emulator's ASGI application in the test's own loop, plays its script of
faults, and counts what is open.

    async with vendor_server(app, script) as vendor:
        client = Sdk(base_url=vendor.url)

The application needs to know no fault: all of them are played around it. What is peculiar to a vendor (its
bodies of refusals, its error messages inside a stream) is the emulator's: `refusal` gives the first.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tests.emulators.faulty_send import Connection, FaultySend, Message
from tests.emulators.script import FaultKind, Script

App = Any
"""An ASGI application."""

STATUSES: Final[dict[FaultKind, int]] = {"unauthorized": 401, "limited": 429, "failing": 503}
RETRY_AFTER: Final = b"1"


class Refusal(msgspec.Struct, frozen=True):
    """How a vendor answers what it won't do."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)


class Asked(msgspec.Struct, frozen=True):
    """One request or handshake, as it came."""

    path: str
    query: str
    headers: dict[str, str]


def plain_refusal(status: int) -> Refusal:
    """A refusal for vendors whose own words don't matter."""
    return Refusal(b'{"error": "%d"}' % status)


class VendorServer:
    """A running emulator, seen from the test."""

    def __init__(self, script: Script, url: str) -> None:
        self.script = script
        self.url = url
        """`http://127.0.0.1:port`"""
        self.asked: list[Asked] = []
        """Every request and handshake so far."""
        self.open_requests = 0
        """Requests being answered, and websockets that stand."""
        self._connections: dict[tuple[str, int], Connection] = {}
        self._changed = asyncio.Event()

    @property
    def ws_url(self) -> str:
        """The same place for websockets."""
        return f"ws{self.url.removeprefix('http')}"

    @property
    def open_connections(self) -> int:
        """TCP connections that stand, idle ones of a client's pool included."""
        return len(self._connections)

    async def until(self, *, requests: int | None = None, connections: int | None = None) -> None:
        """Wait until no more than so many are open; fails after ten seconds. For leaks."""
        async with asyncio.timeout(10):
            while (requests is not None and self.open_requests > requests) or (
                connections is not None and self.open_connections > connections
            ):
                self._changed.clear()
                await self._changed.wait()

    def reset_all(self) -> None:
        """Cut every connection that stands, as when the vendor's machine goes down."""
        for connection in list(self._connections.values()):
            connection.reset()

    # For the protocols and the player below

    def connection_of(self, client: tuple[str, int]) -> Connection:
        return self._connections[client]

    def opened(self, connection: Connection) -> None:
        self._connections[connection.client] = connection

    def closed(self, client: tuple[str, int]) -> None:
        if (connection := self._connections.pop(client, None)) is not None:
            connection.gone.set()
        self._changed.set()

    @contextlib.contextmanager
    def answering(self, asked: Asked) -> Iterator[None]:
        self.asked.append(asked)
        self.open_requests += 1
        try:
            yield
        finally:
            self.open_requests -= 1
            self._changed.set()


class _Player:
    """The application with its script around it."""

    def __init__(self, app: App, vendor: VendorServer, refusal: Callable[[int], Refusal]) -> None:
        self._app = app
        self._vendor = vendor
        self._refusal = refusal

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        asked = Asked(scope["path"], scope["query_string"].decode(), headers)
        connection = self._vendor.connection_of(tuple(scope["client"]))
        fault = self._vendor.script.draw(asked.path)
        with self._vendor.answering(asked):
            if fault is None:
                await self._app(scope, receive, send)
            elif fault.kind == "refused":
                connection.reset()
                await connection.gone.wait()
            elif fault.kind in STATUSES:
                await self._refuse(scope, send, STATUSES[fault.kind])
            else:
                faulty = FaultySend(send, fault, connection)
                try:
                    await self._app(scope, receive, faulty)
                except Exception:
                    if not connection.gone.is_set():
                        raise

    async def _refuse(self, scope: Message, send: Any, status: int) -> None:
        refusal = self._refusal(status)
        headers = [*refusal.headers, (b"content-length", b"%d" % len(refusal.body))]
        if status == 429:
            headers.append((b"retry-after", RETRY_AFTER))
        kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
        await send({"type": f"{kind}.start", "status": status, "headers": headers})
        await send({"type": f"{kind}.body", "body": refusal.body})


def _protocols(vendor: VendorServer) -> tuple[type[H11Protocol], type[WebSocketsSansIOProtocol]]:
    """uvicorn's protocols, which tell of their connections and can be struck deaf."""

    class Http(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            vendor.opened(Connection(transport))

        def data_received(self, data: bytes) -> None:
            if not _is_deaf(self.transport):
                super().data_received(data)

        def connection_lost(self, exc: Exception | None) -> None:
            vendor.closed(self.transport.get_extra_info("peername")[:2])
            super().connection_lost(exc)

    class Websocket(WebSocketsSansIOProtocol):
        def data_received(self, data: bytes) -> None:
            if not _is_deaf(self.transport):
                super().data_received(data)

        def connection_lost(self, exc: Exception | None) -> None:
            vendor.closed(self.transport.get_extra_info("peername")[:2])
            super().connection_lost(exc)

    def _is_deaf(transport: Any) -> bool:
        return vendor.connection_of(transport.get_extra_info("peername")[:2]).deaf

    return Http, Websocket


@asynccontextmanager
async def vendor_server(
    app: App, script: Script | None = None, *, refusal: Callable[[int], Refusal] = plain_refusal
) -> AsyncIterator[VendorServer]:
    """Serve `app` on a free port of loopback until the block is left; then cut what is still open."""
    # Of TCP by name: asyncio turns Nagle's delay off only for such, and 40 ms would be taken for a vendor's.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    vendor = VendorServer(script or Script(), f"http://127.0.0.1:{listener.getsockname()[1]}")
    http, websocket = _protocols(vendor)
    config = uvicorn.Config(
        _Player(app, vendor, refusal),
        http=http,
        ws=websocket,
        ws_per_message_deflate=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        log_config=None,
        log_level="critical",
        access_log=False,
    )
    server = _QuietServer(config)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=[listener]), name="vendor")
        await server.listening.wait()
        try:
            yield vendor
        finally:
            vendor.reset_all()
            server.should_exit = True
            await serving


class _QuietServer(uvicorn.Server):
    """Tells when it listens, and leaves the process's signals alone: it is a guest in somebody's loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """No signal is captured."""
        yield
