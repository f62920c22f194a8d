"""What somebody changes of values that were read back to them: "no, the team size is fifteen". Knows one
form's fields and what they hold."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from dialog.blueprint import FormField
from dialog.forms import MAX_TEXT, clear_answer, parse_field
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
_WRONG: Final = re.compile(r"\b(?:wrong|incorrect|misspelled|misspelt|mistaken|nope|nah)\b")
_JUST_SO: Final = re.compile(
    r"(?:um |uh |oh |well |okay |ok )*(?:it is|(?:that|this|it)(?: one)?(?: is|'s) (?:also )?(?:fine|right"
    r"|correct|okay|ok|good|true|what i said|what i told you)|(?:that|this)(?: one)? too|what i said"
    r"|i said (?:that|so))"
)
"""What confirms a value beside a clear yes."""
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


def corrected(fields: Sequence[FormField], data: Mapping[str, object], text: str) -> dict[str, object]:
    """The values that an utterance changes, by field, as they stand in it; none where that isn't clear."""
    said = _Said(text)
    if not said.heard or AGREED.match(plain(text)):
        return {}
    known = [field for field in fields if field.name in data]
    named = [field for field in known if _names(field, known, said.heard)]
    changes: dict[str, object] = {}
    for field in named or [field for field in known if field.type not in _NEVER_BARE]:
        value = _text_of(said, data[field.name]) if field.type == "text" else _value(field, said, bool(named))
        if value is not None and value != data[field.name]:
            changes[field.name] = value
    return changes if len(changes) == 1 else {}


def affirmed(field: FormField, held: object, text: str) -> bool:
    """Whether a value that was asked about alone is right by what was said: a yes, anything that is one here,
    or the very value once more."""
    answer, heard = clear_answer(text), plain(text)
    if answer is not None:
        return answer == "yes"
    if _NEGATED.search(heard) or _WRONG.search(heard):
        return False
    if AGREED.match(heard) or is_backchannel(text) or _JUST_SO.fullmatch(heard):
        return True
    parsed = parse_field(field, text)
    return parsed is not None and parsed.value == held


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
