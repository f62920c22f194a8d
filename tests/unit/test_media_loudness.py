import numpy as np
import pytest

from media.loudness import MAX_LEAD, PEAK_DBFS, TARGET_DBFS, level_speech
from tests.support.speech import silence, speech_pcm

RATE_HZ = 24_000


def scaled(pcm: bytes, gain: float) -> bytes:
    samples = np.frombuffer(pcm, np.int16) * gain
    out: bytes = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16).tobytes()
    return out


def voiced_dbfs(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(float)
    blocks = np.sqrt(np.mean(samples[: len(samples) // 240 * 240].reshape(-1, 240) ** 2, axis=1))
    voiced = blocks[blocks > blocks.max() / 56]
    return float(20 * np.log10(np.sqrt(np.mean(voiced**2)) / 32_768))


@pytest.mark.parametrize("gain", [0.2, 0.5, 1.0, 2.0])
def test_quiet_and_loud_speech_come_out_at_one_level_within_the_peak(gain: float) -> None:
    levelled, _ = level_speech(scaled(speech_pcm(RATE_HZ), gain), RATE_HZ)
    peak = 20 * np.log10(np.abs(np.frombuffer(levelled, np.int16).astype(int)).max() / 32_768)

    assert voiced_dbfs(levelled) == pytest.approx(TARGET_DBFS, abs=1.0)
    assert peak <= PEAK_DBFS + 0.01


@pytest.mark.parametrize("lead", [0.0, 0.005, 0.1, 1.0])
def test_at_most_twenty_milliseconds_of_silence_stay_in_front_and_none_of_the_speech_goes(
    lead: float,
) -> None:
    speech = speech_pcm(RATE_HZ)[round(1.0 * RATE_HZ) * 2 :]
    levelled, removed = level_speech(silence(lead, RATE_HZ) + speech, RATE_HZ)
    kept = len(levelled) / 2 / RATE_HZ
    first_loud = np.flatnonzero(np.abs(np.frombuffer(levelled, np.int16).astype(int)) > 1_000)[0] / RATE_HZ

    assert removed == pytest.approx(max(0.0, lead - MAX_LEAD), abs=0.011)
    assert kept + removed == pytest.approx(lead + len(speech) / 2 / RATE_HZ, abs=0.001)
    assert first_loud <= MAX_LEAD + 0.05


def test_clipping_sets_the_limit_for_peaky_sound() -> None:
    samples = np.zeros(RATE_HZ, np.int16)
    samples[::2_400] = 8_000
    levelled, _ = level_speech(samples.tobytes(), RATE_HZ)

    assert np.abs(np.frombuffer(levelled, np.int16)).max() <= 32_768 * 10 ** (PEAK_DBFS / 20) + 1


@pytest.mark.parametrize("pcm", [b"", bytes(2), bytes(48_000), scaled(speech_pcm(RATE_HZ), 0.0001)])
def test_silence_comes_back_as_it_is(pcm: bytes) -> None:
    assert level_speech(pcm, RATE_HZ) == (pcm, 0.0)
