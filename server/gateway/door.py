"""The sockets of a WebRTC connection, guarded: only addresses that proved the ICE password reach DTLS and
SRTP. Knows nothing of what the datagrams say."""

import logging
from collections.abc import Callable
from typing import Final

from aioice import Connection

from server.clock import loop_time
from server.gateway.control import Allowance
from server.gateway.srtp import is_media

DATAGRAMS_PER_SECOND: Final = 250.0
"""Long-run bound for one connection: a browser sends about 55 a second here."""
_BURST: Final = 1_000.0

Address = tuple[str, int]
Receive = Callable[[bytes, Address], None]

log = logging.getLogger(__name__)


def guard_doors(connection: Connection, take_media: Callable[[bytes], None]) -> None:
    """Filter what comes in at every socket of `connection`, once its candidates are gathered.

    What has passed goes to `take_media` if it is sound, or a report on it, and on to aioice otherwise.

    Without this, anybody on the network can break a handshake with one forged plaintext alert, or end a call
    with an empty datagram (RFC 8445 leaves data before consent to the agent; RFC 7983 tells STUN from the
    rest).
    """
    for protocol in connection._protocols:
        guarded = _guarded(connection, protocol.datagram_received, take_media)
        protocol.datagram_received = guarded  # type: ignore[method-assign,assignment]


def _guarded(connection: Connection, receive: Receive, take_media: Callable[[bytes], None]) -> Receive:
    known: set[Address] = set()
    allowance = Allowance(DATAGRAMS_PER_SECOND, _BURST)

    def datagram_received(data: bytes, address: Address) -> None:
        if not data:
            return
        if data[0] > 3:  # not STUN, which proves itself
            sender = (address[0], address[1])
            if sender not in known:
                if not any(pair.remote_addr == sender for pair in connection._check_list):
                    return
                known.add(sender)
            if not allowance.take(loop_time()):
                return
            if is_media(data):
                take_media(data)
                return
        try:
            receive(data, address)
        except Exception as error:  # malformed STUN makes the parser raise whatever it trips over
            log.debug("< dropped a datagram: %r", error)

    return datagram_received
