import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.store.pins import DIGITS, check_digit, is_pin, new_pin

EIGHT = st.text("0123456789", min_size=DIGITS - 1, max_size=DIGITS - 1)
PLACE = st.integers(0, DIGITS - 1)


def test_the_check_digit_is_that_of_the_published_example() -> None:
    assert "4" == check_digit("572")


def test_new_pins_are_whole_and_differ() -> None:
    pins = [new_pin() for _ in range(300)]

    assert all(is_pin(pin) for pin in pins)
    assert len(set(pins)) == len(pins)


@given(EIGHT, PLACE, st.sampled_from("0123456789"))
def test_every_single_wrong_digit_is_noticed(digits: str, place: int, wrong: str) -> None:
    pin = digits + check_digit(digits)
    assume(pin[place] != wrong)

    assert not is_pin(pin[:place] + wrong + pin[place + 1 :])


@given(EIGHT, st.integers(0, DIGITS - 2))
def test_every_swap_of_neighbours_is_noticed(digits: str, place: int) -> None:
    pin = digits + check_digit(digits)
    swapped = pin[:place] + pin[place + 1] + pin[place] + pin[place + 2 :]
    assume(swapped != pin)

    assert not is_pin(swapped)


@pytest.mark.parametrize(
    "text", ["", "1", "12345678", "1234567890", "12345678x", "١٢٣٤٥٦٧٨٩", "²" * 9, " " * 9]
)
def test_what_is_no_number_of_nine_digits_is_no_pin(text: str) -> None:
    assert not is_pin(text)


@given(st.text(max_size=20))
def test_any_text_may_be_asked_about(text: str) -> None:
    assert is_pin(text) in (True, False)
