"""A network between a browser and a leg: UDP through a socket pair that loses sound or what data channels
carry, each way by a seed."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Final, cast

Address = tuple[str, int]

_HOST_CANDIDATE: Final = "a=candidate:1 1 udp 2130706431 {} {} typ host"


class _Side(asyncio.DatagramProtocol):
    def __init__(self, proxy: "LossyProxy", dice: Random) -> None:
        self.transport: asyncio.DatagramTransport | None = None
        self.peer: Address | None = None
        self.other: _Side | None = None
        self.sound = 0
        self.lost = 0
        self._proxy = proxy
        self._dice = dice

    @property
    def address(self) -> Address:
        assert self.transport is not None
        host, port = self.transport.get_extra_info("sockname")[:2]
        return host, port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is none by its class

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.peer = addr
        other = self.other
        if other is None or other.transport is None or other.peer is None:
            return
        if len(data) > 1 and 128 <= data[0] < 192 and not 192 <= data[1] < 224:  # SRTP (RFC 7983, RFC 5761)
            self.sound += 1
            if self._dice.random() < self._proxy.loss:
                self.lost += 1
                return
        if data and 20 <= data[0] < 64 and self._dice.random() < self._proxy.data_loss:
            return
        other.transport.sendto(data, other.peer)


class LossyProxy:
    """Knows both ends by the SDP that passes it: `offer` goes to the server, `answer` to the browser."""

    def __init__(self, seed: int) -> None:
        self.loss = 0.0
        """Share of the sound packets lost, each way."""
        self.data_loss = 0.0
        """Share of the packets lost, each way, in which DTLS carries the data channels."""
        self.browser = _Side(self, Random(f"{seed}/up"))
        self.server = _Side(self, Random(f"{seed}/down"))
        self.browser.other, self.server.other = self.server, self.browser

    def offer(self, sdp: str) -> str:
        """Put the proxy in the browser's place."""
        return _with_candidate(sdp, self.server.address)

    def answer(self, sdp: str) -> str:
        """Put the proxy in the server's place, and remember that."""
        here = self.server.address[0]
        for line in sdp.splitlines():
            if line.startswith("a=candidate:") and line.split()[4] == here:
                self.server.peer = (here, int(line.split()[5]))
        assert self.server.peer is not None, "the server has no candidate on the proxy's interface"
        return _with_candidate(sdp, self.browser.address)


def _with_candidate(sdp: str, address: Address) -> str:
    lines, placed = [], False
    for line in sdp.splitlines():
        if not line.startswith(("a=candidate:", "a=end-of-candidates")):
            lines.append(line)
        elif not placed:
            lines.append(_HOST_CANDIDATE.format(*address))
            placed = True
    assert placed, "a description without candidates"
    return "\r\n".join(lines) + "\r\n"


def own_address() -> str:
    """An address of this machine that is not the loopback's: WebRTC offers no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
    return address


@asynccontextmanager
async def lossy_proxy(host: str, seed: int) -> AsyncIterator[LossyProxy]:
    """Stand on two ports of one interface for as long as the block."""
    proxy, loop = LossyProxy(seed), asyncio.get_running_loop()
    for side in (proxy.browser, proxy.server):
        await loop.create_datagram_endpoint(lambda side=side: side, local_addr=(host, 0))  # type: ignore[misc]
    try:
        yield proxy
    finally:
        for side in (proxy.browser, proxy.server):
            if side.transport is not None:
                side.transport.close()
