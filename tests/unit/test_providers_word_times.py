"""When each word of a piece sounds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.providers.embedded.word_times import word_times

RATE_HZ = 1_000


def _sound(*parts: tuple[float, bool]) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return np.concatenate(
        [np.full(round(duration * RATE_HZ), 5_000 if loud else 0, np.int16) for duration, loud in parts]
    )


def _timed(
    text: str, marks: list[tuple[int, float]], sound: "np.ndarray[tuple[int], np.dtype[np.int16]]"
) -> list[tuple[str, float, float]]:
    return [
        (text[w.start_char : w.end_char], round(w.start, 3), round(w.end, 3))
        for w in word_times(text, marks, sound, RATE_HZ)
    ]


def test_a_word_ends_where_the_next_begins() -> None:
    found = _timed("Hello there.", [(0, 0.1), (6, 0.4)], _sound((1.0, True)))

    assert [("Hello", 0.1, 0.4), ("there", 0.4, 1.0)] == found


def test_a_word_before_a_pause_ends_with_its_sound() -> None:
    found = _timed("Well, yes.", [(0, 0.0), (6, 0.6)], _sound((0.3, True), (0.3, False), (0.4, True)))

    assert [("Well", 0.0, 0.3), ("yes", 0.6, 1.0)] == found


def test_the_parts_of_a_number_are_one_word() -> None:
    found = _timed("for $25.50 now", [(0, 0.0), (5, 0.2), (6, 0.4), (7, 0.5), (11, 0.8)], _sound((1.0, True)))

    assert [("for", 0.0, 0.2), ("$25.50", 0.2, 0.8), ("now", 0.8, 1.0)] == found


def test_a_mark_on_the_space_before_belongs_to_the_word_after() -> None:
    found = _timed("two three", [(0, 0.0), (3, 0.5)], _sound((1.0, True)))

    assert [("two", 0.0, 0.5), ("three", 0.5, 1.0)] == found


def test_words_without_a_mark_share_the_time_by_their_length() -> None:
    found = _timed("of the house", [(0, 0.0), (7, 0.7)], _sound((1.0, True)))

    assert [("of", 0.0, 0.3), ("the", 0.3, 0.7), ("house", 0.7, 1.0)] == found


def test_quotes_and_stops_are_no_part_of_a_word() -> None:
    assert ["Really", "e-mails", "café"] == [
        word for word, _, _ in _timed("“Really?” e-mails (café)!", [], _sound((1, True)))
    ]


def test_nothing_said_is_nothing_timed() -> None:
    assert [] == _timed("…", [(0, 0.0)], _sound((0.1, True)))
    assert [("word", 0.0, 0.0)] == _timed("word", [], _sound((0.0, True)))


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(0, 80), st.floats(0, 9)), max_size=12),
    st.integers(0, 3_000),
)
def test_whatever_the_marks_words_follow_one_another_inside_the_sound(
    text: str, marks: list[tuple[int, float]], samples: int
) -> None:
    words = word_times(text, marks, np.zeros(samples, np.int16), RATE_HZ)

    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= samples / RATE_HZ + 1e-9 for edge in edges)
    assert len(words) == sum(any(c.isalnum() or c == "_" for c in token) for token in text.split())
