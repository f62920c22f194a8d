"""A recording, listened to by measurement: levels, who speaks when, and what a recogniser makes of it."""

import io
from itertools import groupby
from typing import Any

import av
import numpy as np
from pocketsphinx import Decoder

from media.frames import EAR_RATE_HZ, FRAME_DURATION
from media.resampler import resample

SPEECH_DBFS = -45.0
"""A frame louder than this holds speech."""
JOINED_FRAMES = 25
"""Silence of fewer frames than this doesn't part two stretches of speech."""
EDGE_FRAMES = 12


class Side:
    """One channel: float samples of −1 to 1 at EAR_RATE_HZ."""

    def __init__(self, samples: "np.ndarray[Any, np.dtype[np.float32]]") -> None:
        size = round(EAR_RATE_HZ * FRAME_DURATION)
        self.frames = samples[: len(samples) // size * size].reshape(-1, size)
        self.power = np.mean(self.frames**2, axis=1)
        self.speaks = 10 * np.log10(self.power + 1e-12) > SPEECH_DBFS

    @property
    def peak(self) -> float:
        return float(np.abs(self.frames).max())

    @property
    def speech_dbfs(self) -> float:
        """Root mean square of the frames that hold speech."""
        return float(10 * np.log10(self.power[self.speaks].mean()))

    @property
    def speech_seconds(self) -> float:
        return float(self.speaks.sum() * FRAME_DURATION)

    def words(self) -> str:
        """What the embedded recogniser understands."""
        decoder = Decoder(samprate=EAR_RATE_HZ, fwdflat=False, loglevel="FATAL")
        heard = []
        for begin, end in self._stretches():
            piece = self.frames[max(0, begin - EDGE_FRAMES) : end + EDGE_FRAMES].ravel()
            decoder.start_utt()
            decoder.process_raw((piece * 32_767).astype(np.int16).tobytes(), full_utt=True)
            decoder.end_utt()
            hypothesis = decoder.hyp()
            heard.append(hypothesis.hypstr if hypothesis else "")
        return " ".join(heard)

    def _stretches(self) -> list[tuple[int, int]]:
        stretches: list[tuple[int, int]] = []
        for index in np.flatnonzero(self.speaks):
            if stretches and index - stretches[-1][1] < JOINED_FRAMES:
                stretches[-1] = (stretches[-1][0], int(index))
            else:
                stretches.append((int(index), int(index)))
        return stretches


def sides(recording: bytes) -> tuple[Side, Side]:
    """The participant's and the agent's side of an Ogg file of two channels."""
    with av.open(io.BytesIO(recording), mode="r") as container:
        planes = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    both = np.clip(np.concatenate(planes, axis=1), -1, 1)
    pcm = [resample((channel * 32_767).astype(np.int16).tobytes(), rate, EAR_RATE_HZ) for channel in both]
    participant, agent = (Side((np.frombuffer(side, np.int16) / 32_768).astype(np.float32)) for side in pcm)
    return participant, agent


def longest_overlap(participant: Side, agent: Side) -> float:
    """Seconds for which both speak at once without a break."""
    count = min(len(participant.speaks), len(agent.speaks))
    both = participant.speaks[:count] & agent.speaks[:count]
    return max((sum(1 for _ in run) for at_once, run in groupby(both) if at_once), default=0) * FRAME_DURATION
