"""A network that delays what comes and goes at the WebRTC sockets of this process."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from aioice import Connection

from server.clock import loop_time
from server.gateway import webrtc
from server.gateway.door import guard_doors


@contextlib.contextmanager
def jittered(longest: float) -> Iterator[None]:
    """Delay each datagram by 0–`longest` seconds both ways, in order, as queues do.

    At the sockets themselves, so that sound and pings meet the same network: our sound passes aioice by.
    """

    def guard_late_doors(connection: Connection, take_media: Callable[[bytes], None]) -> None:
        guard_doors(connection, take_media)
        for protocol in connection._protocols:
            inward = Queue(longest, protocol.datagram_received)
            protocol.datagram_received = inward.pass_on  # type: ignore[method-assign,assignment]
            protocol.transport = LateTransport(longest, protocol.transport)  # type: ignore[assignment]

    if longest:
        webrtc.guard_doors = guard_late_doors  # type: ignore[attr-defined]
    try:
        yield
    finally:
        webrtc.guard_doors = guard_doors  # type: ignore[attr-defined]


class Queue:
    """One direction of a road: each datagram a while after it was sent, and none before the one ahead."""

    def __init__(self, longest: float, arrive: Callable[[bytes, Any], None]) -> None:
        self._random = Random(1)
        self._longest = longest
        self._arrive = arrive
        self._free_at = 0.0

    def pass_on(self, data: bytes, address: Any) -> None:
        """Let it arrive when its time has come."""
        self._free_at = max(self._free_at, loop_time() + self._random.uniform(0, self._longest))
        asyncio.get_running_loop().call_at(self._free_at, self._arrive, data, address)


class LateTransport:
    """A socket whose datagrams leave late."""

    def __init__(self, longest: float, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        self._queue = Queue(longest, self._send)

    def sendto(self, data: bytes, address: Any = None) -> None:
        """Send later."""
        self._queue.pass_on(data, address)

    def _send(self, data: bytes, address: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
