"""Prompts made alike: no silence in front, one loudness for all. Knows nothing of where they are kept."""

from typing import Final

import numpy as np
import numpy.typing as npt

TARGET_DBFS: Final = -20.0
"""Root mean square of the voiced part."""
PEAK_DBFS: Final = -1.0
"""No sample becomes louder than this, whatever the target."""
MAX_GAIN_DB: Final = 20.0
VOICED_BELOW_PEAK_DB: Final = 35.0
"""A 10 ms block counts as voiced when it is at most so much quieter than the loudest."""
SILENCE_DBFS: Final = -60.0
"""What has no block above this is left as it is."""
MAX_LEAD: Final = 0.02
"""Seconds of silence that may stay in front of the first voiced block."""
_BLOCKS_PER_SECOND: Final = 100


def level_speech(pcm: bytes, rate_hz: int) -> tuple[bytes, float]:
    """Trim leading silence to 20 ms and bring the voiced part to TARGET_DBFS, mono s16le in and out.

    Returns the sound and the seconds taken off its front, by which word times move. Silence comes back as is.
    """
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    levels = _block_levels(samples, rate_hz // _BLOCKS_PER_SECOND)
    if not len(levels) or levels.max() < _amplitude(SILENCE_DBFS):
        return pcm, 0.0
    voiced = levels >= levels.max() * 10 ** (-VOICED_BELOW_PEAK_DB / 20)
    lead = int(np.argmax(voiced)) * (rate_hz // _BLOCKS_PER_SECOND)
    removed = max(0, lead - round(MAX_LEAD * rate_hz))
    loudness = float(np.sqrt(np.mean(levels[voiced] ** 2)))
    gain = min(
        _amplitude(TARGET_DBFS) / loudness,
        _amplitude(PEAK_DBFS) / float(np.abs(samples).max()),
        10 ** (MAX_GAIN_DB / 20),
    )
    levelled: bytes = np.rint(samples[removed:] * gain).astype(np.int16).tobytes()
    return levelled, removed / rate_hz


def _block_levels(samples: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    """Root mean square of each whole block; a remainder is left out."""
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    levels: npt.NDArray[np.float32] = np.sqrt(np.mean(blocks * blocks, axis=1))
    return levels


def _amplitude(dbfs: float) -> float:
    return float(32_768 * 10 ** (dbfs / 20))
