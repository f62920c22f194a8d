"""How long the way to a page and back takes, asked on a data channel of its own. Knows nothing of sound.

An ordered and reliable channel would take the network's loss for its length: what is lost there comes a
second later, and with it all that was sent meanwhile. Here a lost ping is one that nobody answers.
"""

from typing import Final

from aiortc import RTCDataChannel, RTCPeerConnection

from server.clock import loop_time
from server.gateway.path_delay import RoundTrips

LABEL: Final = "pings"
"""Of the channel that we open; a page sends back what comes on it."""
_MAX_DIGITS: Final = 10


class Pings:
    """The pings of one connection, once `begin` was called."""

    def __init__(self, connection: RTCPeerConnection, round_trips: RoundTrips) -> None:
        self._connection = connection
        self._round_trips = round_trips
        self._channel: RTCDataChannel | None = None

    def begin(self) -> None:
        """Open the channel: the connection must have one already, or this would be a new offer."""
        if self._channel is None:
            self._channel = self._connection.createDataChannel(LABEL, ordered=False, maxRetransmits=0)
            self._channel.on("message", self._take)

    def ask(self) -> int | None:
        """Send one and return its number; None where nobody is there, or it would have to wait."""
        channel = self._channel
        if channel is None or channel.readyState != "open" or channel.bufferedAmount:
            return None
        number = self._round_trips.ask(loop_time())
        channel.send(str(number))
        return number

    def _take(self, text: str | bytes) -> None:
        if isinstance(text, str) and len(text) <= _MAX_DIGITS and text.isascii() and text.isdecimal():
            self._round_trips.answered(int(text), loop_time())
