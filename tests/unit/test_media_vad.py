import msgspec
import numpy as np
import pytest

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, AudioFrame
from media.vad import (
    SILENCE_DBFS,
    SileroModel,
    VoiceActivity,
    VoiceEdge,
    VoicePolicy,
    VoiceStarted,
    VoiceStopped,
)
from tests.support.speech import ear_frames, silence, speech_pcm

SPEECH_BEGINS, SPEECH_ENDS = 0.18, 4.70
"""Seconds into the utterance, read off its level."""

WITH_MODEL, GATE_ALONE = "gate and model", "gate alone"


@pytest.fixture(params=[WITH_MODEL, GATE_ALONE])
def activity(request: pytest.FixtureRequest) -> VoiceActivity:
    return VoiceActivity(second_opinion=SileroModel.shared() if request.param == WITH_MODEL else None)


def heard(activity: VoiceActivity, frames: list[AudioFrame]) -> list[tuple[int, VoiceEdge]]:
    """Edges with the timestamp at the end of the frame that they were known with."""
    edges = ((frame, activity.hear(frame)) for frame in frames)
    return [(frame.timestamp + EAR_FRAME_SAMPLES, edge) for frame, edge in edges if edge is not None]


def noise(duration: float, level: float, seed: int) -> bytes:
    samples = np.random.default_rng(seed).normal(0, level, round(duration * EAR_RATE_HZ))
    return np.clip(samples, -32_768, 32_767).astype(np.int16).tobytes()


def test_one_utterance_gives_one_start_and_one_stop_near_its_true_ends(activity: VoiceActivity) -> None:
    frames = ear_frames(silence(1.0) + speech_pcm() + silence(1.0))
    (known_start, started), (known_stop, stopped) = heard(activity, frames)

    assert isinstance(started, VoiceStarted)
    assert isinstance(stopped, VoiceStopped)
    assert started.at_samples / EAR_RATE_HZ == pytest.approx(1.0 + SPEECH_BEGINS, abs=0.2)
    assert stopped.at_samples / EAR_RATE_HZ == pytest.approx(1.0 + SPEECH_ENDS, abs=0.2)
    assert known_start - started.at_samples <= 0.14 * EAR_RATE_HZ
    assert known_stop - stopped.at_samples == 0.2 * EAR_RATE_HZ
    assert stopped.silence == pytest.approx(0.2)
    assert stopped.voiced == pytest.approx((stopped.at_samples - started.at_samples) / EAR_RATE_HZ, abs=0.06)


def test_time_is_that_of_the_frames_and_not_of_their_number(activity: VoiceActivity) -> None:
    sound = silence(1.0) + speech_pcm() + silence(1.0)
    early = heard(VoiceActivity(second_opinion=None), ear_frames(sound))
    later = heard(VoiceActivity(second_opinion=None), ear_frames(sound, start_frame=1_000))
    shifted = [edge.at_samples - 1_000 * EAR_FRAME_SAMPLES for _, edge in later]

    assert [edge.at_samples for _, edge in early] == shifted


def test_silence_and_faint_hiss_are_no_voice(activity: VoiceActivity) -> None:
    assert heard(activity, ear_frames(silence(1.0) + noise(3.0, level=3.0, seed=1))) == []


def test_loud_noise_opens_the_gate_but_the_model_says_no() -> None:
    frames = ear_frames(silence(0.5) + noise(2.0, level=3_000.0, seed=2) + silence(0.5))

    assert heard(VoiceActivity(second_opinion=None), frames) != []
    assert heard(VoiceActivity(second_opinion=SileroModel.shared()), frames) == []


def test_a_click_shorter_than_the_onset_starts_nothing(activity: VoiceActivity) -> None:
    click = speech_pcm()[2 * 16_000 : 2 * 16_000 + 640 * 2]

    assert heard(activity, ear_frames(silence(1.0) + click)) == []


def test_a_pause_shorter_than_the_stop_silence_does_not_stop_the_voice(activity: VoiceActivity) -> None:
    speech = speech_pcm()
    middle = 640 * (len(speech) // 1280)
    with_pause = speech[:middle] + silence(0.1) + speech[middle:]
    edges = [edge for _, edge in heard(activity, ear_frames(silence(1.0) + with_pause))]

    assert [VoiceStarted] == [type(edge) for edge in edges]


def stop_with(activity: VoiceActivity, **unheard: bool) -> tuple[int, VoiceStopped]:
    """Say the utterance, then half a second of frames marked so, then silence; when was the stop known?"""
    spoken = ear_frames(silence(1.0) + speech_pcm()[: round(4.4 * EAR_RATE_HZ) * 2])
    lost = ear_frames(silence(0.5), start_frame=len(spoken))
    lost = [msgspec.structs.replace(frame, **unheard) for frame in lost]
    quiet = ear_frames(silence(1.0), start_frame=len(spoken) + len(lost))
    *_, (known, stopped) = heard(activity, spoken + lost + quiet)
    assert isinstance(stopped, VoiceStopped)
    return known, stopped


@pytest.mark.parametrize("mark", ["concealed", "muted"])
def test_frames_that_were_not_heard_stop_the_clocks(activity: VoiceActivity, mark: str) -> None:
    known, stopped = stop_with(activity, **{mark: True})
    said, unheard = 1.0 + 4.4, 0.5

    assert known / EAR_RATE_HZ > said + unheard + 0.18
    assert stopped.silence == pytest.approx(0.2)
    assert stopped.voiced < said


def test_concealed_sound_never_starts_a_voice(activity: VoiceActivity) -> None:
    frames = ear_frames(silence(1.0) + speech_pcm())

    assert heard(activity, [msgspec.structs.replace(frame, concealed=True) for frame in frames]) == []


def test_speech_over_the_agent_starts_but_not_sooner() -> None:
    frames = ear_frames(silence(1.0) + speech_pcm())
    alone = VoiceActivity(second_opinion=SileroModel.shared())
    over_agent = VoiceActivity(second_opinion=SileroModel.shared())
    over_agent.agent_speaking = True

    assert heard(over_agent, frames)[0][0] >= heard(alone, frames)[0][0]


def test_begun_speech_goes_on_where_it_could_not_have_begun() -> None:
    hiss = noise(1.0, level=30.0, seed=4)
    frames = ear_frames(hiss + speech_pcm() + hiss)
    never_ends = VoicePolicy(offset_probability=0.0, quiet_above_floor_db=-60.0)
    ends_at_once = VoicePolicy(offset_probability=1.1)
    endless = heard(VoiceActivity(never_ends, second_opinion=SileroModel.shared()), frames)
    choppy = heard(VoiceActivity(ends_at_once, second_opinion=SileroModel.shared()), frames)

    assert [VoiceStarted] == [type(edge) for _, edge in endless]
    assert len(choppy) > 4


def test_where_the_sound_falls_back_to_the_room_the_voice_is_over_at_once() -> None:
    room = noise(1.5, level=4.0, seed=5)
    spoken = speech_pcm()[: round(SPEECH_ENDS * EAR_RATE_HZ) * 2]
    frames = ear_frames(room + spoken + room)
    (_, _), (known, stopped) = heard(VoiceActivity(second_opinion=SileroModel.shared()), frames)
    by_the_model = VoicePolicy(quiet_above_floor_db=-60.0)
    (_, _), (known_later, _) = heard(VoiceActivity(by_the_model, second_opinion=SileroModel.shared()), frames)

    assert stopped.at_samples / EAR_RATE_HZ == pytest.approx(1.5 + SPEECH_ENDS, abs=0.03)
    assert known < known_later


def test_in_a_loud_room_the_model_says_when_the_voice_is_over() -> None:
    room = np.frombuffer(noise(8.0, level=400.0, seed=6), np.int16)
    spoken = np.zeros(len(room), np.int32)
    speech = np.frombuffer(speech_pcm(), np.int16)
    spoken[EAR_RATE_HZ : EAR_RATE_HZ + len(speech)] = speech
    mixed = np.clip(spoken + room, -32_768, 32_767).astype(np.int16).tobytes()
    edges = [edge for _, edge in heard(VoiceActivity(second_opinion=SileroModel.shared()), ear_frames(mixed))]

    assert isinstance(edges[-1], VoiceStopped)
    assert edges[0].at_samples / EAR_RATE_HZ == pytest.approx(1.0 + SPEECH_BEGINS, abs=0.25)
    assert edges[-1].at_samples / EAR_RATE_HZ == pytest.approx(1.0 + SPEECH_ENDS, abs=0.25)


def test_starts_and_stops_alternate_over_hours_of_anything(activity: VoiceActivity) -> None:
    sound = b"".join(
        noise(0.5, level, seed) + speech_pcm()[: 32_000 * seed]
        for seed, level in enumerate((10, 300, 2_000), 1)
    )
    kinds = [type(edge) for _, edge in heard(activity, ear_frames(sound + silence(1.0)))]

    assert kinds == [VoiceStarted, VoiceStopped] * (len(kinds) // 2)


def test_the_level_follows_the_sound_and_rests_at_its_floor() -> None:
    activity = VoiceActivity(second_opinion=None)
    full_scale = np.full(EAR_RATE_HZ, -32_768, np.int16).tobytes()

    assert activity.dbfs == SILENCE_DBFS
    heard(activity, ear_frames(full_scale))
    assert activity.dbfs == pytest.approx(0.0, abs=0.1)
    heard(activity, [AudioFrame(full_scale[:640], 0, muted=True)] * 200)
    assert activity.dbfs == SILENCE_DBFS
