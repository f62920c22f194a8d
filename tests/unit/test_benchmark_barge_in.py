"""The reader of two-channel recordings, against one that is made on the spot."""

import numpy as np
import pytest

from benchmarks.barge_in import measured
from benchmarks.two_channels import RATE_HZ
from dialog.signals import SpeechEnded
from media.clip import WordMark
from media.frames import VOICE_RATE_HZ
from media.resampler import resample
from server.providers.protocols import PreparedClip
from tests.support.speech import speech_pcm

CLIP = PreparedClip(
    speech_pcm(VOICE_RATE_HZ), (), tuple(WordMark(2 * n, 2 * n + 1, n * 0.5, n * 0.5 + 0.4) for n in range(8))
)
TEXT = "a b c d e f g h"
BEGAN_AT, ONSET, DUCKED_AT, STOPPED_AT, END = 0.5, 3.0, 3.2, 3.6, 6.0
"""The recording begins so far into the clip; what follows is counted from its own beginning."""


def recording(stretch: int = 0) -> bytes:
    """Mouth and ear; with `stretch`, so many samples of the clip are left out behind the onset."""
    said = np.frombuffer(resample(CLIP.pcm, VOICE_RATE_HZ, RATE_HZ), np.int16).astype(np.float32)
    ear = np.zeros(round(END * RATE_HZ), np.float32)
    begin, onset, stopped = (round(at * RATE_HZ) for at in (BEGAN_AT, ONSET, STOPPED_AT))
    ear[:onset] = said[begin : begin + onset]
    ear[onset:stopped] = said[begin + onset + stretch : begin + stopped + stretch]
    ear[round(DUCKED_AT * RATE_HZ) :] *= 10 ** (-15 / 20)
    mouth = np.zeros_like(ear)
    mouth[onset:] = 8_000 * np.sin(np.arange(len(ear) - onset) / 20)
    return np.stack((mouth, 0.7 * ear), axis=1).astype(np.int16).tobytes()


@pytest.mark.parametrize("stretch", [0, 480])
def test_duck_stop_and_what_was_heard_are_read_off_the_sound_itself(stretch: int) -> None:
    told = BEGAN_AT + STOPPED_AT + 0.05
    ended = SpeechEnded(1, "a b c d e f g h", 0.9, cut=True, heard_duration=told)
    found = measured(recording(stretch), CLIP, TEXT, ended, [])

    assert found.duck is not None
    assert found.stop is not None
    assert found.heard_error is not None
    assert DUCKED_AT - ONSET == pytest.approx(found.duck, abs=0.06)
    assert STOPPED_AT - ONSET == pytest.approx(found.stop, abs=0.03)
    assert 0.05 - stretch / RATE_HZ == pytest.approx(found.heard_error, abs=0.03)
    assert found.words_error == 0
