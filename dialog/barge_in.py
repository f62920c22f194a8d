"""What speech over the agent means: a real interruption, a backchannel, or nothing. Decides on voice and
words alone."""

import re
from typing import Final, Literal

from dialog.completeness import content_words
from dialog.forms import clear_answer
from dialog.lexicon import lower_words, plain
from dialog.policy import Policy
from dialog.rights import is_backchannel, is_stop_phrase

Overlap = Literal["yield", "go_on", "wait"]


MOST_WORDS: Final = 7.0
"""In a second of voice. Hurried speech has 6.7; a cough that a recogniser takes for words has more."""

_CLEARLY: Final = frozenset("yes yep no nope".split())
"""Words that are hardly ever a mere sign of listening where the contrary was said a moment ago."""

_ASIDE: Final = re.compile(r"no (?:problem|problems|worries|doubt|idea)\b")
"""These say no to nothing."""

_UNSEEN: Final = 0.05
"""Seconds of a voice that may have passed before it was seen."""


def sayable(text: str, voiced: float) -> bool:
    """Whether so many words can have been said in `voiced` seconds of voice."""
    return len(text.split()) <= MOST_WORDS * (voiced + _UNSEEN)


def goes_on(text: str, voiced: float) -> bool:
    """Whether these words can be an answer going on."""
    return content_words(text) >= 1 and sayable(text, voiced)


def takes_back(text: str, answered: str) -> bool:
    """Whether a "yes" or "no" says the contrary of what was answered: no noise, however short."""
    if _CLEARLY.isdisjoint(lower_words(text)):
        return False
    if _ASIDE.match(plain(text)):
        return False
    return {clear_answer(text), clear_answer(answered)} == {"yes", "no"}


def outweighs(text: str, voiced: float) -> bool:
    """Whether words are enough to yield to: two of content that can have been said, or a phrase that says
    so."""
    return is_stop_phrase(text) or (content_words(text) >= 2 and sayable(text, voiced))


def judge_overlap(text: str, voiced: float, still_speaking: bool, policy: Policy) -> Overlap:
    """Whether to yield to `voiced` seconds of speech, of which `text` is known so far.

    Two content words or a stop phrase are enough at once; otherwise half a second of voice that is no
    backchannel. A recogniser that is late leaves `text` empty: then voice alone decides, and what outlasts
    the backchannels that are known of it is something else.
    """
    if outweighs(text, voiced):
        return "yield"
    backchannel = is_backchannel(text)
    if backchannel and not still_speaking:
        return "go_on"
    excused = len(text.split()) if backchannel else 0
    if voiced >= policy.barge_in_decision * (1 + excused):
        return "yield"
    return "wait" if still_speaking else "go_on"
