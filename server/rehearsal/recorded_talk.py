"""What a recording holds, by measurement: how long each side speaks, and how long both do at once.

Knows no run and no report.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import av
import msgspec
import numpy as np
from av.audio.resampler import AudioResampler

from media.frames import FRAME_DURATION, VOICE_RATE_HZ
from server.rehearsal.sound import ClipError

SPEECH_DBFS: Final = -45.0
"""A frame louder than this holds speech."""

BREATH_FRAMES: Final = 5
"""Silence of at most so many frames belongs to the speech around it: a stop consonant closes for 100 ms."""

_SIDES: Final = 2
_FRAME_SAMPLES: Final = round(VOICE_RATE_HZ * FRAME_DURATION)


class RecordedTalk(msgspec.Struct, frozen=True):
    """Seconds of speech on either channel, and of the longest stretch for which both channels speak."""

    participant_speech_s: float
    agent_speech_s: float
    longest_overlap_s: float


def measure_talk(path: Path) -> RecordedTalk:
    """Listen to a recording of two channels, participant left, agent right. Raises ClipError."""
    resampler = AudioResampler("fltp", "stereo", VOICE_RATE_HZ, frame_size=_FRAME_SAMPLES)
    levels: list[tuple[float, float]] = []
    try:
        with av.open(str(path)) as container:
            channels = container.streams.audio[0].channels
            if channels != _SIDES:
                raise ClipError(f"{path} has {channels} channel, not one for either side.")
            for frame in container.decode(audio=0):
                levels += [_levels(piece) for piece in resampler.resample(frame)]
        levels += [_levels(piece) for piece in resampler.resample(None)]
    except (av.FFmpegError, IndexError, OSError) as error:
        raise ClipError(f"{path} can't be played as sound ({error}).") from None
    participant, agent = ([level[side] > SPEECH_DBFS for level in levels] for side in range(_SIDES))
    both = [left and right for left, right in zip(_joined(participant), _joined(agent), strict=True)]
    longest = max((len(list(run)) for at_once, run in groupby(both) if at_once), default=0)
    return RecordedTalk(*(round(n * FRAME_DURATION, 2) for n in (sum(participant), sum(agent), longest)))


def _levels(frame: av.AudioFrame) -> tuple[float, float]:
    """dBFS of the two channels in one frame."""
    power = np.mean(frame.to_ndarray() ** 2, axis=1)
    left, right = 10 * np.log10(power + 1e-12)
    return float(left), float(right)


def _joined(speaks: Sequence[bool]) -> list[bool]:
    """The same with breaths between speech taken for speech."""
    joined = list(speaks)
    last = len(joined)
    for at, speech in enumerate(speaks):
        if not speech:
            continue
        if 0 < at - last - 1 <= BREATH_FRAMES:
            joined[last:at] = [True] * (at - last)
        last = at
    return joined
