"""Whether the participant's voice sounds, frame by frame. Knows nothing of turns, words or the floor."""

import math
from functools import cache
from pathlib import Path
from typing import Final, Protocol, cast

import msgspec
import numpy as np
import numpy.typing as npt
import onnxruntime
import webrtcvad

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION, AudioFrame

Floats = npt.NDArray[np.float32]

WINDOW_SAMPLES: Final = 512
"""What Silero judges at once: 32 ms at 16 kHz."""
CONTEXT_SAMPLES: Final = 64
"""What went just before the window, which the model of version 5 and later wants in front of it."""
STATE_SHAPE: Final = (2, 1, 128)

SILENCE_DBFS: Final = -90.0
_LEVEL_SMOOTHING: Final = 0.2
"""Share of a new frame in the running level: a time constant of about 100 ms."""


class VoicePolicy(msgspec.Struct, frozen=True):
    """When sound counts as voice. Durations in seconds of media time."""

    gate_mode: int = 2
    """webrtcvad's aggressiveness, 0–3. Larger: the model runs less, soft beginnings may be missed."""
    gate_hangover: float = 0.26
    """How long the gate stays open after its last voiced frame. Larger: more CPU, fewer words cut in two."""
    onset_probability: float = 0.6
    """Silero's probability from which a frame can begin speech. Larger: fewer false starts, later true."""
    onset_probability_over_agent: float = 0.7
    """The same while the agent speaks, when its echo may come back. Larger: slower barge-in."""
    offset_probability: float = 0.35
    """Probability below which a frame of begun speech is silence. Larger: last syllables are cut off."""
    onset_frames: int = 3
    """Frames of 20 ms in a row that must be voice for a start. Larger: later, fewer coughs."""
    stop_silence: float = 0.2
    """Silence after which speech has stopped. Larger: later, and fewer stops in mid-sentence."""


class VoiceStarted(msgspec.Struct, frozen=True):
    """The voice set in at `at_samples` of the stream (EAR_RATE_HZ), some 60–140 ms before this is known."""

    at_samples: int


class VoiceStopped(msgspec.Struct, frozen=True):
    """The voice ceased at `at_samples` of the stream (EAR_RATE_HZ)."""

    at_samples: int
    silence: float
    """Seconds of silence since then; frames that were concealed or muted don't count."""
    voiced: float
    """Seconds from its start to its end; short gaps count, frames that were concealed or muted don't."""


VoiceEdge = VoiceStarted | VoiceStopped


class SecondOpinion(Protocol):
    """A model that tells speech from other sound."""

    def probabilities(self, windows: Floats, states: Floats) -> tuple[Floats, Floats]:
        """Judge one window each of n streams: (n, 576) samples in ±1 and (2, n, 128) -> (n,), new states."""


class SileroModel:
    """Silero VAD in one onnxruntime session for the whole process; each stream carries its own state.

    About 190 µs for one window, 75 µs each when several streams are judged in one batch.
    """

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = Path(__file__).with_name("models") / "silero_vad.onnx"
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._rate = np.array(EAR_RATE_HZ, dtype=np.int64)

    @staticmethod
    def shared() -> "SileroModel":
        """Return the process's one model; the first call loads it (about 100 ms)."""
        return _shared_model()

    def probabilities(self, windows: Floats, states: Floats) -> tuple[Floats, Floats]:
        """Judge one window each of n streams: (n, 576) samples in ±1 and (2, n, 128) -> (n,), new states."""
        spoken, after = self._session.run(None, {"input": windows, "state": states, "sr": self._rate})
        return cast(Floats, spoken)[:, 0], cast(Floats, after)


@cache
def _shared_model() -> SileroModel:
    return SileroModel()


class _SpeechScore:
    """Silero's latest opinion of one stream, windowed out of 20 ms frames; judges at most once a frame."""

    def __init__(self, model: SecondOpinion) -> None:
        self._model = model
        self._recent = np.zeros((1, CONTEXT_SAMPLES + WINDOW_SAMPLES + EAR_FRAME_SAMPLES), np.float32)
        self._fresh = 0
        """Samples at the end of `_recent` that no window has covered."""
        self.lag = 0
        """Samples from the beginning of the window judged last to that of the frame heard with it."""
        self._forget()

    def _forget(self) -> None:
        self._state = np.zeros(STATE_SHAPE, np.float32)
        self._asleep = True
        self.probability = 0.0

    def hear(self, samples: Floats, *, awake: bool) -> None:
        """Take one frame, judged if `awake`. Waking judges at once, the frames before it included."""
        recent = self._recent
        recent[0, :-EAR_FRAME_SAMPLES] = recent[0, EAR_FRAME_SAMPLES:]
        recent[0, -EAR_FRAME_SAMPLES:] = samples
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
        end = recent.shape[1] - self._fresh
        window = recent[:, end - WINDOW_SAMPLES - CONTEXT_SAMPLES : end]
        spoken, self._state = self._model.probabilities(window, self._state)
        self.probability = float(spoken[0])


class VoiceActivity:
    """Follow one participant's voice on media time.

    webrtcvad is the gate: a few microseconds a frame, open a little longer than it hears voice. Silero is the
    second opinion and runs only while the gate is open. Without it (`second_opinion=None`) the gate decides
    alone. Frames that were concealed or muted stop all clocks: they are neither speech nor silence.
    """

    def __init__(self, policy: VoicePolicy | None = None, *, second_opinion: SecondOpinion | None) -> None:
        self.policy = policy or VoicePolicy()
        self.agent_speaking = False
        """Set by the owner: while True, speech must be surer to start."""
        self.talking = False
        self._gate = webrtcvad.Vad(self.policy.gate_mode)
        self._score = _SpeechScore(second_opinion) if second_opinion is not None else None
        self._gate_open_frames = 0
        self._onset_run = 0
        self._onset_at = 0
        self._voice_end = 0
        self._voiced_frames = 0
        self._silent_frames = 0
        self._power = 0.0

    @property
    def dbfs(self) -> float:
        """Running level of the last 100 ms or so, SILENCE_DBFS to 0."""
        return 10 * math.log10(max(self._power, 10 ** (SILENCE_DBFS / 10)))

    @property
    def probability(self) -> float:
        """The second opinion's latest word, 0–1; 0.0 while the gate is shut or without one."""
        return self._score.probability if self._score is not None else 0.0

    @property
    def voiced(self) -> float:
        """Seconds of voice in the speech that is going on, 0.0 when none is."""
        return self._voiced_frames * FRAME_DURATION if self.talking else 0.0

    def hear(self, frame: AudioFrame) -> VoiceEdge | None:
        """Take the next frame; tell whether the voice has started or stopped with it."""
        samples = np.frombuffer(frame.pcm, np.int16) * np.float32(1 / 32_768)
        power = 0.0 if frame.muted else float(samples @ samples) / EAR_FRAME_SAMPLES
        self._power += (power - self._power) * _LEVEL_SMOOTHING
        if frame.muted or frame.concealed:
            self._onset_run = 0 if frame.muted else self._onset_run
            return None
        is_voice = self._is_voice(frame, samples)
        return self._while_talking(frame, is_voice) if self.talking else self._while_silent(frame, is_voice)

    def _is_voice(self, frame: AudioFrame, samples: Floats) -> bool:
        gate_says = bool(self._gate.is_speech(frame.pcm, EAR_RATE_HZ))
        if self._score is None:
            return gate_says
        if gate_says:
            self._gate_open_frames = 1 + round(self.policy.gate_hangover / FRAME_DURATION)
        elif self._gate_open_frames:
            self._gate_open_frames -= 1
        self._score.hear(samples, awake=self._gate_open_frames > 0)
        if self.talking:
            return self._score.probability >= self.policy.offset_probability
        if self.agent_speaking:
            return self._score.probability >= self.policy.onset_probability_over_agent
        return self._score.probability >= self.policy.onset_probability

    def _while_silent(self, frame: AudioFrame, is_voice: bool) -> VoiceEdge | None:
        if not is_voice:
            self._onset_run = 0
            return None
        if self._onset_run == 0:
            self._onset_at = max(0, frame.timestamp - (self._score.lag if self._score is not None else 0))
        self._onset_run += 1
        if self._onset_run < self.policy.onset_frames:
            return None
        self.talking = True
        self._voiced_frames, self._silent_frames, self._onset_run = self._onset_run, 0, 0
        self._voice_end = frame.timestamp + EAR_FRAME_SAMPLES
        return VoiceStarted(self._onset_at)

    def _while_talking(self, frame: AudioFrame, is_voice: bool) -> VoiceEdge | None:
        if is_voice:
            self._voiced_frames += self._silent_frames + 1
            self._silent_frames = 0
            self._voice_end = frame.timestamp + EAR_FRAME_SAMPLES
            return None
        self._silent_frames += 1
        silence = self._silent_frames * FRAME_DURATION
        if silence < self.policy.stop_silence - FRAME_DURATION / 2:
            return None
        voiced = self.voiced
        self.talking = False
        return VoiceStopped(self._voice_end, silence, voiced)
