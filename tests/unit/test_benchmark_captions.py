"""How the delays of captions are read off what was said and shown."""

import pytest

from benchmarks.captions import Breath, Shown, agents_words, first_words, last_words, voiced
from media.frames import VOICE_FRAME_SAMPLES


def ours(at: float, text: str) -> Shown:
    return Shown(at, "participant", "p1", text)


def test_a_breath_is_timed_from_its_onset_to_the_first_word_and_from_its_end_to_the_last() -> None:
    breaths = [Breath(10.0, 12.0), Breath(20.0, 21.0)]
    shown = [
        ours(10.5, "we"),
        ours(12.25, "we all did"),
        Shown(13.0, "agent", "a1", "I see."),
        ours(14.0, "We all did"),
        ours(21.5, "yes"),
    ]

    assert [0.5, 1.5] == first_words(breaths, shown)
    assert [0.25, 0.5] == last_words(breaths, shown)


def test_a_breath_of_which_nothing_was_shown_is_told_apart() -> None:
    assert [None] == first_words([Breath(1.0, 2.0)], [])
    assert [] == last_words([Breath(1.0, 2.0)], [])


def test_the_agents_voice_is_compared_with_the_caption_next_to_it() -> None:
    shown = [
        Shown(1.0, "agent", "a1", "Hello."),
        Shown(1.4, "agent", "a1", "Hello."),
        Shown(8.0, "agent", "a2", "So?"),
    ]

    assert [-0.5, 0.25] == agents_words([1.5, 4.8, 7.75], shown)


def test_silence_around_a_voice_is_not_counted() -> None:
    silent, loud = bytes(VOICE_FRAME_SAMPLES * 2), b"\x00\x20" * VOICE_FRAME_SAMPLES

    assert pytest.approx((0.06, 0.04)) == voiced(silent * 3 + loud * 5 + silent * 2)
