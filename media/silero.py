"""Silero VAD: how likely 32 ms of sound are speech. Knows nothing of when speech starts or stops."""

from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

from media.frames import EAR_FRAME_SAMPLES

Floats = npt.NDArray[np.float32]

WINDOW_SAMPLES: Final = 512
"""What Silero judges at once: 32 ms at 16 kHz."""
CONTEXT_SAMPLES: Final = 64
"""What went just before the window, which the model of version 5 and later wants in front of it."""
STATE_SHAPE: Final = (2, 1, 128)

_OUTPUTS: Final = ("output", "stateN")
_SCALE: Final = np.float32(1 / 32_768)
_FRAME_BYTES: Final = 2 * EAR_FRAME_SAMPLES
_WINDOW_BYTES: Final = 2 * (CONTEXT_SAMPLES + WINDOW_SAMPLES)
_RECENT_BYTES: Final = _WINDOW_BYTES + _FRAME_BYTES


class SecondOpinion(Protocol):
    """A model that tells speech from other sound."""

    def probabilities(self, windows: Floats, states: Floats) -> tuple[Floats, Floats]:
        """Judge one window each of n streams: (n, 576) samples in ±1 and (2, n, 128) -> (n,), new states."""


class SileroModel:
    """Silero VAD in one onnxruntime session for the whole process; each stream carries its own state.

    A window costs about 80 µs of a good core, half of that when several streams are judged in one batch.
    """

    def __init__(self) -> None:
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
        self.lag = 0
        """Samples from the beginning of the window judged last to that of the frame heard with it."""
        self._forget()

    def _forget(self) -> None:
        self._state = np.zeros(STATE_SHAPE, np.float32)
        self._asleep = True
        self.probability = 0.0

    def hear(self, pcm: bytes, *, awake: bool) -> None:
        """Take one frame, judged if `awake`. Waking judges at once, the frames before it included."""
        self._recent = self._recent[_FRAME_BYTES:] + pcm
        if not awake:
            if not self._asleep:
                self._forget()
            return
        self._fresh = WINDOW_SAMPLES if self._asleep else self._fresh + EAR_FRAME_SAMPLES
        self._asleep = False
        if self._fresh < WINDOW_SAMPLES:
            return
        self._fresh -= WINDOW_SAMPLES
        self.lag = WINDOW_SAMPLES + self._fresh - EAR_FRAME_SAMPLES
        start = _RECENT_BYTES - 2 * self._fresh - _WINDOW_BYTES
        samples = np.frombuffer(self._recent, np.int16, CONTEXT_SAMPLES + WINDOW_SAMPLES, start)
        spoken, self._state = self._model.probabilities((samples * _SCALE).reshape(1, -1), self._state)
        self.probability = float(spoken[0])
