"""Judging ahead: when an answer that isn't over is worth a judgement, and whether one made on fewer words
holds for the present ones. Nothing durable rests on a draft, and nobody hears of one that was thrown away."""

import re
from typing import Final

from msgspec.structs import replace

from dialog.commands import AnyCommand, Judge
from dialog.embedded_interviewer import judge
from dialog.events import AnyFact
from dialog.judgement import Judgement, JudgementRequest, Probe, Verdict
from dialog.policy import Policy
from dialog.turn_taking import TurnTaking

_GROWING: Final[frozenset[Verdict]] = frozenset(("sufficient", "vague", "general"))
"""Verdicts on an answer that more words of the same kind leave standing."""
_TURNING: Final[frozenset[Verdict]] = frozenset(
    ("refused", "off_topic", "asks_back", "wants_right", "distress", "contradictory")
)
"""What rules find in an answer after which no earlier judgement of it counts."""

_WORDS: Final = re.compile(r"[\w'’-]+")


class Drafting:
    """The clock of drafts: at a silence of 0.4 s, and every 8 s of a long answer. That a recogniser believes
    in an end needs none."""

    def __init__(self, policy: Policy, turns: TurnTaking) -> None:
        self._policy = policy
        self._turns = turns
        self._judged = (0, 0)
        """Turn and revision of the latest draft."""
        self._judged_at = 0.0
        self.worthwhile = True
        """Whoever judges takes time for it. Rules don't: they are asked when it is due."""

    def set_clock(self, now: float) -> None:
        """Say when the answer, as it stands now, should be judged ahead."""
        if not self.worthwhile:
            return
        turns = self._turns
        turn, state = turns.turn, turns.state
        if (
            turn is None
            or state not in ("hearing", "lull")
            or turn.revision == 0
            or self._judged == (turn.turn_id, turn.revision)
        ):
            turns.timers.cancel("draft")
        elif state == "lull":
            turns.timers.set("draft", max(now, turn.ended_at + self._policy.draft_silence))
        else:
            since = max(self._judged_at, turn.began_at)
            turns.timers.set("draft", max(now, since + self._policy.draft_interval))

    def drawn_up(self, now: float) -> None:
        """The clock has come: the present words count as judged, whatever comes of it."""
        turn = self._turns.turn
        if turn is not None:
            self._judged, self._judged_at = (turn.turn_id, turn.revision), now


def as_logged(output: AnyCommand | AnyFact) -> AnyCommand | AnyFact:
    """What the log keeps of an output: of a judgement's request not the study, which is in the blueprint, and
    of a draft's not the exchanges before, which are on the log anyhow; most drafts are thrown away, and there
    are several of each answer."""
    if not isinstance(output, Judge):
        return output
    request = output.request
    if output.draft:
        return replace(output, request=replace(request, study=None, exchanges=()))
    return output if request.study is None else replace(output, request=replace(request, study=None))


def same_words(one: str, other: str) -> bool:
    """Whether two texts differ at most in case and punctuation, as a last transcript does from a partial."""
    if one == other:
        return True
    one, other = one.casefold(), other.casefold()
    # An answer that has grown differs in its last word, which is soon found.
    ends = [_WORDS.findall(text[text.rfind(" ") + 1 :])[-1:] for text in (one, other)]
    if all(ends) and ends[0] != ends[1]:
        return False
    return _WORDS.findall(one) == _WORDS.findall(other)


def still_holds(judgement: Judgement, request: JudgementRequest) -> bool:
    """Whether a judgement made on fewer words than `request` has holds for these.

    Rules are asked anew: it costs nothing. Values and assessed ways may hang on any word. An advance is
    looked at again by rules; a probe needs the words that it hangs on, or, hanging on none, that rules would
    ask as well.
    """
    if judgement.judged_by == "embedded" or judgement.verdict not in _GROWING:
        return False
    if request.fields or request.edges:
        return False
    by_rules = judge(request)
    if by_rules.verdict in _TURNING:
        return False
    probe = judgement.probe
    if probe is None:
        return True
    return bool(anchored(probe, request.answer).span) if probe.span else by_rules.probe is not None


def anchored(probe: Probe, answer: str) -> Probe:
    """The probe with its span as it stands in `answer` now, byte by byte; "" when it stands there no more."""
    if not probe.span or probe.span in answer:
        return probe
    words = _WORDS.findall(probe.span)
    found = re.search(r"[^\w'’-]+".join(map(re.escape, words)), answer, re.I) if words else None
    return replace(probe, span=found.group() if found else "")
