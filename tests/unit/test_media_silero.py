import json
from pathlib import Path

import numpy as np
import pytest

from media.frames import EAR_FRAME_SAMPLES
from media.silero import CONTEXT_SAMPLES, STATE_SHAPE, WINDOW_SAMPLES, SileroModel, SpeechScore
from tests.support.speech import pieces, silence, speech_pcm

AS_PUBLISHED = Path(__file__).parent.parent / "support" / "silero_probabilities.json"
"""What the model of silero-vad 6.2 says of each window of the utterance, by its own layout."""


def utterance() -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    samples: np.ndarray[tuple[int], np.dtype[np.float32]]
    samples = np.frombuffer(speech_pcm(), np.int16).astype(np.float32) / np.float32(32_768)
    return samples


def test_the_model_says_what_the_published_one_says() -> None:
    model, state, speech, said = SileroModel.shared(), np.zeros(STATE_SHAPE, np.float32), utterance(), []
    for start in range(0, len(speech) - CONTEXT_SAMPLES - WINDOW_SAMPLES + 1, WINDOW_SAMPLES):
        window = speech[None, start : start + CONTEXT_SAMPLES + WINDOW_SAMPLES]
        spoken, state = model.probabilities(window, state)
        said.append(float(spoken[0]))

    assert json.loads(AS_PUBLISHED.read_text()) == pytest.approx(said, abs=2e-5)


def test_a_batch_gives_each_stream_the_same_answer_as_alone() -> None:
    model, speech = SileroModel.shared(), utterance()
    size = CONTEXT_SAMPLES + WINDOW_SAMPLES
    windows = np.stack([speech[at : at + size] for at in (0, 16_000, 40_000)])
    states = np.random.default_rng(3).normal(0, 0.1, (STATE_SHAPE[0], 3, STATE_SHAPE[2])).astype(np.float32)
    together, states_after = model.probabilities(windows, states)

    for i in range(3):
        alone, state_after = model.probabilities(windows[i : i + 1], states[:, i : i + 1])
        assert together[i] == pytest.approx(float(alone[0]), abs=1e-4)
        assert np.allclose(states_after[:, i : i + 1], state_after, atol=1e-4)


def test_the_model_is_loaded_once() -> None:
    assert SileroModel.shared() is SileroModel.shared()


class CountedModel(SileroModel):
    """Counts the windows."""

    def __init__(self) -> None:
        super().__init__()
        self.windows = 0

    def probabilities(self, windows, states):  # type: ignore[no-untyped-def]
        self.windows += len(windows)
        return super().probabilities(windows, states)


def test_a_score_judges_a_window_each_32_ms_while_it_is_awake_and_none_while_it_sleeps() -> None:
    model = CountedModel()
    score = SpeechScore(model)
    frames = pieces(speech_pcm(), EAR_FRAME_SAMPLES * 2)[:160]
    for frame in frames:
        score.hear(frame, awake=False)
    asleep = model.windows
    for frame in frames:
        score.hear(frame, awake=True)

    assert asleep == 0
    assert model.windows == pytest.approx(160 * EAR_FRAME_SAMPLES / WINDOW_SAMPLES, abs=1)


def test_a_score_that_sleeps_forgets_what_it_heard() -> None:
    score = SpeechScore(SileroModel.shared())
    for frame in pieces(speech_pcm(), EAR_FRAME_SAMPLES * 2)[50:80]:
        score.hear(frame, awake=True)
    spoken = score.probability
    score.hear(silence(0.02), awake=False)

    assert spoken > 0.5
    assert score.probability == 0.0
