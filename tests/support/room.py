"""A room with a loudspeaker and a microphone in it: what is sent comes back late, coloured and
reverberant."""

from typing import Any

import numpy as np

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, VOICE_FRAME_SAMPLES, VOICE_RATE_HZ, VoiceFrame

Floats = np.ndarray[Any, np.dtype[np.float32]]

NOISE_DBFS = -62.0
"""Of a quiet room with a fair microphone."""


class Room:
    """Echoes frame by frame: `lag` seconds after a frame was sent, `gain_db` above its own level.

    The filter is a direct sound through a coloured loudspeaker, and a tail of noise that dies away by 60 dB
    within `reverberation` seconds, `direct_db` below the direct sound in all. `seed` makes the filter and
    the noise.
    """

    def __init__(
        self,
        lag: float,
        gain_db: float,
        *,
        reverberation: float = 0.3,
        direct_db: float = 4.0,
        seed: int = 0,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._filter = self._made_filter(reverberation, direct_db) * np.float32(10 ** (gain_db / 20))
        size = len(self._filter) + EAR_FRAME_SAMPLES - 1
        self._fft = 1 << (size - 1).bit_length()
        self._response = np.fft.rfft(self._filter, self._fft)
        self._sent = np.zeros(len(self._filter) + EAR_FRAME_SAMPLES - 1, np.float32)
        self._delay = np.zeros(round(lag * EAR_RATE_HZ), np.float32)
        self._last = np.float32(0)

    def _made_filter(self, reverberation: float, direct_db: float) -> Floats:
        count = round(reverberation * EAR_RATE_HZ)
        tail = self._rng.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
        tail[: EAR_RATE_HZ // 300] = 0
        tail *= 10 ** (-direct_db / 20) / np.sqrt(tail @ tail)
        tail[0] = 1.0
        colour = self._rng.standard_normal(24) * np.exp(-np.arange(24) / 5)
        colour[0] = 1.0
        whole = np.convolve(tail, colour)
        filtered: Floats = (whole / np.sqrt(whole @ whole)).astype(np.float32)
        return filtered

    def hear(self, sent: VoiceFrame | None, voice: Floats | None = None) -> bytes:
        """The microphone's next 20 ms (EAR_RATE_HZ), while `sent` leaves and somebody says `voice`."""
        self._sent = np.concatenate((self._sent[EAR_FRAME_SAMPLES:], self._at_ear_rate(sent)))
        echo = np.fft.irfft(np.fft.rfft(self._sent, self._fft) * self._response, self._fft)
        echo = echo[len(self._filter) - 1 : len(self._filter) - 1 + EAR_FRAME_SAMPLES]
        waiting = np.concatenate((self._delay, echo.astype(np.float32)))
        heard, self._delay = waiting[:EAR_FRAME_SAMPLES], waiting[EAR_FRAME_SAMPLES:]
        noise = self._rng.standard_normal(EAR_FRAME_SAMPLES) * 10 ** (NOISE_DBFS / 20)
        everything = heard + noise + (0 if voice is None else voice)
        return np.rint(np.clip(everything, -1, 1) * 32_767).astype(np.int16).tobytes()

    def _at_ear_rate(self, sent: VoiceFrame | None) -> Floats:
        if sent is None:
            self._last = np.float32(0)
            return np.zeros(EAR_FRAME_SAMPLES, np.float32)
        samples = np.frombuffer(sent.pcm, np.int16).astype(np.float32) / 32_768
        known = np.concatenate(([self._last], samples))
        self._last = samples[-1]
        at = np.arange(1, EAR_FRAME_SAMPLES + 1) * VOICE_RATE_HZ / EAR_RATE_HZ
        return np.interp(at, np.arange(VOICE_FRAME_SAMPLES + 1), known).astype(np.float32)


def level_dbfs(samples: Floats) -> float:
    """Root mean square of the parts that are not silent."""
    loud = samples[np.abs(samples) > 0.003]
    return float(10 * np.log10(np.mean(loud * loud) + 1e-12)) if len(loud) else -90.0


def at_level(samples: Floats, dbfs: float) -> Floats:
    """The same sound at another level."""
    return samples * np.float32(10 ** ((dbfs - level_dbfs(samples)) / 20))
