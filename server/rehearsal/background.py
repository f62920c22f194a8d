"""What is heard behind a simulated participant: a room's hiss, the hum of the mains, plain noise.

Knows nothing of who speaks over it.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from media.frames import VOICE_FRAME_SAMPLES, VOICE_RATE_HZ

Samples = npt.NDArray[np.float64]

_MOST: Final = 32767
_LOOP_SECONDS: Final = 8
"""What is repeated, without a seam: long enough that no rhythm is heard in it."""
_MAINS_HZ: Final = 50


class Noise(msgspec.Struct, frozen=True):
    """A background: its kind, and its level in dB below full scale (RMS), -90 to -10."""

    kind: Literal["none", "room", "hum", "white"] = "none"
    level_db: float = -60.0


def background(noise: Noise, seed: int = 0) -> Iterator[bytes] | None:
    """Frames of 20 ms, mono s16le at VOICE_RATE_HZ, without end; None where there is nothing to hear."""
    if noise.kind == "none":
        return None
    shape = _SHAPES[noise.kind](np.random.default_rng(seed))
    level = 10 ** (min(max(noise.level_db, -90.0), -10.0) / 20) * _MOST
    loop = np.clip(shape / np.sqrt(np.mean(shape**2)) * level, -_MOST, _MOST).astype("<i2").tobytes()
    size = VOICE_FRAME_SAMPLES * 2
    return itertools.cycle([loop[i : i + size] for i in range(0, len(loop), size)])


def over(frame: bytes, behind: bytes) -> bytes:
    """One frame of speech with the background in it; what is too loud is clipped, as a sound card does."""
    both = np.frombuffer(frame, "<i2").astype(np.int32) + np.frombuffer(behind, "<i2")
    heard: bytes = np.clip(both, -_MOST, _MOST).astype("<i2").tobytes()
    return heard


def _white(random: np.random.Generator) -> Samples:
    return random.standard_normal(_LOOP_SECONDS * VOICE_RATE_HZ)


def _room(random: np.random.Generator) -> Samples:
    """Noise that falls by 3 dB an octave, as ventilation and distant traffic do."""
    spectrum = np.fft.rfft(_white(random))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), _LOOP_SECONDS * 20))
    return np.fft.irfft(spectrum)


def _hum(random: np.random.Generator) -> Samples:
    """The mains and its overtones, each at a phase of its own."""
    time = np.arange(_LOOP_SECONDS * VOICE_RATE_HZ) / VOICE_RATE_HZ
    parts = [
        np.sin(2 * np.pi * _MAINS_HZ * n * time + phase) / n
        for n, phase in enumerate(random.uniform(0, 2 * np.pi, 6), start=1)
    ]
    return np.asarray(np.sum(parts, axis=0), np.float64)


_SHAPES: Final[dict[str, Callable[[np.random.Generator], Samples]]] = {
    "room": _room,
    "hum": _hum,
    "white": _white,
}
