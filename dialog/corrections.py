"""What somebody changes of values that were read back to them: "no, the team size is fifteen". Knows one
form's fields and what they hold."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from dialog.agreement import verdict_on
from dialog.blueprint import FormField
from dialog.forms import MAX_TEXT, parse_field
from dialog.judgement import Judgement
from dialog.lexicon import content_stems, plain, words_of
from dialog.rights import is_backchannel
from dialog.run_state import RunState

_LEAD_IN: Final = re.compile(
    r"^(?:(?:no|nope|nah|um|uh|oh|well|sorry|actually|wait|hm|not quite|almost|yes but|but|that's (?:wrong"
    r"|not right|not correct|not what i said)|that is (?:wrong|not right)|it's wrong|i said|i meant|i mean"
    r"|make (?:it|that)|please|correct (?:it|that) to|change (?:it|that) to)\b ?)+"
)
AGREED: Final = re.compile(
    r"(?:um |uh |oh |well |okay |ok )*(?:yes|yeah|yep|yup|correct|right|exactly|that's (?:right|correct|it)"
    r"|that is (?:right|correct)|i think so|perfect|good|fine)\b(?! (?:but|except|only))"
)
"""What is said behind a yes corrects nothing."""
_DENIED: Final = re.compile(r"\bnot (?:a |an |the )?[\w'-]+(?: but|,)? ?", re.IGNORECASE)
_SAYS_WHAT: Final = re.compile(
    r"^.*?\b(?:should be|has to be|must be|is now|is actually|is|was|are|were|to|be)\b ?"
    r"(?:called |named )?(?P<value>.+)$"
)
_THANKS: Final = re.compile(r"(?: (?:please|thanks|thank you|sorry|actually|instead))+$")
_NEGATED: Final = re.compile(r"\b(?:not|\w+n't|never|no)\b")
_VERDICTS: Final = re.compile(
    r"(?:(?:still|also|all|quite|totally|completely) )*(?:wrong|incorrect|misspelled|misspelt|mistaken|off"
    r"|fine|right|correct|good|okay|ok|perfect)"
)
"""What is said of a value that was read back, and is none."""
_LEADING_NO: Final = re.compile(r"^(?:(?:um|uh|oh|well|no|nope|nah) )+")
_WRONG: Final = re.compile(r"\b(?:wrong|incorrect|misspelled|misspelt|mistaken)\b")
_PLACES: Final = ("first", "second", "third", "fourth", "fifth")
_POINTS: Final = re.compile(
    r"\b(?:(?:the|that|this)(?: [\w'-]+){0,2} ones?"
    r"|(?:the|that|this) (?:first|second|third|fourth|fifth|last|other|former|latter)"
    r"(?: (?:part|answer|value|thing|number|bit|field))?"
    r"|(?:one|two|three|both|all|each|some|any|none|neither) of (?:them|those|these|the|it)"
    r"|number (?:one|two|three|four|five))\b"
)
"""What names a value that was read back by its place; the number in it is none."""
_MARKS: Final = "\"'“”‘’«».,;:!?"
"""Around a value, these belong to the sentence and not to it."""
_NEVER_BARE: Final = ("text", "boolean", "multi_choice")
"""Types for which any words, or a mere "no", would be a value: they are changed by their name alone."""


def wants_reading_back(node_key: str, state: RunState, judgement: Judgement) -> bool:
    """Whether a form is to be read back before it is left: two values or more of which one was spoken, or a
    single one that was understood by its likeness alone."""
    node = state.node(node_key)
    spoken = {answer.turn_id for answer in state.answers_at(node_key) if not answer.typed}
    if spoken.isdisjoint(node.data_turns.values()):
        return False
    return len(node.data) > 1 or any(reason.startswith("value_by_likeness") for reason in judgement.reasons)


def corrected(
    fields: Sequence[FormField], data: Mapping[str, object], text: str, *, by_name: bool = False
) -> dict[str, object]:
    """The values that an utterance changes, by field, as they stand in it; none where that isn't clear.
    `by_name`: only those whose field is named."""
    if AGREED.match(plain(text)) or verdict_on(text) is not None:
        return {}
    known = [field for field in fields if field.name in data]
    pointed = _at_place(known, text)
    said = _Said(text if len(known) == 1 else _without_pointing(text))
    if not said.heard:
        return {}
    named = [field for field in known if _names(field, known, said.heard)]
    if pointed is not None and not named:
        named = [pointed]
    changes: dict[str, object] = {}
    bare = [] if by_name else [field for field in known if field.type not in _NEVER_BARE]
    for field in named or bare:
        value = _text_of(said, data[field.name]) if field.type == "text" else _value(field, said, bool(named))
        if value is not None and value != data[field.name]:
            changes[field.name] = value
    return changes if len(changes) == 1 else {}


def denied_alone(fields: Sequence[FormField], data: Mapping[str, object], text: str) -> FormField | None:
    """The one field whose value is denied without another in its place, by its name or its place."""
    known = [field for field in fields if field.name in data]
    named = [field for field in known if _names(field, known, plain(text))]
    return named[0] if len(named) == 1 else _at_place(known, text)


def affirmed(field: FormField, held: object, text: str) -> bool:
    """Whether a value that was asked about alone is right by what was said: a yes, anything that is one here,
    or the very value once more, be it behind a "no"."""
    if (verdict := verdict_on(text)) is not None:
        return verdict == "right"
    rest = _LEADING_NO.sub("", plain(text))
    if _NEGATED.search(rest) or _WRONG.search(rest):
        return False
    parsed = parse_field(field, rest if field.type != "text" else text)
    if parsed is not None and parsed.value == held:
        return True
    return rest == plain(text) and (AGREED.match(rest) is not None or is_backchannel(text))


def _at_place(fields: Sequence[FormField], text: str) -> FormField | None:
    """The one field that is named by its place in what was read back."""
    pointing = " ".join(found.group() for found in _POINTS.finditer(plain(text)))
    numbered = dict(zip(("one", "two", "three", "four", "five"), range(5), strict=True))
    places = {_PLACES.index(word) for word in pointing.split() if word in _PLACES}
    places |= {numbered[found] for found in re.findall(r"\bnumber (\w+)", pointing) if found in numbered}
    if "last" in pointing.split() or "latter" in pointing.split():
        places.add(len(fields) - 1)
    place = places.pop() if len(places) == 1 else -1
    return fields[place] if 0 <= place < len(fields) else None


def _without_pointing(text: str) -> str:
    """The same without what names values by their place, where that can be told from what they are."""
    return re.sub(_POINTS.pattern, " ", text, flags=re.IGNORECASE)


class _Said:
    """An utterance without what leads up to it, in plain words, each of which knows its place in the text."""

    def __init__(self, text: str) -> None:
        words = words_of(text)
        whole = " ".join(word.lower for word in words)
        led = _LEAD_IN.match(whole)
        self.heard = whole[led.end() :] if led is not None else whole
        self._text = text
        self._words = words[len(words) - len(self.heard.split()) :]

    def cut(self, start: int, end: int) -> str:
        """What was said or written where plain words stand, from one place in `heard` to another."""
        first = self._words[self.heard.count(" ", 0, start)].start
        last = self._words[self.heard.count(" ", 0, end)].end
        while first and not (self._text[first - 1].isspace() or self._text[first - 1].isalnum()):
            first -= 1
        while last < len(self._text) and not (self._text[last].isspace() or self._text[last].isalnum()):
            last += 1
        return self._text[first:last].strip(_MARKS)


def _names(field: FormField, fields: Sequence[FormField], heard: str) -> bool:
    """Whether a word that no other field's label has names this one."""
    others = {stem for other in fields if other is not field for stem in content_stems(other.label)}
    return bool((content_stems(field.label) - others) & content_stems(heard))


def _value(field: FormField, said: _Said, named: bool) -> object | None:
    found = _SAYS_WHAT.match(said.heard) if named else None
    whole = said.cut(0, len(said.heard))
    words = _DENIED.sub("", said.cut(*found.span("value")) if found is not None else whole)
    parsed = parse_field(field, words) or parse_field(field, whole)
    return None if parsed is None else parsed.value


def _text_of(said: _Said, held: object) -> str | None:
    """The text that is said to be the right one. What is only denied says nothing of what it should be."""
    found = _SAYS_WHAT.match(said.heard)
    if found is None:
        return None
    start, end = found.span("value")
    was = re.escape(plain(str(held)))
    if instead := re.compile(rf"not {was} but ").match(said.heard, start):
        start = instead.end()
    for tail in (_THANKS, re.compile(rf" (?:and )?not {was}$")):
        if ends := tail.search(said.heard, start, end):
            end = ends.start()
    if _NEGATED.search(said.heard[: found.start("value")]) or _NEGATED.search(said.heard[start:end]):
        return None
    if _VERDICTS.fullmatch(said.heard, start, end):
        return None
    return said.cut(start, end)[:MAX_TEXT] or None
