"""Text made ready for a synthesiser."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.providers.spoken_text import MAX_PIECE_CHARS, cleaned, pieces, word_spans


def _texts(text: str) -> list[str]:
    return [piece.text.strip() for piece in pieces(text)]


def test_sentences_become_pieces() -> None:
    found = _texts("Thank you. What happened next? Please, take your time!")

    assert ["Thank you.", "What happened next?", "Please, take your time!"] == found


def test_abbreviations_initials_and_numbers_end_no_sentence() -> None:
    text = "Dr. Smith and J. Doe paid 3.50 dollars, e.g. for tea."

    assert [text] == _texts(text)


def test_a_sentence_that_ends_in_i_ends() -> None:
    assert ["So do I.", "Go on."] == _texts("So do I. Go on.")


def test_a_closing_quote_belongs_to_its_sentence() -> None:
    assert ["“Really?”", "Yes."] == _texts("“Really?” Yes.")


def test_pieces_without_a_letter_or_digit_are_left_out() -> None:
    assert [] == pieces("... !?  —")
    assert [] == pieces("")


def test_a_long_sentence_is_cut_at_a_clause_then_at_a_space_then_anywhere() -> None:
    clause = "word " * 50 + "end, "

    assert ["word " * 50 + "end,"] * 2 == _texts(clause * 2)
    assert all(piece.text.endswith(" ") for piece in pieces("word " * 200))
    assert [MAX_PIECE_CHARS, MAX_PIECE_CHARS, 1] == [
        len(p.text) for p in pieces("x" * (2 * MAX_PIECE_CHARS + 1))
    ]


@given(st.text(max_size=900))
def test_pieces_are_short_in_order_and_where_they_say(text: str) -> None:
    found = pieces(text)

    assert all(text[p.start_char : p.start_char + len(p.text)] == p.text for p in found)
    assert all(len(p.text) <= MAX_PIECE_CHARS for p in found)
    assert all(a.start_char + len(a.text) <= b.start_char for a, b in pairwise(found))
    assert [c for c in text if c.isalnum()] == [c for p in found for c in p.text if c.isalnum()]


@given(st.text(st.characters(), max_size=200))
def test_cleaning_keeps_every_place_and_leaves_nothing_that_is_no_text(text: str) -> None:
    clean = cleaned(text)
    clean.encode()  # raises for a lone surrogate

    assert len(text) == len(clean)
    assert all(c.isprintable() or c.isspace() for c in clean)
    assert "\0" not in clean


def test_words_are_found_without_what_stands_around_them() -> None:
    text = "“Really?” (50%, or 20°) — a_b_ ... *yes*, it's"

    assert ["Really", "50%", "or", "20°", "a_b_", "*yes", "it's"] == [
        text[start:end] for start, end in word_spans(text)
    ]


@pytest.mark.parametrize("text", ["." * 40_000, "('" * 20_000, "a'" * 20_000, "x" + "!" * 40_000 + "x"])
def test_no_text_takes_more_than_its_length(text: str) -> None:
    """With one step for each pair of characters these would take minutes."""
    assert len(word_spans(text)) <= 1
    assert all(len(piece.text) <= MAX_PIECE_CHARS for piece in pieces(text))
