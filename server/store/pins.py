"""The number by which a caller finds a run: eight random digits and one that catches typing errors."""

import itertools
from typing import Final

from server.clock import new_digits

DIGITS: Final = 9

# Damm's quasigroup of order ten: every single wrong digit and every swap of neighbours is noticed.
# (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004.)
_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def new_pin() -> str:
    """Nine digits. Runs of one digit and of neighbours are left out: they are what people guess first."""
    while True:
        digits = new_digits(DIGITS - 1)
        steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
        if len(steps) > 1:
            return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """The digit that makes a number of these whole."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def is_pin(text: str) -> bool:
    """Whether somebody may have meant this: a typing error costs no attempt, and asks no database."""
    return len(text) == DIGITS and text.isascii() and text.isdigit() and check_digit(text) == "0"
