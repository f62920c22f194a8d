"""Recordings with a tone on either side, and what of the tones is left in them."""

import io
from collections.abc import Iterable

import av
import numpy as np
import numpy.typing as npt

from media.codecs import OpusEncoder
from media.frames import OPUS_CLOCK_HZ, OPUS_FRAME_TICKS
from media.recording import OggRecording

SIDES = ("participant", "agent")
TONES_HZ = {"participant": 440.0, "agent": 1_000.0}
"""Which tone each side has, in two_tones."""

Channels = npt.NDArray[np.float32]


def tone_packets(hz: float, slots: int) -> list[bytes]:
    encoder = OpusEncoder(OPUS_CLOCK_HZ, complexity=1)
    samples = np.sin(np.arange(slots * OPUS_FRAME_TICKS) * 2 * np.pi * hz / OPUS_CLOCK_HZ) * 9_000
    pcm = samples.astype("<i2").tobytes()
    size = OPUS_FRAME_TICKS * 2
    return [encoder.encode(pcm[at : at + size]) for at in range(0, len(pcm), size)]


def two_tones(slots: int) -> Iterable[list[bytes]]:
    """The pages of a recording with a tone on either side, slot by slot as they come."""
    recording = OggRecording(7)
    yield recording.header_pages()
    sides = zip(*(tone_packets(hz, slots) for hz in TONES_HZ.values()), strict=True)
    for slot, (left, right) in enumerate(sides):
        recording.sent(right, slot)
        recording.received(left, slot * OPUS_FRAME_TICKS)
        yield recording.pages(slot)
    yield recording.finish()


def decoded(file: bytes) -> Channels:
    """What a player makes of it: two rows of samples at 48 kHz."""
    with av.open(io.BytesIO(file), mode="r", format="ogg") as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def tone_level(channels: Channels, side: str, begin: int, end: int) -> float:
    """Greatest level of the side's own tone in any slot of the range."""
    pcm = channels[SIDES.index(side), begin * OPUS_FRAME_TICKS : end * OPUS_FRAME_TICKS]
    wave = np.exp(-2j * np.pi * TONES_HZ[side] * np.arange(OPUS_FRAME_TICKS) / OPUS_CLOCK_HZ)
    frames = pcm[: len(pcm) // OPUS_FRAME_TICKS * OPUS_FRAME_TICKS].reshape(-1, OPUS_FRAME_TICKS)
    return float(np.abs(frames @ wave).max()) / OPUS_FRAME_TICKS
