"""Faults of how a question is put: two at once, yes or no, the answer laid in the mouth. Judges one text,
knows no graph."""

import re
from typing import Final

_SENTENCE: Final = re.compile(r"[^.!?…]+[.!?…]*")
_ASKS: Final = r"(?:what|how|why|when|where|who|whom|whose|which)"
_HELPS: Final = r"(?:do|does|did|are|is|was|were|can|could|would|will|have|has|had|should)"
_SUBJECT: Final = (
    r"(?:you|it|they|there|that|this|these|those|your|the|he|she|we|anyone|anybody|someone|people)"
)

_JOINED: Final = re.compile(
    r"(?<!how )(?<!why )(?<!what )(?<!when )(?<!where )(?<!who )"  # "where and how you live" is one question
    rf"\b(?:and|or|as well as|but)\s+(?:also\s+|then\s+)?(?:{_ASKS}\b(?!\s+(?:not|else)\b)"
    rf"|{_HELPS}\s+{_SUBJECT}\b)",
    re.IGNORECASE,
)
_OPENS: Final = re.compile(r"^(?:and|but|or|so)\b[\s,]*", re.IGNORECASE)
_INVITES: Final = re.compile(
    r"^(?:can|could|would|will)\s+you\s+(?:please\s+|just\s+|maybe\s+|perhaps\s+)?(?:be\s+(?:willing"
    r"|able)\s+to\s+|mind\s+|like\s+to\s+)?"
    r"(?:tell|telling|walk|walking|describe|describing|explain|explaining|share|sharing|talk|talking|take"
    r"|taking|"
    r"give|giving|think|say|saying|help|paint|show|recall|remember|start|begin|introduce|go|expand"
    r"|elaborate)\b",
    re.IGNORECASE,
)
_YES_NO: Final = re.compile(
    rf"^(?:(?:so|and|well|now|okay|then|overall|generally|today)[,\s]+)*"
    rf"(?:{_HELPS}|isn't|aren't|don't|doesn't|didn't|won't|wouldn't|haven't)\s+{_SUBJECT}\b",
    re.IGNORECASE,
)
_LEADS: Final = re.compile(
    r"(?:\b(?:don't|doesn't|didn't|isn't|aren't|wasn't|weren't|wouldn't|won't|couldn't|shouldn't|can't"
    r"|haven't)\s+"
    r"(?:you|it|they|that|we|he|she)\b"
    r"|\bwould(?:n't)? you (?:agree|say that)\b|\bdo you agree\b|\bsurely\b|\bobviously\b|\bof course\b"
    r"|\bclearly\b"
    r"|\bhow (?:great|good|bad|awful|terrible|amazing|wonderful|annoying|frustrating|much better"
    r"|much worse)\b"
    r"|\bhow much (?:did|do|does|have|has) (?:you|it|they|this|that)\s+(?:love|like|enjoy|hate|dislike"
    r"|annoy|frustrate|help|improve)\w*\b"
    r"|[,\s](?:right|correct|no|yes)\?\s*$|\bmust have (?:been|felt)\b|\bmost people\b|\beveryone (?:knows"
    r"|says|agrees)\b"
    r"|\bi(?:'m| am) sure\b|\bi assume\b|\bi imagine\b|\bi guess\b|\bpresumably\b|\bso you (?:were|felt"
    r"|think|thought|must)\b)",
    re.IGNORECASE,
)
_RATES: Final = re.compile(
    r"\b(?:on a scale|scale (?:of|from)|rate\b|rating\b|out of (?:ten|five|10|5)|how many stars|from (?:one"
    r"|zero|1|0) to (?:ten|five|10|5))",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    return [found.group().strip() for found in _SENTENCE.finditer(text) if found.group().strip(" .!?…\n")]


def asks_two(text: str) -> bool:
    """More than one question is put: two question marks, or a second question hung on by "and" or "or"."""
    asked = [sentence for sentence in sentences(text) if sentence.endswith("?")]
    return len(asked) > 1 or any(_JOINED.search(_OPENS.sub("", sentence)) for sentence in asked)


def wants_yes_or_no(text: str) -> bool:
    """The question itself can be answered by yes or no. "Can you tell me about …" is an invitation, and is
    not."""
    asked = [sentence for sentence in sentences(text) if sentence.endswith("?")]
    return any(_YES_NO.search(sentence) and not _INVITES.search(sentence) for sentence in asked)


def leads(text: str) -> bool:
    """The wording suggests an answer."""
    return _LEADS.search(text.replace("’", "'")) is not None


def asks_for_rating(text: str) -> bool:
    return _RATES.search(text) is not None


def is_bare_why(text: str) -> bool:
    """Asks "why" with nothing softer around it: heard as a demand to justify oneself."""
    return (
        re.search(
            r"(?:^|[.,!?]\s*|\b(?:and|but|so)\s+)(?:why|how come|what for)\b", text.strip(), re.IGNORECASE
        )
        is not None
    )
