"""The short road between a socket and our RTP: SRTP, and nothing else, in the datagram's own call.

aiortc would put each datagram into a queue, wake a task for it and pass it through six coroutines; both ways
together that costs more than decoding the sound. Knows nothing of what the packets carry.
"""

from collections.abc import Callable
from typing import Final

from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtp import is_rtcp
from pylibsrtp import Error as SrtpError

Take = Callable[[bytes, float], None]
"""Takes a packet in the clear, and when it came."""

_FIRST_BYTE: Final = 128
_LAST_BYTE: Final = 191
"""What SRTP and SRTCP begin with (RFC 7983 §7)."""
_COMPONENT: Final = 1


def is_media(datagram: bytes) -> bool:
    """Whether a datagram says of itself that it is SRTP or SRTCP."""
    return _FIRST_BYTE <= datagram[0] <= _LAST_BYTE


class SrtpRoad:
    """One connection's packets, from the moment at which DTLS has agreed on keys; aiortc carries all else."""

    def __init__(self, dtls: RTCDtlsTransport, take_rtp: Take, take_rtcp: Take) -> None:
        self._dtls = dtls
        self._ice = dtls.transport._connection
        self._take_rtp = take_rtp
        self._take_rtcp = take_rtcp

    def take(self, datagram: bytes, came: float) -> None:
        """Take a datagram of media from an address that ICE trusts; it came at `came`.

        What comes before there are keys, isn't authentic, or comes again is dropped without a word.
        """
        dtls = self._dtls
        if dtls._state is not State.CONNECTED:
            return
        try:
            if is_rtcp(datagram):
                packet, take = dtls._rx_srtp.unprotect_rtcp(datagram), self._take_rtcp
            else:
                packet, take = dtls._rx_srtp.unprotect(datagram), self._take_rtp
        except (SrtpError, ValueError):  # a ValueError: longer than any packet
            return
        take(packet, came)

    def send(self, packet: bytes) -> bool:
        """Encrypt an RTP or RTCP packet and send it at once; False when the connection can't take it."""
        dtls, pair = self._dtls, self._ice._nominated.get(_COMPONENT)
        if pair is None or dtls._state is not State.CONNECTED:
            return False
        protect = dtls._tx_srtp.protect_rtcp if is_rtcp(packet) else dtls._tx_srtp.protect
        try:
            pair.protocol.transport.sendto(protect(packet), pair.remote_addr)
        except (SrtpError, OSError):
            return False
        return True
