"""The few small messages that a page and a leg exchange beside the sound: on the data channel, or as text
frames of the audio websocket. Knows nothing of the interview; the page's own vocabulary is in
server/live/wire.py."""

import math
from typing import Final

import msgspec

from server.gateway.leg import MAX_PLAYOUT_DELAY

MAX_MESSAGE_CHARACTERS: Final = 512

SILENCE: Final = '{"type":"silence"}'
"""To the page: mute the agent at once, ahead of what is already on its way."""
UNSILENCE: Final = '{"type":"unsilence"}'
"""To the page: sound that follows is meant to be heard."""


class PageMessage(msgspec.Struct, frozen=True):
    """What a page says: `{"type":"ping","n":7}`, `{"type":"playout","delay":0.08}` or `{"muted":true}`."""

    type: str = ""
    n: int = 0
    delay: float | None = None
    """Seconds between the arrival of a packet and its sounding, as the browser measures it."""
    muted: bool | None = None
    """The microphone is switched off, on a road that has no audio level of its own."""


_decoder: Final = msgspec.json.Decoder(PageMessage)


def read_message(text: str) -> PageMessage | None:
    """Read one message of a page, or None for what isn't one. Unknown types pass: an older server meets a
    newer page."""
    if len(text) > MAX_MESSAGE_CHARACTERS:
        return None
    try:
        message = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if message.delay is not None and not (
        math.isfinite(message.delay) and 0.0 <= message.delay <= MAX_PLAYOUT_DELAY
    ):
        return None
    return message


def pong(n: int) -> str:
    """Answer a ping."""
    return f'{{"type":"pong","n":{n}}}'


class Allowance:
    """How many messages may come: `burst` at once, `per_second` in the long run (a token bucket)."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left = burst
        self._at: float | None = None

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Take so many, or say that there aren't as many."""
        self._left, self._at = self._left_at(now), now
        if self._left < amount:
            return False
        self._left -= amount
        return True

    def is_full(self, now: float) -> bool:
        """All of the burst is there: a new allowance would say the same."""
        return self._left_at(now) >= self._burst

    def _left_at(self, now: float) -> float:
        if self._at is None:
            return self._left
        return min(self._burst, self._left + (now - self._at) * self._per_second)
