"""The agent's own voice, back from the loudspeaker, is no speech; somebody who talks over it is."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import server
from media.echo import EchoMeasure, SentSound
from media.echo_guard import EchoGuard
from media.frames import (
    EAR_FRAME_SAMPLES,
    EAR_RATE_HZ,
    FRAME_DURATION,
    VOICE_FRAME_SAMPLES,
    AudioFrame,
    VoiceFrame,
)
from media.resampler import resample
from media.vad import SileroModel, VoiceActivity, VoiceEdge, VoiceStarted, VoiceStopped
from server.rehearsal.sound import load_clip
from tests.support.room import Floats, Room, at_level, level_dbfs
from tests.support.speech import pieces, speech_pcm

ANSWERS = Path(server.__file__).parent / "examples" / "life-history" / "answers"
AGENT = pieces(speech_pcm(24_000), VOICE_FRAME_SAMPLES * 2)
AGENT_DBFS = level_dbfs(np.frombuffer(b"".join(AGENT), np.int16) * np.float32(1 / 32_768))
TAIL_SLOTS = 50


def voice_of_another(number: int = 0) -> Floats:
    """Somebody else's words, from their first sound on."""
    pcm = resample(load_clip(sorted(ANSWERS.glob("*.opus"))[number]), 24_000, EAR_RATE_HZ)
    samples = np.frombuffer(pcm, np.int16) * np.float32(1 / 32_768)
    return samples[int(np.argmax(np.abs(samples) > 0.02)) :]


class Call:
    """What the guard tells of a call in which the agent says the utterance once."""

    def __init__(self, room: Room, voice: Floats | None = None, at: float = 0.0) -> None:
        sent = SentSound()
        self.guard = EchoGuard(VoiceActivity(second_opinion=SileroModel.shared()), sent)
        self.edges: list[tuple[float, VoiceEdge]] = []
        self.longest = 0.0
        self.starts_unguarded = 0
        said = np.zeros((len(AGENT) + TAIL_SLOTS) * EAR_FRAME_SAMPLES, np.float32)
        if voice is not None:
            start = round(at * EAR_RATE_HZ)
            said[start : start + len(voice)] = voice[: len(said) - start]
        for slot in range(len(AGENT) + TAIL_SLOTS):
            frame = VoiceFrame(AGENT[slot]) if slot < len(AGENT) else None
            sent.hand_out(frame)
            heard = room.hear(frame, said[slot * EAR_FRAME_SAMPLES : (slot + 1) * EAR_FRAME_SAMPLES])
            was = self.guard.activity.talking
            self.guard.activity.agent_speaking = frame is not None
            edge = self.guard.hear(AudioFrame(heard, slot * EAR_FRAME_SAMPLES))
            self.starts_unguarded += self.guard.activity.talking and not was
            self.longest = max(self.longest, self.guard.voiced)
            if edge is not None:
                self.edges.append(((slot + 1) * FRAME_DURATION, edge))

    def started_after(self, at: float) -> float | None:
        """How long after `at` a voice was passed on first."""
        return next(
            (when - at for when, edge in self.edges if isinstance(edge, VoiceStarted) and when > at), None
        )


@pytest.mark.parametrize(
    ("lag", "gain_db"),
    [(0.05, -6.0), (0.05, -20.0), (0.23, -12.0), (0.23, -30.0), (0.41, -6.0), (0.6, -12.0), (0.6, -20.0)],
)
def test_an_echo_never_lasts_long_enough_to_stop_anybody(lag: float, gain_db: float) -> None:
    call = Call(Room(lag, gain_db, seed=round(100 * lag)))

    assert call.longest < 0.3
    assert not call.guard.talking


def test_an_echo_that_the_voice_activity_takes_for_speech_is_withheld() -> None:
    calls = [Call(Room(0.2, -10, seed=seed)) for seed in range(4)]

    assert sum(call.starts_unguarded for call in calls) >= 4
    assert sum(len(call.edges) for call in calls) <= 2


@pytest.mark.parametrize("seed", range(4))
def test_a_reverberant_room_makes_no_interruption_either(seed: int) -> None:
    call = Call(Room(0.15 + 0.1 * seed, -12, reverberation=0.6, direct_db=0.0, seed=seed))

    assert call.longest < 0.5


@pytest.mark.parametrize("number", range(3))
def test_somebody_who_talks_over_the_agent_is_heard_at_once_where_nothing_echoes(number: int) -> None:
    alone = Call(Room(0.2, -90, seed=number), at_level(voice_of_another(number), -24), at=1.5)
    started = alone.started_after(1.5)

    assert started is not None
    assert started <= 0.2
    assert alone.longest > 0.5


@pytest.mark.parametrize(("above_echo_db", "within"), [(6.0, 0.9), (10.0, 0.6)])
@pytest.mark.parametrize("number", range(3))
def test_somebody_who_talks_over_the_echo_is_heard(above_echo_db: float, within: float, number: int) -> None:
    gain_db = -14.0
    voice = at_level(voice_of_another(number), AGENT_DBFS + gain_db + above_echo_db)
    call = Call(Room(0.25, gain_db, seed=number), voice, at=1.5)
    started = call.started_after(1.5)

    assert started is not None
    assert started <= within
    assert call.longest > 0.5


def test_a_voice_that_outlasts_the_agent_passes_with_its_start_told() -> None:
    voice = at_level(voice_of_another(), -20)
    call = Call(Room(0.3, -12, seed=1), voice, at=len(AGENT) * FRAME_DURATION - 0.2)

    assert any(isinstance(edge, VoiceStarted) for _, edge in call.edges)


def test_starts_and_stops_take_turns_whatever_echoes() -> None:
    for seed in range(3):
        call = Call(Room(0.1 + 0.2 * seed, -8, seed=seed), at_level(voice_of_another(seed), -20), at=1.0)
        kinds = [isinstance(edge, VoiceStarted) for _, edge in call.edges]

        assert all(before != after for before, after in pairwise(kinds))
        assert kinds[0]
        assert all(edge.voiced >= 0 for _, edge in call.edges if isinstance(edge, VoiceStopped))


def test_without_anything_sent_lately_nobody_is_compared() -> None:
    sent = SentSound()
    guard = EchoGuard(VoiceActivity(second_opinion=SileroModel.shared()), sent)
    sent.hand_out(VoiceFrame(AGENT[10]))
    at_first = sent.may_echo
    for _ in range(50):
        sent.hand_out(None)
    for slot, heard in enumerate(pieces(speech_pcm(), EAR_FRAME_SAMPLES * 2)):
        guard.hear(AudioFrame(heard, slot * EAR_FRAME_SAMPLES))

    assert at_first
    assert not sent.may_echo
    assert guard.looks == 0


def test_silence_and_too_little_sound_are_no_echo() -> None:
    sent = SentSound()
    measure = EchoMeasure(sent)
    sent.hand_out(VoiceFrame(AGENT[40]))
    shares = []
    for _ in range(20):
        measure.hear(bytes(EAR_FRAME_SAMPLES * 2))
        shares.append(measure.share(0.4))

    assert [0.0] * 20 == shares


def test_full_scale_noise_is_compared_without_a_fault() -> None:
    chance = np.random.default_rng(1)
    sent = SentSound()
    measure = EchoMeasure(sent)
    for _ in range(60):
        sent.hand_out(VoiceFrame(chance.integers(-32_768, 32_767, VOICE_FRAME_SAMPLES, np.int16).tobytes()))
        measure.hear(chance.integers(-32_768, 32_767, EAR_FRAME_SAMPLES, np.int16).tobytes())

    assert 0.0 <= measure.share(0.4) < 0.3
