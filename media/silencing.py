"""Silence in what was recorded: pages with some packets replaced, all others as they were. Knows no file, and
not why something must not be heard."""

from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec

from media.frames import FRAME_DURATION, OPUS_FRAME_TICKS, OPUS_SILENCE
from media.ogg import CAPTURE, MAX_PAGE_BYTES, FoundPage, page, parse_page
from media.recording import self_delimited

Channel = Literal["participant", "agent"]

_SILENCE: Final = {
    "participant": self_delimited(OPUS_SILENCE[:1], OPUS_SILENCE[1:]),
    "agent": OPUS_SILENCE,
}
_SHORT_LENGTH: Final = 252
"""From here on the length of a frame takes two bytes (RFC 6716 §3.2.1)."""


class SilentSpan(msgspec.Struct, frozen=True):
    """Slots of a recording, `end` not included, in which one side must not be heard."""

    channel: Channel
    begin: int
    end: int

    @classmethod
    def between(cls, channel: Channel, began_at: float, ended_at: float) -> "SilentSpan":
        """Make the span of all slots that lie between two seconds of the recording, or touch them."""
        return cls(channel, int(began_at / FRAME_DURATION), int(ended_at / FRAME_DURATION) + 1)


def silent_channels(slot: int, spans: Collection[SilentSpan]) -> set[Channel]:
    """Whose sound is out of a slot."""
    return {span.channel for span in spans if span.begin <= slot < span.end}


def silenced_pages(data: bytes, spans: Sequence[SilentSpan], *, last: bool = True) -> tuple[bytes, int]:
    """Rewrite the pages in `data`; returns them, and how many bytes they were made of.

    Times, numbers and every packet outside the spans stay; checksums are made anew. What is no page is left
    out. Without `last` more is to come: the bytes that were not taken must be given again before it.
    """
    written: list[bytes] = []
    at = 0
    while at < len(data):
        found = parse_page(data, at)
        if found is not None:
            written.append(_silenced(data[at : found.end], found, spans))
            at = found.end
        elif not last and len(data) - at < MAX_PAGE_BYTES:
            break
        else:
            following = data.find(CAPTURE, at + 1)
            at = following if following >= 0 else len(data)
    return b"".join(written), at


def _silenced(whole: bytes, found: FoundPage, spans: Sequence[SilentSpan]) -> bytes:
    first = found.granule // OPUS_FRAME_TICKS - found.packet_count
    last = first + found.packet_count
    touching = [span for span in spans if span.begin < last and first < span.end]
    if found.granule == 0 or not touching:
        return whole
    packets = [
        _without(packet, silent_channels(slot, touching))
        for slot, packet in enumerate(found.packets(whole), start=first)
    ]
    return page(packets, serial=found.serial, sequence=found.sequence, granule=found.granule)


def _without(packet: bytes, channels: set[Channel]) -> bytes:
    if not channels:
        return packet
    border = _participant_size(packet)
    participant, agent = packet[:border], packet[border:]
    if "participant" in channels or not participant:
        participant = _SILENCE["participant"]
    if "agent" in channels or not agent:
        agent = _SILENCE["agent"]
    return participant + agent


def _participant_size(packet: bytes) -> int:
    """Count the bytes of the participant's half; 0 when the packet is none of ours, which then goes whole."""
    if len(packet) < 3 or packet[0] & 3:
        return 0
    size, header = packet[1], 2
    if size >= _SHORT_LENGTH:
        size, header = size + 4 * packet[2], 3
    border = header + size
    return border if border < len(packet) else 0
