"""Sound as models on Whisper's encoder want it: a log-mel spectrogram. Arithmetic only, knows no model.

The front end is that of Whisper (github.com/openai/whisper, audio.py): 25 ms Hann windows every 10 ms,
centred, the ends mirrored; 80 triangular bands on Slaney's mel scale, each of constant area; log10, at most
80 dB deep, brought to about -1 … 1.
"""

from functools import cache
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from media.frames import EAR_RATE_HZ

Floats = npt.NDArray[np.float32]

WINDOW_SAMPLES: Final = 400
HOP_SAMPLES: Final = 160
MEL_BANDS: Final = 80
_FLOOR: Final = np.float32(1e-10)
_DEPTH: Final = np.float32(8.0)
"""Decades of power under the loudest point; what lies deeper is raised to it."""
_SILENT_VARIANCE: Final = 1e-7

_LINEAR_HZ_PER_MEL: Final = 200 / 3
_LOG_FROM_HZ: Final = 1000.0
_LOG_FROM_MEL: Final = _LOG_FROM_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP: Final = np.log(6.4) / 27
"""Slaney's scale: linear to 1 kHz, from there 27 mels for each factor of 6.4 (Auditory Toolbox, 1998)."""


def mel_centres() -> npt.NDArray[np.float64]:
    """The frequencies in Hz on which the bands stand: each rises from one, peaks at the next, ends at the
    one after; MEL_BANDS + 2 of them from 0 to half the rate."""
    top = _LOG_FROM_MEL + np.log(EAR_RATE_HZ / 2 / _LOG_FROM_HZ) / _LOG_STEP
    mels = np.linspace(0.0, top, MEL_BANDS + 2)
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mels - _LOG_FROM_MEL))
    return cast(
        "npt.NDArray[np.float64]",
        np.where(mels < _LOG_FROM_MEL, mels * _LINEAR_HZ_PER_MEL, logarithmic),
    )


@cache
def _bands() -> Floats:
    """Weights (WINDOW_SAMPLES / 2 + 1, MEL_BANDS) of the spectrum's lines in the bands."""
    edges = mel_centres()
    lines = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / EAR_RATE_HZ)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (lines - low) / (centre - low)
    falling = (high - lines) / (high - centre)
    return (np.maximum(0.0, np.minimum(rising, falling)) * 2 / (high - low)).astype(np.float32)


@cache
def _window() -> Floats:
    """A periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)).astype(np.float32)


def as_floats(pcm: bytes) -> Floats:
    """Mono s16le as samples in ±1; an odd last byte is left out."""
    return np.frombuffer(pcm, np.int16, len(pcm) // 2) * np.float32(1 / 32_768)


def fitted(samples: Floats, count: int, *, pad_left: bool) -> Floats:
    """The last `count` samples, or all of them with zeros in front (`pad_left`) or behind."""
    if len(samples) >= count:
        return samples[len(samples) - count :]
    lacking = count - len(samples)
    return np.pad(samples, (lacking, 0) if pad_left else (0, lacking))


def levelled(samples: Floats) -> Floats:
    """The same sound without offset and at unit variance; silence stays silence."""
    mean, variance = samples.mean(dtype=np.float64), samples.var(dtype=np.float64)
    return cast(Floats, ((samples - mean) / np.sqrt(variance + _SILENT_VARIANCE)).astype(np.float32))


def log_mel(samples: Floats) -> Floats:
    """Whisper's features of sound at EAR_RATE_HZ: (n,) samples -> (MEL_BANDS, n // HOP_SAMPLES).

    In single precision throughout: its error lies 60 dB under what the clamp leaves. Raises ValueError for
    less than half a window, which can't be mirrored.
    """
    half = WINDOW_SAMPLES // 2
    if len(samples) <= half:
        raise ValueError(f"{len(samples)} samples are less than half a window")
    mirrored = np.pad(samples.astype(np.float32, copy=False), half, mode="reflect")
    count = len(samples) // HOP_SAMPLES
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, WINDOW_SAMPLES)[::HOP_SAMPLES][:count]
    spectrum = np.fft.rfft(frames * _window())
    power = spectrum.real**2 + spectrum.imag**2
    logs = np.log10(np.maximum(power @ _bands(), _FLOOR))
    clamped = np.maximum(logs, logs.max() - _DEPTH)
    return cast(Floats, np.ascontiguousarray(((clamped + 4) / 4).T, dtype=np.float32))
