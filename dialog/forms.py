"""Typed values out of speech, how a form's field is asked aloud, and whether data from the page fits. Knows
one field or node at a time, and nothing of what comes next."""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, Literal

import msgspec

from dialog.blueprint import FormField, Node
from dialog.graph_checks import Fault, pointer
from dialog.json_schema import schema_faults
from dialog.lexicon import FILLERS, lower_words, plain, stem
from dialog.numerals import ORDINALS, date_in, numbers_in

OPTIONS_READ_ALOUD: Final = 5
"""More options than this aren't listed: nobody keeps them in mind."""
MAX_TEXT: Final = 2_000
MAX_NUMBER: Final = 1e15
"""Whole numbers beyond this don't survive JSON readers that know doubles only."""
DEFAULT_RATING: Final = (1.0, 5.0)

_YES: Final = frozenset(
    "yes yeah yep yup sure absolutely definitely certainly agreed affirmative correct okay ok".split()
)
_NO: Final = frozenset("no nope nah never negative".split())
_TAKEN_BACK: Final = re.compile(
    r"^(?:yes|yep|yeah|no|nope) (?:(?:um|uh|oh|sorry|wait|actually|well|i mean) )*"
    r"(?P<instead>(?:yes|yep|yeah|no|nope)\b.*)"
)
"""A yes or no, and another in its place: the last one counts."""
_ASIDES: Final = re.compile(r" ?\bno (?:problems?|worries|doubt)\b")
"""These say no to nothing."""
_YES_PHRASES: Final = re.compile(
    r"(?:i (?:do|agree|consent|accept|am|have|did|would|will|can|give (?:my |you my )?consent)|of course"
    r"|by all means|that's (?:fine|right|okay|"
    r"correct)|that is (?:fine|right|okay|correct)|go ahead|you (?:can|may)|sounds good|we do|it (?:is|was"
    r"|does|did)|they (?:are|do|did))"
)
_NO_PHRASES: Final = re.compile(
    r"\b(?:(?:i|we|it|they|that|he|she) (?:do not|don't|did not|didn't|would not|wouldn't|will not|won't"
    r"|cannot|can't|have not|haven't|"
    r"am not|was not|wasn't|does not|doesn't|are not|aren't|is not|isn't|refuse|decline|disagree)|i'm not"
    r"|it's not|that's not|"
    r"rather not|absolutely not|definitely not|certainly not|of course not|no way|not at all)\b"
)
_HEDGES: Final = re.compile(
    r"\b(?:guess|suppose|maybe|perhaps|whatever|probably|possibly|depends|not sure|unsure|don't know|dunno"
    r"|no idea|think so|kind of|sort of|"
    r"if i (?:have|must|need)|do i have to|but|what|why|how|who|could be|might|either|both yes and no"
    r"|yes and no|hard to say|not really)\b"
)
_CORRECTS: Final = re.compile(r"\b(?:no|sorry|actually|i mean|make that|make it|or rather|wait|correction)\b")
_OUT_OF: Final = re.compile(
    r"\b(?:out of|on a scale (?:of|from)|from) (?:\w+(?:-\w+)?)(?: (?:to|through) \w+)?|\bstars?\b"
)
_QUESTION_WORDS: Final = frozenset(
    "what how why when where who which whose do does did are is was were can could would will have has in on "
    "at for".split()
)


class ParsedValue(msgspec.Struct, frozen=True):
    """A value understood from speech. `exact` False = by likeness of sound or spelling: worth a look."""

    value: object
    exact: bool = True


def parse_field(field: FormField, text: str) -> ParsedValue | None:
    """The value that `text` gives for a field, or None when it gives none, or more than one.

    Numbers come as int or float, choices as the option's exact wording, dates as YYYY-MM-DD where they are
    complete and in the speaker's words where they aren't.
    """
    match field.type:
        case "text":
            return _text(text)
        case "number":
            return _number(field, text, field.min, field.max)
        case "rating":
            return _number(field, _OUT_OF.sub(" ", plain(text)), *rating_range(field))
        case "boolean":
            said = _ASIDES.sub("", plain(text))
            back = _TAKEN_BACK.search(said)
            heard = clear_answer(said if back is None else back["instead"])
            return None if heard is None else ParsedValue(heard == "yes")
        case "date":
            date = date_in(text)
            return None if date is None else ParsedValue(date)
        case "choice":
            return _choice(field.options or [], text)
        case "multi_choice":
            return _choices(field.options or [], text)


def rating_range(field: FormField) -> tuple[float, float]:
    """Lowest and highest mark; 1 to 5 where the design doesn't say."""
    return (
        field.min if field.min is not None else DEFAULT_RATING[0],
        field.max if field.max is not None else DEFAULT_RATING[1],
    )


def _text(text: str) -> ParsedValue | None:
    return ParsedValue(text.strip()[:MAX_TEXT]) if set(lower_words(text)) - FILLERS else None


def _number(field: FormField, text: str, low: float | None, high: float | None) -> ParsedValue | None:
    words = lower_words(text)
    found = numbers_in(words)
    if not found:
        return None
    if len(found) > 1:
        between = " ".join(words[found[-2].end : found[-1].start])
        if found[-1].value != found[0].value and not _CORRECTS.search(between):
            return None
    value = found[-1].value
    if (low is not None and value < low) or (high is not None and value > high):
        return None
    return ParsedValue(int(value) if value.is_integer() else value)


def _choice(options: list[str], text: str) -> ParsedValue | None:
    named, exact = _named(options, text)
    if len(named) > 1:
        # "the phone no the laptop": after a correction the last one named counts
        parts = _CORRECTS.split(plain(text))
        named, exact = _named(options, parts[-1]) if len(parts) > 1 else ([], True)
    return ParsedValue(named[0], exact) if len(named) == 1 else None


def _choices(options: list[str], text: str) -> ParsedValue | None:
    heard = plain(text)
    named, exact = _named(options, text)
    if named:
        return ParsedValue(named, exact)
    if re.search(r"\b(?:all of (?:them|these|those|the above)|all|everything|every one)\b", heard) or (
        len(options) == 2 and re.search(r"\bboth\b", heard)
    ):
        return ParsedValue(list(options))
    if re.fullmatch(r"(?:um |uh |well )*(?:none(?: of .*)?|nothing|neither(?: of .*)?)", heard):
        return ParsedValue([])
    return None


def _named(options: list[str], text: str) -> tuple[list[str], bool]:
    """The options that a text names, in the options' order, and whether they were named exactly: by their
    words, by place ("the second one", "option two"), else by likeness."""
    words = lower_words(text)
    heard = " ".join(words)
    whole = [option for option in options if _mentions(heard, plain(option))]
    if whole:
        # "phone" is inside "phone and laptop": the longer name wins where it was said
        longest = [o for o in whole if not any(p != o and f" {plain(o)} " in f" {plain(p)} " for p in whole)]
        return longest, True
    place = _place(words, len(options))
    if place is not None:
        return [options[place]], True
    scores = {option: _likeness(words, option) for option in options}
    best = max(scores.values(), default=0.0)
    near = [option for option in options if scores[option] >= max(0.6, best)]
    return (near, False) if len(near) == 1 else ([], False)


def _mentions(heard: str, option: str) -> bool:
    """The option's words stand in the text, and are not denied ("not the phone")."""
    if not option:
        return False
    found = f" {heard} ".find(f" {option} ")
    return found >= 0 and not re.search(r"\b(?:not|never|isn't|wasn't)(?: \w+)?$", heard[:found].rstrip())


def _place(words: list[str], count: int) -> int | None:
    """The place of an option chosen by number: "the second", "number two", "two", "the last one"."""
    said = [
        word for word in words if word not in FILLERS and word not in ("please", "i'd", "say", "would", "i")
    ]
    if "last" in said and len(said) <= 4:
        return count - 1 if count else None
    for word in said:
        if word in ORDINALS and len(said) <= 5 and ORDINALS[word] <= count:
            return ORDINALS[word] - 1
    numbers = numbers_in(said)
    named = len(said) > 1 and said[0] in ("option", "number", "answer", "choice", "the")
    if len(numbers) == 1 and (len(said) == 1 or (named and len(said) <= 4)):
        value = numbers[0].value
        return int(value) - 1 if value.is_integer() and 1 <= value <= count else None
    return None


def _likeness(words: list[str], option: str) -> float:
    """How much of an option's words were said, 0–1; a word that nearly fits counts for its share."""
    wanted = [word for word in lower_words(option) if len(word) > 2] or lower_words(option)
    if not wanted:
        return 0.0
    heard = words[:60] + [former + latter for former, latter in pairwise(words[:60])]  # "spread sheet"
    total = 0.0
    for want in wanted:
        shares = [
            1.0 if stem(word) == stem(want) else SequenceMatcher(None, word, want).ratio()
            for word in heard
            if len(word) > 2
        ]
        best = max(shares, default=0.0)
        total += best if best >= 0.75 else 0.0
    return total / len(wanted)


def clear_answer(text: str) -> Literal["yes", "no"] | None:
    """A clear yes or a clear no to a yes-or-no question; hedges, both at once and listening noises are
    neither."""
    heard = plain(text)
    words = heard.split()
    if not words or len(words) > 25 or _HEDGES.search(heard):
        return None
    said_no = bool(_NO & set(words)) or _NO_PHRASES.search(heard) is not None
    affirmed = [word for word in words if word in _YES]
    said_yes = (
        bool(affirmed)
        or _YES_PHRASES.match(" ".join(w for w in words if w not in FILLERS - _YES)) is not None
    )
    if said_no:
        # "of course not" and "sure I don't" pass yes-words on the way; "yes no" contradicts itself
        contradicts = words[-1] in _YES and _YES | _NO | FILLERS >= set(words)
        contradicts |= words[0] in _YES - {"okay", "ok", "sure", "absolutely", "definitely", "certainly"}
        return None if contradicts else "no"
    return "yes" if said_yes else None


def clear_consent(text: str) -> Literal["yes", "no"] | None:
    """A clear yes or a clear no to being interviewed. Stricter than `clear_answer`: "okay" alone is no
    consent."""
    heard = set(lower_words(text))
    if heard and heard <= FILLERS - {"yes", "yeah", "no"}:
        return None
    return clear_answer(text)


def ask_field(field: FormField, first: bool) -> str:
    """How a field is asked aloud: its label as a question, and what may be answered."""
    label = field.label.strip()
    words = lower_words(label)
    if label.endswith(("?", ".", ":", "!")):
        asked = label
    elif words and words[0] in _QUESTION_WORDS:
        asked = f"{label}?"
    else:
        asked = f"{label}?" if first else f"Next: {label[:1].lower() + label[1:]}?"
    return f"{asked} {_how_to_answer(field)}".strip()


def _how_to_answer(field: FormField) -> str:
    options = field.options or []
    if field.type == "rating":
        low, high = rating_range(field)
        return f"Please give a number from {low:g} to {high:g}."
    if field.type not in ("choice", "multi_choice") or not options:
        return ""
    if len(options) > OPTIONS_READ_ALOUD:
        return "" if field.type == "choice" else "You can name more than one."
    listed = options[0] if len(options) == 1 else f"{', '.join(options[:-1])}, or {options[-1]}"
    if field.type == "multi_choice":
        return f"You can name more than one: {listed}."
    return f"The choices are: {listed}."


def validate_data(node: Node, data: object) -> list[Fault]:
    """What is wrong with typed data for a node, paths from the data's root: unknown and missing fields, wrong
    values."""
    if not isinstance(data, Mapping):
        return [Fault("invalid_value", "", "This must be an object.")]
    if node.type == "custom":
        return schema_faults(node.schema_ or {}, data)
    fields = {field.name: field for field in node.fields or []}
    faults = [
        Fault("unknown_field", pointer(str(name)), f"“{node.key}” has no field of this name.")
        for name in data
        if name not in fields
    ]
    for name, field in fields.items():
        value = data.get(name)
        if value is None or value == "" or (value == [] and field.type == "multi_choice"):
            if field.required:
                faults.append(Fault("invalid_value", pointer(name), "This field is required."))
        elif complaint := _complaint(field, value):
            faults.append(Fault("invalid_value", pointer(name), complaint))
    return faults


def _complaint(field: FormField, value: object) -> str | None:
    match field.type:
        case "text" | "date":
            if not isinstance(value, str) or not value.strip():
                return "This must be a text."
            return f"This must be at most {MAX_TEXT:,} characters long." if len(value) > MAX_TEXT else None
        case "number" | "rating":
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_NUMBER:
                return "This must be a number."
            low, high = rating_range(field) if field.type == "rating" else (field.min, field.max)
            if (low is not None and value < low) or (high is not None and value > high):
                return "This must be " + _range_words(low, high) + "."
            return None
        case "boolean":
            return None if isinstance(value, bool) else "This must be true or false."
        case "choice":
            return None if value in (field.options or []) else "This is not one of the options."
        case "multi_choice":
            if not isinstance(value, list):
                return "This must be a list of options."
            if any(one not in (field.options or []) for one in value):
                return "One of these is not among the options."
            return "An option is named twice." if len(set(map(str, value))) < len(value) else None


def _range_words(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"between {low:g} and {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"
