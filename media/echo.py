"""How much of what the microphone hears is the agent's own voice coming back, as far as one delay and one
short filter explain it. Knows nothing of voice activity, turns or legs.

Sound is compared as a waveform, not by its loudness: two voices may rise and fall together, but only an echo
keeps a steady phase to what was sent. 0.3 s are enough to tell them apart at any level above the room's
noise.
"""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from media.frames import EAR_RATE_HZ, FRAME_DURATION, VOICE_FRAME_SAMPLES, VOICE_RATE_HZ, VoiceFrame

Floats = npt.NDArray[np.float32]

LEAST_LAG: Final = 0.04
MOST_LAG: Final = 0.66
"""Seconds from handing a frame out to hearing its echo: network both ways, jitter buffer, sound card, air."""
WINDOW_FRAMES: Final = 15
"""Frames (0.3 s) that are compared. Larger: surer, and slower to notice somebody who talks over the echo."""
COMPARED_HZ: Final = 4_000
"""Sample rate of the comparison: below 2 kHz speech has most of its energy, and any loudspeaker and room
some."""
SEGMENT_SAMPLES: Final = 128
"""32 ms: how long the filter between loudspeaker and microphone may be; what rings on longer counts as
foreign."""

_SLOTS: Final = WINDOW_FRAMES + round(MOST_LAG / FRAME_DURATION)
_FFT: Final = 4_096
_LEAST_LAG_SAMPLES: Final = round(LEAST_LAG * COMPARED_HZ)
_SILENT_SLOT: Final = bytes(VOICE_FRAME_SAMPLES * 2)
_WINDOW_SAMPLES: Final = round(WINDOW_FRAMES * FRAME_DURATION * COMPARED_HZ)
_PLACES: Final = np.arange(0, _WINDOW_SAMPLES - SEGMENT_SAMPLES + 1, SEGMENT_SAMPLES // 2)[
    :, None
] + np.arange(SEGMENT_SAMPLES)
_TAPER: Final = np.hanning(SEGMENT_SAMPLES).astype(np.float32)
_QUIET: Final = 1e-7
"""Mean power (−70 dBFS) below which there is nothing to compare."""


class SentSound:
    """The last second of what was handed out to the far end, one slot of 20 ms after the other."""

    def __init__(self) -> None:
        self._slots: deque[bytes] = deque((_SILENT_SLOT,) * _SLOTS, maxlen=_SLOTS)
        self._slots_since_sound = _SLOTS

    def hand_out(self, frame: VoiceFrame | None) -> None:
        """Note the next slot; None is silence."""
        self._slots.append(_SILENT_SLOT if frame is None else frame.pcm)
        self._slots_since_sound = 0 if frame is not None else self._slots_since_sound + 1

    @property
    def may_echo(self) -> bool:
        """Whether something was handed out so lately that its echo may still be in what is compared."""
        return self._slots_since_sound < _SLOTS

    def waveform(self) -> Floats:
        """All of it at COMPARED_HZ, the newest last."""
        return _lowered(b"".join(self._slots), VOICE_RATE_HZ // COMPARED_HZ)


class EchoMeasure:
    """Compares what is heard with what was sent. Remembers where the echo lay last, to look there first."""

    def __init__(self, sent: SentSound) -> None:
        self._sent = sent
        self._heard: deque[bytes] = deque(maxlen=WINDOW_FRAMES)
        self._lag: int | None = None

    def hear(self, pcm: bytes) -> None:
        """Take the next 20 ms of the microphone, at EAR_RATE_HZ."""
        self._heard.append(pcm)

    def share(self, enough: float) -> float:
        """Tell which share (0–1) of the power of the last 0.3 s is the echo of what was sent.

        About 0.1 for a voice of its own, 0.2–0.4 for one as loud as the echo that it talks over, 0.6–0.9
        for an echo alone; a very reverberant room, and fewer than 0.2 s of sound, spread this. Where the
        former lag explains `enough`, no other is looked for. Costs 0.1–0.4 ms.
        """
        heard = _lowered(b"".join(self._heard), EAR_RATE_HZ // COMPARED_HZ)
        if len(self._heard) < WINDOW_FRAMES or float(heard @ heard) < _QUIET * len(heard):
            return 0.0
        sent = self._sent.waveform()
        if self._lag is not None:
            share = _coherent_share(_segment(sent, self._lag, len(heard)), heard)
            if share >= enough:
                return share
        lag = _likeliest_lag(sent, heard)
        share = _coherent_share(_segment(sent, lag, len(heard)), heard)
        if share >= enough:
            self._lag = lag
        return share


def _lowered(pcm: bytes, factor: int) -> Floats:
    """Means of `factor` samples. Both rates have the same box of 0.25 ms, so what aliases does so alike."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    weights = np.full(factor, 1 / (32_768 * factor), np.float32)
    lowered: Floats = samples.reshape(-1, factor) @ weights
    return lowered


def _segment(sent: Floats, lag: int, length: int) -> Floats:
    """What was sent `lag` samples before the last `length`."""
    end = len(sent) - lag
    return sent[end - length : end]


def _likeliest_lag(sent: Floats, heard: Floats) -> int:
    """Find the lag at which the two match best, by a correlation that is half whitened.

    Whitening (Knapp and Carter, 1976) makes one sharp peak of an echo, where speech alone matches itself at
    every period of its pitch; done whole it would listen to the bands that hold nothing but noise.
    """
    cross = np.fft.rfft(sent, _FFT) * np.fft.rfft(heard, _FFT).conj()
    matches = np.fft.irfft(cross / (np.sqrt(np.abs(cross)) + 1e-9), _FFT)
    offsets = len(sent) - len(heard) + 1
    best = int(np.argmax(np.abs(matches[: offsets - _LEAST_LAG_SAMPLES])))
    return offsets - 1 - best


def _coherent_share(sent: Floats, heard: Floats) -> float:
    """Share of the power of `heard` that a linear filter of SEGMENT_SAMPLES makes out of `sent`.

    The magnitude-squared coherence by Welch's method, weighed by the power heard at each frequency.
    """
    a, b = np.fft.rfft(_segments(sent) * _TAPER), np.fft.rfft(_segments(heard) * _TAPER)
    across = (a.conj() * b).sum(axis=0)
    explained = (across * across.conj()).real / ((a.conj() * a).real.sum(axis=0) + 1e-9)
    return float(explained.sum() / ((b.conj() * b).real.sum() + 1e-12))


def _segments(samples: Floats) -> Floats:
    """Halfway overlapping pieces of SEGMENT_SAMPLES."""
    pieces: Floats = samples[_PLACES]
    return pieces
