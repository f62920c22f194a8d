"""From one sample rate to another, as a stream or in one go. Knows nothing of what the sound is."""

import numpy as np
import soxr


class Resampler:
    """Resample one mono s16le stream piece by piece, without seams.

    The filter holds back a few milliseconds, which `finish` gives out; a Resampler is for one stream only.
    Equal rates pass the bytes through.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def push(self, pcm: bytes) -> bytes:
        """Resample the next piece, of any whole number of samples; may give b"" at first."""
        return self._resampled(pcm, last=False)

    def finish(self) -> bytes:
        """Give out what the filter still holds. Nothing may be pushed afterwards."""
        return self._resampled(b"", last=True)

    def _resampled(self, pcm: bytes, *, last: bool) -> bytes:
        if self._stream is None:
            return pcm
        # in floats: soxr dithers 16 bits from a random seed; the same sound must give the same bytes
        samples = self._stream.resample_chunk(np.frombuffer(pcm, np.int16).astype(np.float32), last=last)
        out: bytes = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16).tobytes()
        return out


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Resample a whole piece of mono s16le."""
    stream = Resampler(from_hz, to_hz)
    return stream.push(pcm) + stream.finish()
