import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.clip import MAX_CLIP_SAMPLES, Clip, WordMark
from media.frames import VOICE_RATE_HZ
from tests.support.speech import silence, speech_pcm

TEXT = "Well, tell me how it began. What came next?"


def marks(text: str = TEXT, word_duration: float = 0.4, gap: float = 0.02) -> list[WordMark]:
    """One word after another, in even steps."""
    placed, start, at = [], 0, 0.0
    for word in text.split():
        start = text.index(word, start)
        placed.append(WordMark(start, start + len(word), at, at + word_duration))
        start, at = start + len(word), at + word_duration + gap
    return placed


def spoken(text: str = TEXT, words: list[WordMark] | None = None) -> Clip:
    words = marks(text) if words is None else words
    return Clip.ready(text, silence(words[-1].end + 0.1, VOICE_RATE_HZ), words)


def samples(seconds: float) -> int:
    return round(seconds * VOICE_RATE_HZ)


def test_a_word_is_heard_once_half_of_it_has_sounded() -> None:
    clip = spoken()

    assert clip.heard(samples(0.42 + 0.19)).text == "Well,"
    assert clip.heard(samples(0.42 + 0.21)).text == "Well, tell"
    assert clip.heard(0).text == ""


def test_two_talks_that_say_the_same_known_words_hold_their_sound_once() -> None:
    pcm = silence(1.0, VOICE_RATE_HZ)
    first, second = (Clip.ready(TEXT, pcm) for _ in range(2))

    assert first._pcm is second._pcm
    assert pcm[960:1920] == first.pcm(480, 480)


def test_all_is_heard_at_the_end_and_only_there_when_the_clip_is_whole() -> None:
    clip = spoken()
    broken_off = Clip(TEXT)
    broken_off.append(silence(0.9, VOICE_RATE_HZ), marks()[:2])
    broken_off.fail()

    assert clip.heard(clip.samples).fraction == 1.0
    assert clip.heard(clip.samples).text == TEXT
    assert broken_off.heard(broken_off.samples).text == "Well, tell"
    assert broken_off.heard(broken_off.samples).fraction < 1.0


def test_without_word_times_the_share_of_the_sound_is_the_share_of_the_words() -> None:
    clip = Clip.ready("one two three four five six", silence(6.0, VOICE_RATE_HZ))

    assert clip.heard(samples(3.2)).text == "one two three"
    assert clip.heard(samples(6.0)).text == "one two three four five six"


def test_a_live_clip_without_word_times_is_guessed_by_the_usual_pace() -> None:
    clip = Clip("one two three four five six seven eight nine ten")
    clip.append(silence(1.0, VOICE_RATE_HZ))

    assert clip.heard(samples(1.0)).text == "one two three"


@given(
    st.text(max_size=60),
    st.lists(st.tuples(*[st.integers(-5, 80)] * 2, *[st.floats(-1, 5)] * 2)),
    st.integers(0, 99_999),
)
def test_nonsense_word_times_give_a_prefix_and_a_place_nonetheless(
    text: str, placed: list[tuple[int, int, float, float]], place: int
) -> None:
    clip = Clip.ready(text, silence(4.0, VOICE_RATE_HZ), [WordMark(*word) for word in placed])
    heard = clip.heard(place)

    assert text[: heard.end_char] == heard.text
    assert 0.0 <= heard.fraction <= 1.0
    assert 0 <= clip.phrase_start(place) <= place


def test_what_is_heard_only_grows() -> None:
    clip = spoken()
    ends = [clip.heard(place).end_char for place in range(0, clip.samples + 480, 480)]

    assert sorted(ends) == ends


def test_a_phrase_begins_behind_punctuation() -> None:
    clip = spoken()
    tell, what = (
        next(mark for mark in marks() if TEXT[mark.start_char :].startswith(word))
        for word in ("tell", "What")
    )

    assert clip.phrase_start(samples(what.start - 0.05)) == samples(tell.start - 0.02)
    assert clip.phrase_start(samples(what.start + 0.3)) == samples(what.start - 0.02)
    assert clip.phrase_start(samples(0.3)) == 0


def test_a_phrase_begins_behind_a_pause() -> None:
    early, late = WordMark(0, 3, 0.0, 0.4), WordMark(4, 7, 0.7, 1.0)
    clip = spoken("one two", [early, late])

    assert clip.phrase_start(samples(0.9)) == samples(0.7 - 0.06)


def test_punctuation_inside_quotes_ends_a_phrase_too() -> None:
    text = "You said “never.” Why is that"
    clip = spoken(text)
    why = marks(text)[3]

    assert clip.phrase_start(samples(why.start + 1.0)) == samples(why.start - 0.02)


def test_of_a_phrase_that_is_too_long_only_the_word_is_said_again() -> None:
    text = " ".join(["word"] * 30)
    clip = spoken(text)
    last = marks(text)[-1]

    assert clip.phrase_start(samples(last.start + 0.2)) == samples(last.start - 0.02)


def test_without_word_times_the_phrase_begins_at_the_last_pause_in_the_sound() -> None:
    speech = speech_pcm(VOICE_RATE_HZ)[samples(0.3) * 2 : samples(1.3) * 2]
    clip = Clip.ready("anything", speech + silence(0.3, VOICE_RATE_HZ) + speech)
    place = clip.phrase_start(samples(2.0))

    assert 1.25 < place / VOICE_RATE_HZ <= 1.3


def test_a_clip_grows_until_it_is_finished() -> None:
    clip = Clip(TEXT)
    clip.append(b"\x01")
    clip.append(b"\x02\x03\x04")
    clip.finish()
    clip.append(b"\x05\x06")

    assert clip.samples == 2
    assert clip.pcm(0, 10) == b"\x01\x02\x03\x04"


def test_a_synthesis_that_never_ends_is_cut_and_counts_as_failed() -> None:
    clip = Clip(TEXT)
    clip.append(bytes(MAX_CLIP_SAMPLES * 2 + 2))

    assert clip.samples == MAX_CLIP_SAMPLES
    assert clip.failed


@pytest.mark.parametrize(("start", "packet"), [(0, b"a"), (480, b"b"), (960, None), (240, None)])
def test_a_ready_packet_is_found_on_its_frame_only(start: int, packet: bytes | None) -> None:
    assert Clip.ready("x", bytes(1920), packets=[b"a", b"b"]).packet_at(start) == packet
