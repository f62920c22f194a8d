"""What a leg is: the road by which one participant's sound comes and goes. Everything above knows only this
file."""

from typing import Final, Protocol

from media.frames import AudioFrame, VoiceFrame

MAX_PLAYOUT_DELAY: Final = 2.0
"""Seconds. A page that claims more, from the arrival of a packet to its sounding, is not believed."""


class Ear(Protocol):
    """Takes what the participant says. Called once per 20 ms frame, on the loop; must not block or raise."""

    def hear(self, frame: AudioFrame) -> None: ...

    def stalled(self, missing: float) -> None:
        """No sound has come for `missing` seconds, though the next is due; a frame that isn't concealed ends
        it."""

    def lost(self) -> None:
        """No packet has come for two seconds: the link is gone or stalled."""

    def found(self) -> None:
        """Packets come again after `lost`."""


class Mouth(Protocol):
    """Gives what the agent says. The metronome asks once per 20 ms; must not block or raise."""

    def next_frame(self) -> VoiceFrame | None:
        """The next 20 ms, or None for silence."""


class Tap(Protocol):
    """Sees the very Opus packets of both sides as they pass: the recording, or nothing. Must not block or
    raise."""

    def received(self, packet: bytes, timestamp: int) -> None:
        """One Opus packet of the participant; `timestamp` in OPUS_CLOCK_HZ ticks, unwrapped, from the
        stream's start."""

    def sent(self, packet: bytes, slot: int) -> None:
        """One Opus packet of the agent; `slot` counts the leg's 20 ms send slots from 0, missed ones
        included."""


class Leg(Protocol):
    """One connection that carries sound both ways."""

    name: str
    """`webrtc`, `websocket`, later `twilio` and so on: goes into the log."""

    async def stand(self) -> str | None:
        """Wait until sound can pass; returns None then, or why it never will. `run` may follow."""

    async def run(self, ear: Ear, mouth: Mouth, tap: Tap | None) -> str:
        """Carry sound until the connection ends; returns why in one word (`closed`, `displaced`, `lost`,
        `failed`)."""

    async def close(self, reason: str) -> None:
        """Hang up. Safe to call twice; `run` then returns `reason`."""

    def silence_now(self) -> None:
        """Ask the far end to mute at once (data channel, carrier `clear`), ahead of what is already on its
        way."""

    def unsilence(self) -> None:
        """Take `silence_now` back: sound that follows is meant to be heard."""

    def unheard_since(self) -> float | None:
        """When the oldest sound came that is here and not heard yet, by the event loop's clock; None where
        there is none."""

    def playout_delay(self) -> float:
        """Seconds between handing a frame to the leg and its sounding at the ear, by the best estimate there
        is."""

    def uplink_delay(self) -> float:
        """Seconds between a sound at the participant's mouth and the arrival of the frame that ends with it,
        by the usual way."""

    def report_playout(self, seconds: float) -> None:
        """Take the page's word for the time from the arrival of sound to its sounding."""
