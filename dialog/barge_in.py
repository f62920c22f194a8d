"""What speech over the agent means: a real interruption, a backchannel, or nothing. Decides on voice and
words alone."""

from typing import Literal

from dialog.completeness import content_words
from dialog.policy import Policy
from dialog.rights import is_backchannel, is_stop_phrase

Overlap = Literal["yield", "go_on", "wait"]


def outweighs(text: str) -> bool:
    """Whether words alone are enough to yield to: two of content, or a phrase that says so."""
    return is_stop_phrase(text) or content_words(text) >= 2


def judge_overlap(text: str, voiced: float, still_speaking: bool, policy: Policy) -> Overlap:
    """Whether to yield to `voiced` seconds of speech, of which `text` is known so far.

    Two content words or a stop phrase are enough at once; otherwise half a second of voice that is no
    backchannel. A recogniser that is late leaves `text` empty: then voice alone decides, and what outlasts
    the backchannels that are known of it is something else.
    """
    if outweighs(text):
        return "yield"
    backchannel = is_backchannel(text)
    if backchannel and not still_speaking:
        return "go_on"
    excused = len(text.split()) if backchannel else 0
    if voiced >= policy.barge_in_decision * (1 + excused):
        return "yield"
    return "wait" if still_speaking else "go_on"
