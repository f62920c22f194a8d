"""Hears what a participant may claim at any moment: repeat, skip, pause, a human, stop. Only an utterance
that is nothing else counts; in the middle of a sentence the same words are the answer. Knows no question."""

import re
from functools import lru_cache
from typing import Final

from dialog.judgement import Right, Wish
from dialog.lexicon import plain
from dialog.requests import ASKING, POLITE, REQUESTS, THANKS

_WHOLE: Final[dict[Right | Wish, re.Pattern[str]]] = {
    right: re.compile(rf"{POLITE}{ASKING}(?:{'|'.join(requests)}){THANKS}")
    for right, requests in REQUESTS.items()
}
_ANY_REQUEST: Final = re.compile(
    rf"{POLITE}{ASKING}(?:{'|'.join(one for requests in REQUESTS.values() for one in requests)}){THANKS}"
)
"""Matches whatever one of them matches: hardly anything is a request, and one look is enough to know."""
_LONGEST_REQUEST: Final = 16
"""Words; whoever says more is telling something."""
_MOST_CHARACTERS: Final = 20 * _LONGEST_REQUEST
"""No need to look at the words of what is longer."""

_BACKCHANNEL: Final = re.compile(
    r"(?:(?:mm-hm|mm-hmm|mhm|mm|mmm|hm|hmm|uh-huh|uh huh|mm hm|mm hmm|uh|um|ah|oh|aha|yeah|yep|yup|yes"
    r"|right|okay|ok|sure|i see|"
    r"got it|gotcha|true|exactly|cool|alright|all right|really|wow|fine|good|no)(?: |$)){1,3}"
)
_TIME: Final = re.compile(
    POLITE
    + r"(?:(?:please )?(?:hold|hang) on(?: (?:a|one|just a) (?:second|sec|minute|moment|bit))?(?: please)?"
    r"|let me (?:just )?(?:think|see|remember|recall|have a think|reflect|consider)(?: (?:about (?:that|it"
    r"|this)(?: one)?|for|a|back)\b.{0,30})?"
    r"|(?:(?:just )?give me|can i (?:have|take|get)|could i (?:have|take|get)|i (?:just )?need|i'd like"
    r"|may i (?:have|take)|let me (?:have|take)) "
    r"(?:just )?(?:a|one|a few|some|another) (?:second|seconds|sec|minute|minutes|moment|moments|time|bit"
    r"|while)(?: (?:to think|here|please|with that|for that|to remember).{0,20})?"
    r"|(?:just )?(?:a|one|just a|just one) (?:second|sec|minute|moment)(?: please)?"
    r"|wait(?: (?:a|one) (?:second|sec|minute|moment))?(?: please)?"
    r"|(?:i'm |i am )?(?:still )?thinking(?: about (?:it|that|this))?"
    r"|(?:that's|that is) a (?:good|tough|hard|difficult|big|great|tricky) (?:one"
    r"|question)(?: let me think.{0,20})?"
    r"|how (?:do|should|can) i (?:put|say) (?:this|that|it)|where do i (?:start|begin))"
    r"(?: (?:um|uh|er|so|please|okay|ok|well|hold on|let me think|let me see))*"
)  # fmt: skip
_STOPS_VOICE: Final = re.compile(
    POLITE
    + r"(?:wait|stop|hang on|hold on|hold it|pause|(?:one|just a) (?:second|sec|moment|minute)|"
    r"no no|let me (?:finish|stop you|interrupt)|can i (?:just |say|interrupt|ask|stop)|could i (?:just "
    r"|say|interrupt|ask|stop)|"
    r"sorry (?:can|could|may|to|but|i)|excuse me|i wasn't (?:done|finished)|i'm not (?:done|finished)"
    r"|i was (?:still )?(?:going to|gonna) say|"
    r"before you go on|actually (?:i|can|wait|no))\b"
)  # fmt: skip


_PREFACE: Final = re.compile(
    POLITE + r"(?:i (?:don't|do not|can't|cannot|couldn't|won't|would rather not|'d rather not)"
    r" (?:really )?(?:want to |wish to |like to |know how to )?(?:answer|hear|follow|understand|say"
    r"|talk about|discuss|like)"
    r"(?: (?:that|this|it|you|this one|that one|the question|anything))?"
    r"|i(?:'m| am) (?:sorry|tired|lost|not sure|not comfortable(?: with (?:that|this))?)|sorry about that"
    r"|my (?:phone is ringing|line is bad)"
    r"|(?:the |it's a |this is a )?(?:bad line|connection is bad)|you're breaking up|that's (?:wrong"
    r"|not right|not what i meant))?"
)
"""What people say ahead of a request, and what is none by itself."""
_PIECES: Final = re.compile(r"[,.;:!?–—]+\s+")


_POINTS: Final = re.compile(r"\b(?:that|this|it|them|those|these|both)\b")
_NAMES_AN_ANSWER: Final = re.compile(r"\b(?:last|previous|answer|reply|response)\b")

LEAD_IN: Final = re.compile(POLITE)
"""What is said ahead of a request for politeness, or on the way to it."""


def begins_a_claim(heard: str, at: int) -> bool:
    """Whether plain words might claim a right from this place on."""
    return _ANY_REQUEST.match(heard, at) is not None


def claim_between(heard: str, start: int, end: int) -> Right | Wish | None:
    """The right that plain words claim from one place to another."""
    if not _ANY_REQUEST.fullmatch(heard, start, end):
        return None
    return next((right for right, whole in _WHOLE.items() if whole.fullmatch(heard, start, end)), None)


@lru_cache(maxsize=8)  # one signal has the same words asked for it more than once
def spoken_right(text: str) -> Right | Wish | None:
    """The right that an utterance claims, or None when it is anything more, or less, than a claim."""
    if len(text) > _MOST_CHARACTERS:
        return None
    claim = _claim(text) or _twice(text)
    if claim is not None:
        return claim
    pieces = [piece for piece in _PIECES.split(text) if plain(piece)]
    if len(pieces) < 2:
        return None
    claims = {_claim(piece) for piece in pieces if not _PREFACE.fullmatch(plain(piece))}
    return claims.pop() if len(claims) == 1 else None


def _claim(text: str) -> Right | Wish | None:
    heard = plain(text)
    if heard.count(" ") >= _LONGEST_REQUEST or not _ANY_REQUEST.fullmatch(heard):
        return None
    for right, whole in _WHOLE.items():
        if whole.fullmatch(heard):
            return right
    return None


def _twice(text: str) -> Right | Wish | None:
    """A right that is claimed twice in one breath: "I missed that can you say it again"."""
    heard = plain(text)
    first = _ANY_REQUEST.match(heard) if heard.count(" ") < _LONGEST_REQUEST else None
    if first is None or heard[first.end() : first.end() + 1] != " ":
        return None
    right = _claim(heard[: first.end()])
    return right if right is not None and right == _claim(heard[first.end() + 1 :]) else None


def points_at_it(text: str) -> bool:
    """Whether a claim is about what was just said back, as "strike that" is, and "my last answer" isn't."""
    heard = plain(text)
    return _POINTS.search(heard) is not None and _NAMES_AN_ANSWER.search(heard) is None


def is_backchannel(text: str) -> bool:
    """Nothing but listening noises: "mm-hm", "right", "yeah okay"."""
    return len(text) <= _MOST_CHARACTERS and _BACKCHANNEL.fullmatch(plain(text)) is not None


def asks_for_time(text: str) -> bool:
    """The participant wants to think: "hold on", "let me think about that", and nothing else yet."""
    if len(text) > _MOST_CHARACTERS:
        return False
    heard = plain(text)
    return heard.count(" ") < _LONGEST_REQUEST and _TIME.fullmatch(heard) is not None


def is_stop_phrase(text: str) -> bool:
    """Said over the agent's voice, this asks it to stop at once; more words may follow. Also every claim of a
    right."""
    heard = plain(text)
    return _STOPS_VOICE.match(heard) is not None or spoken_right(text) not in (None, "done")
