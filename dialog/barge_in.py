"""What speech over the agent means: a real interruption, a backchannel, or nothing. Decides on voice and
words alone."""

from typing import Literal

from dialog.completeness import content_words
from dialog.policy import Policy
from dialog.rights import is_backchannel, is_stop_phrase

Overlap = Literal["yield", "go_on", "wait"]


def judge_overlap(text: str, voiced: float, still_speaking: bool, policy: Policy) -> Overlap:
    """Whether to yield to `voiced` seconds of speech, of which `text` is known so far.

    Two content words or a stop phrase are enough at once; otherwise half a second of voice that is no
    backchannel. A recogniser that is late leaves `text` empty: then voice alone decides.
    """
    if is_stop_phrase(text) or content_words(text) >= 2:
        return "yield"
    if text and is_backchannel(text):
        return "wait" if still_speaking and voiced < 2 * policy.barge_in_decision else "go_on"
    if voiced >= policy.barge_in_decision:
        return "yield"
    return "wait" if still_speaking else "go_on"
