"""A STUN and TURN server, which lends addresses to who brings its credential, and relays nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

from aioice import stun
from aioice.turn import make_integrity_key

REALM = "example.org"
USERNAME, CREDENTIAL = "interviews", "sesame"
SEEN_AT, LENT = ("203.0.113.7", 40_000), ("198.51.100.9", 50_000)


class _Relay(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.key = make_integrity_key(USERNAME, REALM, CREDENTIAL)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes | str, addr: tuple[str, int]) -> None:
        assert isinstance(data, bytes)
        request = stun.parse_message(data)
        known = request.message_method == stun.Method.BINDING or request.check_message_integrity(self.key)
        answer = stun.Message(
            message_method=request.message_method,
            message_class=stun.Class.RESPONSE if known else stun.Class.ERROR,
            transaction_id=request.transaction_id,
        )
        if known:
            answer.attributes["XOR-MAPPED-ADDRESS"] = SEEN_AT
            answer.attributes["XOR-RELAYED-ADDRESS"] = LENT
            answer.attributes["LIFETIME"] = 600
            if request.message_method != stun.Method.BINDING:
                answer.add_message_integrity(self.key)
        else:
            answer.attributes["ERROR-CODE"] = (401, "Unauthorized")
            answer.attributes["REALM"] = REALM
            answer.attributes["NONCE"] = b"once"
        self.transport.sendto(bytes(answer), addr)


@contextlib.asynccontextmanager
async def relaying() -> AsyncIterator[int]:
    """The port of a relay that runs for as long as the block lasts."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Relay, local_addr=("0.0.0.0", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
