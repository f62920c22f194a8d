"""What somebody changes of values that were read back to them: "no, the team size is fifteen". Knows one
form's fields and what they hold."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from dialog.blueprint import FormField
from dialog.forms import parse_field
from dialog.judgement import Judgement
from dialog.lexicon import content_stems, plain
from dialog.run_state import RunState

_LEAD_IN: Final = re.compile(
    r"^(?:(?:no|nope|nah|um|uh|oh|well|sorry|actually|wait|hm|not quite|almost|yes but|but|that's (?:wrong"
    r"|not right|not correct|not what i said)|that is (?:wrong|not right)|it's wrong|i said|i meant|i mean"
    r"|make (?:it|that)|please|correct (?:it|that) to|change (?:it|that) to)\b ?)+"
)
_AGREED: Final = re.compile(
    r"(?:um |uh |oh |well |okay |ok )*(?:yes|yeah|yep|yup|correct|right|exactly|that's (?:right|correct|it)"
    r"|that is (?:right|correct)|i think so|perfect|good|fine)\b(?! (?:but|except|only))"
)
"""What is said behind a yes corrects nothing."""
_DENIED: Final = re.compile(r"\bnot (?:a |an |the )?[\w'-]+(?: but|,)? ?")
_SAYS_WHAT: Final = re.compile(
    r"^.*?\b(?:should be|has to be|must be|is now|is actually|is|was|are|were|to|be)\b ?"
    r"(?:called |named )?(?P<value>.+)$"
)
_NEGATED: Final = re.compile(r"\b(?:not|don't|doesn't|isn't|never|no)\b")
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
    """The values that an utterance changes, by field; none where it isn't clear which."""
    heard = _LEAD_IN.sub("", plain(text))
    if not heard or _AGREED.match(plain(text)):
        return {}
    known = [field for field in fields if field.name in data]
    named = [field for field in known if _names(field, known, heard)]
    changes: dict[str, object] = {}
    for field in named or [field for field in known if field.type not in _NEVER_BARE]:
        value = _value(field, heard, named=bool(named))
        if value is not None and value != data[field.name]:
            changes[field.name] = value
    return changes if len(changes) == 1 else {}


def _names(field: FormField, fields: Sequence[FormField], heard: str) -> bool:
    """Whether a word that no other field's label has names this one."""
    others = {stem for other in fields if other is not field for stem in content_stems(other.label)}
    return bool((content_stems(field.label) - others) & content_stems(heard))


def _value(field: FormField, heard: str, *, named: bool) -> object | None:
    said = _SAYS_WHAT.match(heard) if named else None
    if field.type == "text" and (said is None or _NEGATED.search(heard)):
        return None
    words = _DENIED.sub("", said["value"] if said is not None else heard)
    parsed = parse_field(field, words) or parse_field(field, heard)
    return None if parsed is None else parsed.value
