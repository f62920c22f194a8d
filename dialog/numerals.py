"""Numbers and dates as people say them: "twenty five", "two and a half", "march third twenty nineteen". Knows
no question."""

from itertools import pairwise
from typing import Final

import msgspec

from dialog.lexicon import lower_words

_UNITS: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_TENS: Final = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
        "fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        start=1,
    )
} | {"thirtieth": 30}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep/sept "
        "october/oct november/nov december/dec".split(),
        start=1,
    )
    for name in names.split("/")
}
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATE_WORDS: Final = frozenset(
    "today yesterday tomorrow monday tuesday wednesday thursday friday saturday sunday week weeks month "
    "months year "
    "years ago last next weekend spring summer autumn fall winter christmas day days morning".split()
)
_POINTS_AT: Final = frozenset("this that the which another any every each no either".split())


class Number(msgspec.Struct, frozen=True):
    """A number found in speech: its value, and which words it takes up (`start` included, `end` not)."""

    value: float
    start: int
    end: int


def numbers_in(words: list[str]) -> list[Number]:
    """Every number in a list of lower-case words, in order. "one" after "that" or "the" is no number."""
    found: list[Number] = []
    place = 0
    while place < len(words):
        number = _number_at(words, place)
        if number is None:
            place += 1
        else:
            found.append(number)
            place = number.end
    return found


def _number_at(words: list[str], start: int) -> Number | None:
    word = words[start]
    if word[0].isdigit():
        value = _digits(word)
        return None if value is None else _with_fraction(words, start, start + 1, value)
    if word == "one" and start and words[start - 1] in _POINTS_AT:
        return None
    if word in ("dozen", "half"):
        return Number(12.0 if word == "dozen" else 0.5, start, start + 1)
    if word == "a" and start + 1 < len(words) and words[start + 1] in ("hundred", "thousand", "million"):
        return _spelled(words, start, start + 1, 1)
    parts = word.split("-")
    if len(parts) == 2 and parts[0] in _TENS and parts[1] in _UNITS:
        return _spelled(words, start, start + 1, _TENS[parts[0]] + _UNITS[parts[1]])
    if word in _TENS:
        following = words[start + 1] if start + 1 < len(words) else ""
        if 0 < _UNITS.get(following, 0) < 10:
            return _spelled(words, start, start + 2, _TENS[word] + _UNITS[following])
        return _spelled(words, start, start + 1, _TENS[word])
    if word in _UNITS:
        return _spelled(words, start, start + 1, _UNITS[word])
    return None


def _spelled(words: list[str], start: int, end: int, value: int) -> Number:
    """Go on from a first number below a hundred through "hundred", "thousand" and what they add."""
    total, current = 0, value
    while end < len(words):
        if words[end] in _SCALES:
            scale = _SCALES[words[end]]
            if scale == 100:
                current *= scale
            else:
                total, current = total + current * scale, 0
            end += 1
            continue
        after_and = end + 1 if words[end] == "and" else end
        scaled = words[end - 1] in _SCALES
        if (
            not scaled
            or after_and >= len(words)
            or not (words[after_and] in _UNITS or words[after_and] in _TENS)
        ):
            break
        current += _UNITS.get(words[after_and], 0) or _TENS.get(words[after_and], 0)
        end = after_and + 1
        if words[after_and] in _TENS and end < len(words) and 0 < _UNITS.get(words[end], 0) < 10:
            current += _UNITS[words[end]]
            end += 1
    return _with_fraction(words, start, end, float(total + current))


def _with_fraction(words: list[str], start: int, end: int, value: float) -> Number:
    """Add "point five" and "and a half", and the sign of "minus"."""
    if words[end : end + 3] == ["and", "a", "half"]:
        value, end = value + 0.5, end + 3
    elif words[end : end + 1] == ["point"]:
        digits = ""
        while end + 1 < len(words) and _UNITS.get(words[end + 1], 10) < 10:
            digits += str(_UNITS[words[end + 1]])
            end += 1
        if digits:
            value, end = value + float(f"0.{digits}"), end + 1
    if start and words[start - 1] in ("minus", "negative"):
        value = -value
    return Number(value, start, end)


def _digits(word: str) -> float | None:
    try:
        return float(word.replace(",", "")) if len(word) <= 15 else None
    except ValueError:
        return None


def date_in(text: str) -> str | None:
    """A date as YYYY-MM-DD when year, month and day are all said; else the words themselves when they speak
    of a date; else None. What hangs on today ("yesterday") stays in words: there is no clock here."""
    words = lower_words(text)
    written = [part for part in text.replace("/", "-").replace(".", "-").split() if part.count("-") == 2]
    for part in written:
        numeric = part.strip("-,;?!").split("-")
        if len(numeric) == 3 and all(piece.isdecimal() and len(piece) <= 4 for piece in numeric):
            first, second, third = (int(piece) for piece in numeric)
            ordered = (first, second, third) if len(numeric[0]) == 4 else (third, first, second)
            found = _iso(*ordered)
            if found:
                return found
    month = next((_MONTHS[word] for word in words if word in _MONTHS and _is_month(words, word)), None)
    day, year = _day_in(words), _year_in(words)
    if month and day and year:
        return _iso(year, month, day)
    if month or year or any(word in _DATE_WORDS for word in words):
        return text.strip()[:200]
    return None


def _is_month(words: list[str], word: str) -> bool:
    """ "may" and "march" are verbs too: beside them must stand a day, a year or a preposition, or nothing
    else."""
    if word not in ("may", "march", "mar", "sep"):
        return True
    place = words.index(word)
    beside = words[max(0, place - 1) : place] + words[place + 1 : place + 2]
    return len(words) <= 2 or any(
        one in ("in", "of", "on", "last", "the", "since")
        or one in ORDINALS
        or one[0].isdigit()
        or one in _UNITS
        for one in beside
    )


def _day_in(words: list[str]) -> int | None:
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        if word in ORDINALS and word != "second":
            tens = _TENS.get(before, 0)
            return tens + ORDINALS[word] if tens <= 30 else None
        if word == "second" and (
            before in _MONTHS or before in _TENS or words[place + 1 : place + 2] == ["of"]
        ):
            return _TENS.get(before, 0) + 2
        bare = word.rstrip("stndrh")
        if bare.isdecimal() and len(bare) <= 2 and 1 <= int(bare) <= 31:
            return int(bare)
    spoken = [number for number in numbers_in(words) if 1 <= number.value <= 31 and number.value.is_integer()]
    beside = [n for n in spoken if n.start and words[n.start - 1] in _MONTHS]
    return int(beside[0].value) if beside else None


def _year_in(words: list[str]) -> int | None:
    """ "2019", "two thousand and nine", "nineteen ninety nine", "twenty twenty"."""
    numbers = numbers_in(words)
    for number in numbers:
        if 1900 <= number.value <= 2100 and number.value.is_integer():
            return int(number.value)
    for former, latter in pairwise(numbers):
        if former.end == latter.start and former.value in (19, 20) and 10 <= latter.value <= 99:
            return int(former.value * 100 + latter.value)
    return None


def _iso(year: int, month: int, day: int) -> str | None:
    if not (1800 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1]):
        return None
    if (month, day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400)):
        return None
    return f"{year:04d}-{month:02d}-{day:02d}"
