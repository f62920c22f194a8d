"""From the vendor's characters to times of words, however it counts and whatever it leaves out."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from server.providers.elevenlabs.alignment import Characters, WordClock
from server.providers.protocols import WordTime
from server.providers.spoken_text import word_spans

TEXT = "Thank you. What happened next, at 9:15?"
TOLERANCE = 0.002
"""Seconds: times are told in whole milliseconds."""

_words = st.text("abcdé’", min_size=1, max_size=8)
_texts = st.lists(_words, min_size=1, max_size=12).map(" ".join).filter(lambda text: bool(word_spans(text)))


def _edges(text: str, lengths: list[int]) -> list[float]:
    """When each character begins, and where the last ends, in seconds."""
    return [
        ms / 1_000
        for ms in itertools.accumulate((lengths[i % len(lengths)] for i in range(len(text))), initial=0)
    ]


def _told(text: str, edges: list[float], cuts: list[int], form: str) -> tuple[list[WordTime], list[float]]:
    """The words that a clock tells of messages cut there; and how much sound there was when it did."""
    clock = WordClock(text)
    told: list[WordTime] = []
    sounds: list[float] = []
    sentence = 0.0
    for first, end in itertools.pairwise([0, *cuts, len(text)]):
        before, after = edges[first], edges[end]
        if form == "sentence" and first in cuts[::2]:
            sentence = before
        origin = {"utterance": 0.0, "sentence": sentence, "message": before}[form]
        characters = Characters(
            text[first:end],
            [edges[i] - origin for i in range(first, end)],
            [edges[i + 1] - edges[i] for i in range(first, end)],
        )
        new = clock.hear(characters, before, after - before)
        told += new
        sounds += [after] * len(new)
    rest = clock.finish(edges[-1])
    return [*told, *rest], [*sounds, *[edges[-1]] * len(rest)]


@st.composite
def _speech(draw: st.DrawFn) -> tuple[str, list[float], list[int]]:
    text = draw(_texts)
    lengths = draw(st.lists(st.integers(20, 200), min_size=1, max_size=30))
    cuts = draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=6))
    return text, _edges(text, lengths), sorted(cut for cut in cuts if cut < len(text))


@given(_speech(), st.sampled_from(["utterance", "sentence", "message"]))
def test_words_have_their_times_whatever_the_vendor_counts_from(
    speech: tuple[str, list[float], list[int]], form: str
) -> None:
    text, edges, cuts = speech
    words, _ = _told(text, edges, cuts, form)

    assert word_spans(text) == [(word.start_char, word.end_char) for word in words]
    for word in words:
        assert abs(edges[word.start_char] - word.start) < TOLERANCE
        assert abs(edges[word.end_char] - word.end) < TOLERANCE


@given(
    _texts,
    st.lists(
        st.tuples(
            st.one_of(
                st.none(),
                st.lists(
                    st.tuples(st.text(max_size=3), st.floats(width=32), st.floats(width=32)),
                    max_size=20,
                ),
            ),
            st.floats(0, 3),
        ),
        max_size=12,
    ),
)
def test_whatever_is_said_of_characters_the_words_rise_and_lie_within_the_sound(
    text: str, messages: list[tuple[list[tuple[str, float, float]] | None, float]]
) -> None:
    clock = WordClock(text)
    sounded = 0.0
    words: list[WordTime] = []
    for said, duration in messages:
        characters = (
            None if said is None else Characters(*zip(*said, strict=True)) if said else Characters("", (), ())
        )
        new = clock.hear(characters, sounded, duration)
        sounded += duration
        words += new

        assert all(word.end <= sounded for word in new)
    words += clock.finish(sounded)
    edges = [edge for word in words for edge in (word.start, word.end)]

    assert edges == sorted(edges)
    assert all(0 <= edge <= sounded for edge in edges)
    assert all(math.isfinite(edge) for edge in edges)
    assert words == [] or word_spans(text) == [(word.start_char, word.end_char) for word in words]


@given(_speech(), st.data())
def test_words_in_messages_without_alignment_share_the_time_between_their_neighbours(
    speech: tuple[str, list[float], list[int]], data: st.DataObject
) -> None:
    text, edges, cuts = speech
    clock = WordClock(text)
    bounds = [0, *cuts, len(text)]
    silent = data.draw(st.integers(0, len(bounds) - 2))
    words: list[WordTime] = []
    for i, (first, end) in enumerate(itertools.pairwise(bounds)):
        said = Characters(
            text[first:end], edges[first:end], [edges[at + 1] - edges[at] for at in range(first, end)]
        )
        words += clock.hear(None if i == silent else said, edges[first], edges[end] - edges[first])
    words += clock.finish(edges[-1])
    known = [
        word for word in words if word.end_char <= bounds[silent] or word.start_char >= bounds[silent + 1]
    ]

    assert words == sorted(words, key=lambda word: (word.start, word.end))
    assert words == [] or len(word_spans(text)) == len(words)
    for word in known if len(text[bounds[silent] : bounds[silent + 1]].strip()) < 30 else []:
        if word.end_char <= bounds[silent]:
            assert abs(edges[word.start_char] - word.start) < TOLERANCE


def test_of_an_utterance_without_any_alignment_nothing_is_told() -> None:
    clock = WordClock(TEXT)

    assert () == clock.hear(None, 0.0, 1.0)
    assert () == clock.finish(1.0)


def test_a_word_cut_in_two_by_a_message_is_told_once_with_the_second() -> None:
    clock = WordClock("One twofold word")
    starts = [i / 10 for i in range(16)]
    first = clock.hear(Characters("One two", starts[:7], [0.1] * 7), 0.0, 0.7)
    second = clock.hear(Characters("fold word", starts[7:], [0.1] * 9), 0.7, 0.9)

    assert ["One"] == ["One twofold word"[word.start_char : word.end_char] for word in first]
    assert ["twofold", "word"] == ["One twofold word"[word.start_char : word.end_char] for word in second]
    assert (0.4, 1.1) == (second[0].start, round(second[0].end, 3))


def test_a_word_that_is_told_before_its_sound_waits_for_it() -> None:
    clock = WordClock("One two")
    early = clock.hear(Characters("One two", [i / 10 for i in range(7)], [0.1] * 7), 0.0, 0.35)
    later = clock.hear(None, 0.35, 0.35)

    assert [(0, 3)] == [(word.start_char, word.end_char) for word in early]
    assert [(4, 7)] == [(word.start_char, word.end_char) for word in later]


def test_a_number_that_was_read_out_shares_the_time_up_to_the_next_word() -> None:
    text = "At 9:15 we left"
    spoken = "At nine fifteen we left"
    clock = WordClock(text)
    starts = [i / 10 for i in range(len(spoken))]
    words = clock.hear(Characters(spoken, starts, [0.1] * len(spoken)), 0.0, 2.3)
    words += clock.finish(2.3)

    assert ["At", "9:15", "we", "left"] == [text[word.start_char : word.end_char] for word in words]
    assert words[0].end <= words[1].start < words[1].end <= words[2].start
    assert abs(1.6 - words[2].start) < 1e-6


def test_more_characters_than_a_text_can_have_are_not_looked_at() -> None:
    clock = WordClock("One two")
    garbage = Characters("x" * 1_000_000, [0.0] * 1_000_000, [0.0] * 1_000_000)
    for _ in range(50):
        clock.hear(garbage, 0.0, 0.1)

    assert () == clock.hear(Characters("One", [0.0, 0.1, 0.2], [0.1] * 3), 0.1, 1.0)
