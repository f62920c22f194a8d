import gc
import itertools
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.frames import VOICE_FRAME_SAMPLES, VOICE_RATE_HZ, VoiceFrame
from media.playout import (
    DUCKED_GAIN,
    REMEMBERED_SLOTS,
    Clip,
    Playout,
    PlayoutFinished,
    PlayoutStarted,
    WordMark,
)

LOUD = 10_000


def numbered(frames: int, extra_samples: int = 0) -> bytes:
    """Sound whose samples tell their own place."""
    return (np.arange(frames * VOICE_FRAME_SAMPLES + extra_samples) % 30_000 + 1).astype(np.int16).tobytes()


def constant(frames: int) -> bytes:
    return np.full(frames * VOICE_FRAME_SAMPLES, LOUD, np.int16).tobytes()


def packets(frames: int) -> list[bytes]:
    return [str(i).encode() for i in range(frames)]


def play_out(playout: Playout, slots: int) -> list[VoiceFrame | None]:
    return [playout.next_frame() for _ in range(slots)]


def sound(frames: list[VoiceFrame | None]) -> bytes:
    return b"".join(frame.pcm for frame in frames if frame is not None)


def levels(frames: list[VoiceFrame | None]) -> list[int]:
    """Last sample of each frame, 0 for silence."""
    return [int(np.frombuffer(frame.pcm, np.int16)[-1]) if frame else 0 for frame in frames]


def playing(clip: Clip, slots: int = 0) -> Playout:
    playout = Playout()
    playout.play(1, clip)
    play_out(playout, slots)
    return playout


def test_nothing_to_say_is_silence() -> None:
    playout = Playout()

    assert playout.next_frame() is None
    assert playout.current is None
    assert playout.events() == []


def test_a_clip_comes_out_sample_by_sample_with_its_last_frame_filled_up() -> None:
    pcm = numbered(3, extra_samples=100)
    playout = playing(Clip.ready("x", pcm))
    frames = play_out(playout, 5)

    assert sound(frames) == pcm + bytes((VOICE_FRAME_SAMPLES - 100) * 2)
    assert [frame is None for frame in frames] == [False] * 4 + [True]
    assert playout.position(1) == 3 * VOICE_FRAME_SAMPLES + 100
    assert playout.events() == [PlayoutStarted(1), PlayoutFinished(1, complete=True)]
    assert playout.events() == []


def test_speeches_follow_each_other_without_a_gap_and_the_first_ends_before_the_second_begins() -> None:
    playout = playing(Clip.ready("x", constant(2)))
    playout.play(2, Clip.ready("y", numbered(1)))
    frames = play_out(playout, 3)

    assert sound(frames) == constant(2) + numbered(1)
    assert playout.events() == [
        PlayoutStarted(1),
        PlayoutFinished(1, complete=True),
        PlayoutStarted(2),
        PlayoutFinished(2, complete=True),
    ]


def test_a_synthesis_that_falls_behind_gives_silence_and_loses_nothing() -> None:
    clip = Clip("x")
    playout = playing(clip)
    pcm = numbered(4)
    frames = play_out(playout, 1)
    for start in range(0, len(pcm), 700):
        clip.append(pcm[start : start + 700])
        frames += play_out(playout, 1)
        frames += play_out(playout, 1)
    clip.finish()
    frames += play_out(playout, 2)

    assert sound(frames) == pcm
    assert frames.count(None) > 4
    assert playout.events() == [PlayoutStarted(1), PlayoutFinished(1, complete=True)]


def test_a_synthesis_that_breaks_off_is_said_as_far_as_it_got_and_reported_incomplete() -> None:
    clip = Clip("x")
    clip.append(numbered(1))
    clip.fail()
    playout = playing(clip)

    assert sound(play_out(playout, 2)) == numbered(1)
    assert playout.events() == [PlayoutStarted(1), PlayoutFinished(1, complete=False)]


def test_a_synthesis_that_gave_nothing_never_starts() -> None:
    clip = Clip("x")
    clip.fail()
    playout = playing(clip, slots=1)

    assert playout.events() == [PlayoutFinished(1, complete=False)]


def test_ready_packets_leave_with_their_frames_at_full_gain() -> None:
    playout = playing(Clip.ready("x", constant(6), packets=packets(6)))
    before = play_out(playout, 2)
    playout.duck()
    ducked = play_out(playout, 4)

    assert [b"0", b"1"] == [frame.packet for frame in before if frame]
    assert [None] * 4 == [frame.packet for frame in ducked if frame]


def test_ducking_takes_the_voice_down_fifteen_decibels_within_a_tenth_of_a_second_and_back() -> None:
    playout = playing(Clip.ready("x", constant(40), packets=packets(40)), slots=3)
    playout.duck()
    down = play_out(playout, 8)
    playout.unduck()
    up = play_out(playout, 8)

    assert levels(down)[4] == pytest.approx(LOUD * DUCKED_GAIN, abs=1)
    assert sorted(levels(down), reverse=True) == levels(down)
    assert levels(up)[4:] == [LOUD] * 4
    assert [frame.packet for frame in up[5:] if frame] == [b"16", b"17", b"18"]


def test_no_change_of_gain_makes_a_step_in_the_sound() -> None:
    playout = playing(Clip.ready("x", constant(60)), slots=2)
    frames: list[VoiceFrame | None] = []
    for act in (playout.duck, playout.unduck, playout.duck, playout.stop):
        act()
        frames += play_out(playout, 3)
    steps = np.abs(np.diff(np.frombuffer(sound(frames), np.int16).astype(int)))

    assert steps.max() <= LOUD // 200


def test_a_stop_is_silent_after_two_frames_and_drops_the_queue() -> None:
    playout = playing(Clip.ready("x", constant(50)), slots=5)
    playout.play(2, Clip.ready("y", constant(5)))
    playout.stop()
    frames = play_out(playout, 4)

    assert levels(frames) == [LOUD // 2, 0, 0, 0]
    assert frames[2:] == [None, None]
    assert playout.current is None
    assert playout.events() == [
        PlayoutStarted(1),
        PlayoutFinished(2, complete=False),
        PlayoutFinished(1, complete=False),
    ]


def test_what_is_said_after_a_stop_begins_at_full_gain_behind_the_fade() -> None:
    playout = playing(Clip.ready("x", constant(50)), slots=5)
    playout.duck()
    play_out(playout, 4)
    playout.stop()
    playout.play(2, Clip.ready("y", constant(1), packets=packets(1)))
    frames = play_out(playout, 4)

    assert [frame.packet for frame in frames if frame] == [None, None, b"0"]


def test_a_stop_before_anything_sounded_needs_no_fade() -> None:
    playout = playing(Clip("x"), slots=1)
    playout.stop()

    assert playout.next_frame() is None
    assert playout.events() == [PlayoutFinished(1, complete=False)]


def held_and_resumed(
    clip: Clip, before: int, unheard_samples: int = 0
) -> tuple[Playout, list[VoiceFrame | None]]:
    playout = playing(clip, slots=before)
    playout.hold(unheard_samples)
    pause = play_out(playout, 10)
    assert pause[2:] == [None] * 8
    assert playout.held
    playout.resume()
    return playout, play_out(playout, 100)


def phrased(frames: int) -> Clip:
    """Five words a second; a phrase ends with each fifth."""
    words = ["word" if i % 5 != 4 else "end." for i in range(frames // 10)]
    text = " ".join(words)
    marks = [WordMark(i * 5, i * 5 + 4, i * 0.2, i * 0.2 + 0.2) for i in range(len(words))]
    return Clip.ready(text, numbered(frames), marks, packets(frames))


@pytest.mark.parametrize("before", [1, 49, 50, 51, 77, 99])
def test_a_resume_goes_on_from_the_phrase_and_loses_no_sample(before: int) -> None:
    playout, frames = held_and_resumed(phrased(100), before)
    phrase = before // 50 * 50
    again = sound(frames)

    assert [frame.packet for frame in frames if frame][1:] == packets(100)[phrase + 1 :]
    assert again[960:] == numbered(100)[(phrase + 1) * 960 :]
    assert playout.events()[-1] == PlayoutFinished(1, complete=True)


def test_what_the_far_end_swallowed_is_said_again() -> None:
    _, frames = held_and_resumed(phrased(100), before=55, unheard_samples=10 * VOICE_FRAME_SAMPLES)

    assert frames[1] is not None
    assert frames[1].packet == b"1"


def test_a_hold_taken_back_within_its_fade_loses_nothing_either() -> None:
    playout = playing(phrased(100), slots=60)
    playout.hold()
    playout.next_frame()
    playout.resume()
    frames = play_out(playout, 60)

    assert sound(frames)[960:] == numbered(100)[51 * 960 :]


def test_a_hold_on_the_last_frames_keeps_them() -> None:
    playout = playing(phrased(100), slots=99)
    playout.hold()
    play_out(playout, 5)

    assert playout.held
    assert playout.events() == [PlayoutStarted(1)]
    playout.stop()
    assert playout.events() == [PlayoutFinished(1, complete=False)]


def test_what_is_queued_behind_a_held_speech_waits() -> None:
    playout = playing(phrased(50), slots=10)
    playout.hold()
    playout.play(2, Clip.ready("y", constant(1)))

    assert [None] * 5 == play_out(playout, 7)[2:]


def test_the_place_at_the_ear_is_the_count_of_some_slots_ago() -> None:
    clip = Clip("x")
    clip.append(numbered(3))
    playout = playing(clip, slots=5)
    clip.append(numbered(2))
    play_out(playout, 1)
    ago = [playout.position(1, slots_ago) // VOICE_FRAME_SAMPLES for slots_ago in range(8)]

    assert ago == [4, 3, 3, 3, 2, 1, 0, 0]


def test_heard_text_never_falls_back_when_a_phrase_is_said_again() -> None:
    playout = playing(phrased(100), slots=70)
    at_hold = playout.heard(1, playout.position(1))
    playout.hold()
    play_out(playout, 5)
    playout.resume()
    play_out(playout, 5)
    counted = range(0, playout.position(1), 240)
    ends = [playout.heard(1, samples).end_char for samples in counted]

    assert at_hold.text == "word word word word end. word word"
    assert sorted(ends) == ends
    assert playout.position(1) == 77 * VOICE_FRAME_SAMPLES


def test_an_unknown_speech_was_not_heard() -> None:
    assert Playout().position(7) == 0
    assert Playout().heard(7, 1_000).text == ""


def test_a_finished_speech_is_still_known() -> None:
    playout = playing(Clip.ready("one two", constant(3)), slots=200)

    assert playout.heard(1, playout.position(1)).fraction == 1.0


ACTS = ("play", "duck", "unduck", "stop", "hold", "resume", "wait", "grow", "fail")


def test_a_speech_that_sounded_five_seconds_ago_is_let_go_of_and_a_held_one_is_not() -> None:
    playout, clips = Playout(), [Clip.ready("word " * 20, constant(20)) for _ in range(50)]
    held = [weakref.ref(clip) for clip in clips]
    for number in range(49):
        playout.play(number, clips.pop(0))
        play_out(playout, 20)
    playout.play(49, clips.pop())
    play_out(playout, 5)
    playout.hold()
    play_out(playout, REMEMBERED_SLOTS)
    playout.play(50, Clip.ready("The last", constant(20)))
    gc.collect()

    assert [number for number, clip in enumerate(held) if clip() is not None] == [49]
    assert playout.position(49) > 0


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 6)), max_size=60))
def test_any_order_of_commands_starts_and_ends_each_speech_once_and_one_at_a_time(
    acts: list[tuple[str, int]],
) -> None:
    playout = Playout()
    ids = itertools.count(1)
    growing = Clip("x")
    events = []
    for act, slots in acts:
        match act:
            case "play":
                growing = Clip("one two three, four")
                growing.append(numbered(slots))
                playout.play(next(ids), growing)
            case "grow":
                growing.append(numbered(slots))
                growing.finish()
            case "fail":
                growing.fail()
            case "wait":
                pass
            case _:
                getattr(playout, act)()
        for frame in play_out(playout, slots):
            assert frame is None or len(frame.pcm) == VOICE_FRAME_SAMPLES * 2
        events += playout.events()
    playout.stop()
    after = play_out(playout, 3)
    events += playout.events()
    finished = [event.speech_id for event in events if isinstance(event, PlayoutFinished)]
    started = [event.speech_id for event in events if isinstance(event, PlayoutStarted)]

    assert after[2] is None
    assert sorted(finished) == list(range(1, next(ids)))
    assert sorted(started) == started
    assert len(set(started)) == len(started)
    for speech_id in started:
        assert events.index(PlayoutStarted(speech_id)) < max(
            i for i, e in enumerate(events) if isinstance(e, PlayoutFinished) and e.speech_id == speech_id
        )


def test_full_scale_sound_is_never_wrapped_around_by_the_gain() -> None:
    pcm = np.tile(np.array([32_767, -32_768], np.int16), 20 * VOICE_FRAME_SAMPLES // 2).tobytes()
    playout = playing(Clip.ready("x", pcm), slots=2)
    playout.duck()
    samples = np.frombuffer(sound(play_out(playout, 6)), np.int16)

    assert np.all(samples[::2] > 0)
    assert np.all(samples[1::2] < 0)


def test_the_sample_rate_of_the_voice_divides_into_frames() -> None:
    assert VOICE_RATE_HZ == VOICE_FRAME_SAMPLES * 50


def test_a_speech_that_is_held_before_its_first_sound_gives_none_until_it_is_resumed() -> None:
    playout = playing(Clip.ready("x", constant(2)))
    playout.play(2, Clip.ready("y", numbered(3), packets=packets(3)))
    before = play_out(playout, 2)
    playout.hold()
    held = play_out(playout, 20)
    playout.resume()
    after = play_out(playout, 4)

    assert sound(before) == constant(2)
    assert [None] * 20 == held
    assert sound(after) == numbered(3)


@given(st.lists(st.integers(3, 40), min_size=1, max_size=6), st.integers(0, 12))
def test_however_often_it_is_held_every_sample_is_said_in_order_and_none_but_whole_phrases_twice(
    stretches: list[int], unheard_slots: int
) -> None:
    playout = playing(phrased(200))
    heard: list[int] = []
    for slots in stretches:
        frames = play_out(playout, slots)
        heard += [int(frame.packet) for frame in frames if frame is not None and frame.packet is not None]
        if playout.current is None:
            break
        playout.hold(unheard_slots * VOICE_FRAME_SAMPLES)
        heard_before_fade = heard[-1] if heard else -1
        play_out(playout, 3)
        playout.resume()
        (first, second) = play_out(playout, 2)
        assert first is not None
        if second is None or second.packet is None:
            return
        phrase = int(second.packet) - 1
        assert phrase % 50 == 0
        assert phrase <= max(0, heard_before_fade + 1)
        heard += [phrase, phrase + 1]
    heard += [int(f.packet) for f in play_out(playout, 250) if f is not None and f.packet is not None]
    jumps = [(a, b) for a, b in itertools.pairwise(heard) if b != a + 1]

    assert set(range(200)) == set(heard)
    assert all(b <= a + 1 and b % 50 == 0 for a, b in jumps)
