"""Whether the participant's voice sounds, frame by frame. Knows nothing of turns, words or the floor."""

import math
from typing import Final

import msgspec
import numpy as np
import webrtcvad

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION, AudioFrame
from media.noise_floor import NoiseFloor
from media.silero import SecondOpinion, SileroModel, SpeechScore

__all__ = [
    "SecondOpinion",
    "SileroModel",
    "VoiceActivity",
    "VoiceEdge",
    "VoicePolicy",
    "VoiceStarted",
    "VoiceStopped",
]

SILENCE_DBFS: Final = -90.0
_LEVEL_SMOOTHING: Final = 0.2
"""Share of a new frame in the running level: a time constant of about 100 ms."""
_FULL_POWER: Final = EAR_FRAME_SAMPLES * 32_768.0**2
_INAUDIBLE: Final = 10 ** (-70 / 10)
"""Mean square of a frame in which nobody speaks, whatever the room is like."""


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
    quiet_above_floor_db: float = 6.0
    """A frame of begun speech that is no louder than this above the room is silence, whatever Silero says,
    whose opinion outlasts a voice by some 100 ms. Larger: soft last syllables are cut off."""
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


class VoiceActivity:
    """Follow one participant's voice on media time.

    webrtcvad is the gate: a few microseconds a frame, open a little longer than it hears voice. Silero is the
    second opinion and runs only while the gate is open. Without it (`second_opinion=None`) the gate decides
    alone. Where the sound falls back to the level of the room the voice is over, sooner than either says.
    Frames that were concealed or muted stop all clocks: they are neither speech nor silence.
    """

    def __init__(self, policy: VoicePolicy | None = None, *, second_opinion: SecondOpinion | None) -> None:
        self.policy = policy or VoicePolicy()
        self.agent_speaking = False
        """Set by the owner: while True, speech must be surer to start."""
        self.talking = False
        self._gate = webrtcvad.Vad(self.policy.gate_mode)
        self._score = SpeechScore(second_opinion) if second_opinion is not None else None
        self._floor = NoiseFloor()
        self._above_floor = 10 ** (self.policy.quiet_above_floor_db / 10)
        self._hangover_frames = 1 + round(self.policy.gate_hangover / FRAME_DURATION)
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
        if frame.muted:
            self._power -= self._power * _LEVEL_SMOOTHING
            self._onset_run = 0
            return None
        samples = np.frombuffer(frame.pcm, np.int16).astype(np.float32)
        power = float(samples.dot(samples)) / _FULL_POWER
        self._power += (power - self._power) * _LEVEL_SMOOTHING
        if frame.concealed:
            return None
        self._floor.hear(power)
        is_voice = self._is_voice(frame.pcm, power)
        return self._while_talking(frame, is_voice) if self.talking else self._while_silent(frame, is_voice)

    def _is_voice(self, pcm: bytes, power: float) -> bool:
        gate_says = bool(self._gate.is_speech(pcm, EAR_RATE_HZ))
        is_quiet = self.talking and power <= max(self._floor.power * self._above_floor, _INAUDIBLE)
        score = self._score
        if score is None:
            return gate_says and not is_quiet
        if gate_says:
            self._gate_open_frames = self._hangover_frames
        elif self._gate_open_frames:
            self._gate_open_frames -= 1
        score.hear(pcm, awake=self._gate_open_frames > 0)
        if self.talking:
            return score.probability >= self.policy.offset_probability and not is_quiet
        if self.agent_speaking:
            return score.probability >= self.policy.onset_probability_over_agent
        return score.probability >= self.policy.onset_probability

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
