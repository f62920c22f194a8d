"""Real speech for tests: five seconds of one voice, cut as the media path wants it."""

import wave
from functools import cache
from pathlib import Path

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, AudioFrame
from media.resampler import resample

UTTERANCE = Path(__file__).with_name("utterance.wav")


@cache
def speech_pcm(rate_hz: int = EAR_RATE_HZ) -> bytes:
    """The utterance as mono s16le at `rate_hz`."""
    with wave.open(str(UTTERANCE)) as recording:
        assert recording.getnchannels() == 1
        assert recording.getsampwidth() == 2
        pcm, from_hz = recording.readframes(recording.getnframes()), recording.getframerate()
    return resample(pcm, from_hz, rate_hz)


def pieces(pcm: bytes, size: int) -> list[bytes]:
    """Cut into pieces of `size` bytes, the odd end left out."""
    return [pcm[start : start + size] for start in range(0, len(pcm) - size + 1, size)]


def ear_frames(pcm: bytes, start_frame: int = 0) -> list[AudioFrame]:
    """Cut sound at EAR_RATE_HZ into frames with running timestamps."""
    cut = pieces(pcm, EAR_FRAME_SAMPLES * 2)
    return [AudioFrame(piece, (start_frame + i) * EAR_FRAME_SAMPLES) for i, piece in enumerate(cut)]


def silence(duration: float, rate_hz: int = EAR_RATE_HZ) -> bytes:
    return bytes(round(duration * rate_hz) * 2)
