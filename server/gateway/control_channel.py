"""The data channel on which a page and its leg exchange the small messages of server/gateway/control.py.
Knows nothing of sound."""

import contextlib
from typing import Final

from aiortc import RTCDataChannel

from server.clock import loop_time
from server.gateway import control
from server.gateway.path_delay import PathDelay
from server.gateway.pings import Pings

_MAX_UNSENT_BYTES: Final = 16_384
"""A page that doesn't read gets no more pongs."""


class ControlChannel:
    """One connection's, once its page has opened it. The first one named `control` counts."""

    def __init__(self, path: PathDelay, pings: Pings) -> None:
        self._path = path
        self._pings = pings
        self._channel: RTCDataChannel | None = None
        self._silenced = False
        self._messages = control.Allowance(per_second=20.0, burst=40.0)

    def take(self, channel: RTCDataChannel) -> None:
        """Take a channel that the page has opened; others than the one are closed."""
        if channel.label != "control" or self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.on("message", self._take_message)
        self._pings.begin()
        if self._silenced:
            self._tell(control.SILENCE)

    def silence(self) -> None:
        """Ask the page to mute at once: 32–38 ms on this road, against 80–90 ms for silent packets."""
        if not self._silenced:
            self._silenced = True
            self._tell(control.SILENCE)

    def unsilence(self) -> None:
        """Take `silence` back."""
        if self._silenced:
            self._silenced = False
            self._tell(control.UNSILENCE)

    def _take_message(self, text: str | bytes) -> None:
        if not isinstance(text, str) or not self._messages.take(loop_time()):
            return
        message = control.read_message(text)
        if message is None:
            return
        if message.type == "ping":
            self._tell(control.pong(message.n))
        elif message.type == "playout" and message.delay is not None:
            self._path.playout = message.delay

    def _tell(self, text: str) -> None:
        channel = self._channel
        if channel is None or channel.readyState != "open" or channel.bufferedAmount > _MAX_UNSENT_BYTES:
            return
        with contextlib.suppress(ValueError):  # the far side declared that it takes next to nothing
            channel.send(text)
