"""Silero VAD: how likely 32 ms of sound are speech. Knows nothing of when speech starts or stops."""

from collections import deque
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from media.frames import EAR_FRAME_SAMPLES

Floats = npt.NDArray[np.float32]

WINDOW_SAMPLES: Final = 512
"""What Silero judges at once: 32 ms at 16 kHz."""
CONTEXT_SAMPLES: Final = 64
"""What went just before the window, which the model of version 5 and later wants in front of it."""
STATE_SHAPE: Final = (2, 1, 128)

MOST_WAITING: Final = 3
"""Windows of one stream that may wait: about 100 ms. Larger: of a voice that comes in a heap, after a stall,
only the last window's opinion counts, and a short word is lost."""

_OUTPUTS: Final = ("output", "stateN")
_SCALE: Final = np.float32(1 / 32_768)
_FRAME_BYTES: Final = 2 * EAR_FRAME_SAMPLES
_WINDOW_BYTES: Final = 2 * (CONTEXT_SAMPLES + WINDOW_SAMPLES)
_RECENT_BYTES: Final = _WINDOW_BYTES + _FRAME_BYTES


class SecondOpinion(Protocol):
    """Tells speech from other sound, at once or a moment later."""

    def judge(self, score: "SpeechScore", window: Floats) -> None:
        """Judge the next window of a stream, (1, 576) samples in ±1, from where `score.state` stands by then.

        Answered by `score.judged`, for each window in its turn.
        """

    def judge_waiting(self) -> None:
        """Judge at once whatever waits, of all streams."""

    def withdraw(self, score: "SpeechScore") -> None:
        """What waits of this stream is of no use any more."""


class SileroModel:
    """Silero VAD in one onnxruntime session for the whole process; each stream carries its own state.

    A window costs 80–260 µs: the weights fill most of a processor's cache and have to be fetched anew each
    time. It is a third of that or less when several streams are judged in one batch.
    """

    def __init__(self) -> None:
        import onnxruntime  # begins a thread as it is imported: whoever forks servers must not have it yet

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = Path(__file__).with_name("models") / "silero_vad.onnx"
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        # What the session calls itself, past its checks of every argument, which cost as much as a layer.
        self._run: Any = session._sess.run

    @staticmethod
    def shared() -> "SileroModel":
        """Return the process's one model; the first call loads it (about 100 ms)."""
        return _shared_model()

    def probabilities(self, windows: Floats, states: Floats) -> tuple[Floats, Floats]:
        """Judge one window each of n streams: (n, 576) samples in ±1 and (2, n, 128) -> (n,), new states."""
        spoken, after = self._run(_OUTPUTS, {"input": windows, "state": states}, None)
        return spoken[:, 0], after

    def judge(self, score: "SpeechScore", window: Floats) -> None:
        """Judge at once."""
        spoken, after = self.probabilities(window, score.state)
        score.judged(float(spoken[0]), after)

    def judge_waiting(self) -> None:
        """Nothing ever waits here."""

    def withdraw(self, score: "SpeechScore") -> None:
        """Nothing ever waits here."""


class SileroPanel:
    """Judges windows of many streams together, once per beat: `judge_waiting` is the beat's to call.

    A stream whose packets come in a heap has several that wait, each judged from where the one before it
    ended. Were all judged as soon as one stream has a second, a loop that is late would judge nearly every
    window alone, at several times the cost, and be later still.
    """

    def __init__(self, model: SileroModel) -> None:
        self._model = model
        self._waiting: dict[SpeechScore, deque[Floats]] = {}

    def judge(self, score: "SpeechScore", window: Floats) -> None:
        """Judge with the beat, or before it where too many of this stream wait."""
        if len(self._waiting.get(score, ())) >= MOST_WAITING:
            self.judge_waiting()
        self._waiting.setdefault(score, deque()).append(window)

    def withdraw(self, score: "SpeechScore") -> None:
        """What waits of this stream is of no use any more."""
        self._waiting.pop(score, None)

    def judge_waiting(self) -> None:
        """Judge all that waits, in as few runs of the model as a stream has windows."""
        while self._waiting:
            scores = list(self._waiting)
            windows = np.concatenate([self._waiting[score].popleft() for score in scores])
            self._waiting = {score: more for score, more in self._waiting.items() if more}
            states = np.concatenate([score.state for score in scores], axis=1)
            spoken, after = self._model.probabilities(windows, states)
            for place, (score, probability) in enumerate(zip(scores, spoken.tolist(), strict=True)):
                score.judged(probability, after[:, place : place + 1])


@cache
def _shared_model() -> SileroModel:
    return SileroModel()


class SpeechScore:
    """Silero's latest opinion of one stream, windowed out of 20 ms frames; judges at most once a frame."""

    def __init__(self, model: SecondOpinion) -> None:
        self._model = model
        self._recent = bytes(_RECENT_BYTES)
        self._fresh = 0
        """Samples at the end of `_recent` that no window has covered."""
        self._at = 0
        """Where in the stream the frame heard last begins, in samples."""
        self._judged_from = 0
        """Where the window judged last begins."""
        self._waiting_from: deque[int] = deque()
        """The same of those that wait."""
        self._forget()

    @property
    def lag(self) -> int:
        """Samples from the beginning of the window judged last to that of the frame heard last."""
        return self._at - self._judged_from

    def _forget(self) -> None:
        self.state = np.zeros(STATE_SHAPE, np.float32)
        self._waiting_from.clear()
        self._asleep = True
        self.probability = 0.0

    def hear(self, pcm: bytes, *, awake: bool) -> None:
        """Take one frame, judged if `awake`. Waking judges at once, the frames before it included."""
        self._recent = self._recent[_FRAME_BYTES:] + pcm
        self._at += EAR_FRAME_SAMPLES
        if not awake:
            if not self._asleep:
                self._model.withdraw(self)
                self._forget()
            return
        self._fresh = WINDOW_SAMPLES if self._asleep else self._fresh + EAR_FRAME_SAMPLES
        self._asleep = False
        if self._fresh < WINDOW_SAMPLES:
            return
        self._fresh -= WINDOW_SAMPLES
        self._waiting_from.append(self._at + EAR_FRAME_SAMPLES - self._fresh - WINDOW_SAMPLES)
        start = _RECENT_BYTES - 2 * self._fresh - _WINDOW_BYTES
        samples = np.frombuffer(self._recent, np.int16, CONTEXT_SAMPLES + WINDOW_SAMPLES, start)
        self._model.judge(self, (samples * _SCALE).reshape(1, -1))

    def judged(self, probability: float, state: Floats) -> None:
        """Take the answer to the first window that waits."""
        self.probability, self.state = probability, state
        self._judged_from = self._waiting_from.popleft()
