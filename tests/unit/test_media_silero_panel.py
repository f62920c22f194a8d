"""Windows of many streams judged together."""

from typing import Any

import pytest

from media.frames import EAR_FRAME_SAMPLES
from media.silero import MOST_WAITING, WINDOW_SAMPLES, SileroModel, SileroPanel, SpeechScore
from tests.support.speech import pieces, silence, speech_pcm

FRAMES = pieces(speech_pcm(), EAR_FRAME_SAMPLES * 2)[:120]


class CountedModel(SileroModel):
    """Counts its runs."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def probabilities(self, windows: Any, states: Any) -> Any:
        self.runs += 1
        return super().probabilities(windows, states)


def test_streams_judged_together_are_judged_as_alone() -> None:
    panel = SileroPanel(SileroModel.shared())
    together = [SpeechScore(panel) for _ in range(3)]
    alone = [SpeechScore(SileroModel.shared()) for _ in range(3)]
    apart = 0.0
    for beat in range(60):
        for shift, (one, other) in enumerate(zip(together, alone, strict=True)):
            one.hear(FRAMES[beat + 7 * shift], awake=True)
            other.hear(FRAMES[beat + 7 * shift], awake=True)
        panel.judge_waiting()
        apart = max(
            apart, *(abs(a.probability - b.probability) for a, b in zip(together, alone, strict=True))
        )

    assert 0.0 == pytest.approx(apart, abs=1e-3)
    assert [one.lag for one in alone] == [one.lag for one in together]


def test_a_beat_runs_the_model_once() -> None:
    model = CountedModel()
    panel = SileroPanel(model)
    streams = [SpeechScore(panel) for _ in range(5)]
    for frame in FRAMES[:8]:
        for stream in streams:
            stream.hear(frame, awake=True)
        panel.judge_waiting()

    assert model.runs == 5  # 8 frames hold five windows of 32 ms


def test_windows_that_wait_are_judged_in_their_order_and_not_for_ever() -> None:
    panel = SileroPanel(SileroModel.shared())
    score, alone = SpeechScore(panel), SpeechScore(SileroModel.shared())
    behind = 0
    for frame in FRAMES:
        score.hear(frame, awake=True)
        alone.hear(frame, awake=True)
        behind = max(behind, score.lag - alone.lag)
    panel.judge_waiting()

    assert MOST_WAITING * WINDOW_SAMPLES == behind
    assert alone.probability == pytest.approx(score.probability, abs=1e-3)
    assert alone.lag == score.lag


def test_a_heap_of_packets_of_each_of_many_streams_is_judged_together() -> None:
    model = CountedModel()
    panel = SileroPanel(model)
    streams = [SpeechScore(panel) for _ in range(8)]
    for stream in streams:
        for frame in FRAMES[:5]:
            stream.hear(frame, awake=True)
    panel.judge_waiting()

    assert 3 == model.runs


def test_a_score_says_how_old_its_opinion_is() -> None:
    panel = SileroPanel(SileroModel.shared())
    late, prompt = SpeechScore(panel), SpeechScore(SileroModel.shared())
    for frame in FRAMES[:20]:
        panel.judge_waiting()
        late.hear(frame, awake=True)
        prompt.hear(frame, awake=True)
    late.hear(FRAMES[20], awake=True)

    assert prompt.lag <= late.lag


def test_what_waits_of_a_stream_that_falls_asleep_is_forgotten() -> None:
    panel = SileroPanel(SileroModel.shared())
    score = SpeechScore(panel)
    for frame in FRAMES[60:80]:
        score.hear(frame, awake=True)
        panel.judge_waiting()
    score.hear(FRAMES[80], awake=True)
    score.hear(FRAMES[81], awake=True)
    score.hear(silence(0.02), awake=False)
    panel.judge_waiting()

    assert score.probability == 0.0


def test_a_beat_without_windows_costs_nothing() -> None:
    model = CountedModel()
    SileroPanel(model).judge_waiting()

    assert model.runs == 0
