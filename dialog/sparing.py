"""Going on without a judgement: where it can't change what is asked next, nobody waits for a model. Has rules
judge instead; knows nothing of how the floor is held."""

from typing import Final

from msgspec.structs import replace

from dialog.assessment import Assessment
from dialog.embedded_interviewer import judge
from dialog.judgement import JudgementRequest
from dialog.turn_taking import TurnTaking

KNOWN_WAY: Final = "known_way"
"""Among the reasons of a judgement that was made by rules because it was not worth waiting for."""
MOST_WORDS: Final = 4
"""Of a spoken answer that rules can see through: "yes", a number, a name. In more words somebody can say that
they are better off dead without one that rules know; only a model finds that, and it is waited for."""
_ANSWERS: Final = frozenset(("sufficient", "vague", "general", "missing", "already_given"))
"""Verdicts of rules on what is an answer, and no request, question, refusal or sign of distress."""


class Sparing:
    """The clock of judgements that are not waited for."""

    def __init__(self, turns: TurnTaking, assessment: Assessment) -> None:
        self._turns = turns
        self._assessment = assessment
        self._timed: JudgementRequest | None = None
        """Whose clock was set: it runs once."""

    def set_clock(self, now: float) -> None:
        """No judgement is there: say how long it still has, if nothing else is awaited."""
        request, turn = self._assessment.awaited, self._turns.turn
        if request is None or request is self._timed or not _way_is_known(request):
            return
        if turn is None or turn.typed or turn.word_count > MOST_WORDS:
            return
        if self._turns.taking.ready(now):
            self._timed = request
            self._turns.timers.set("spare", now + self._turns.floor.policy.spare_judgement_delay)

    def due(self) -> None:
        """The clock has come: go on by rules, unless they find what a model should look at."""
        request = self._assessment.awaited
        if request is not None and _way_is_known(request):
            found = judge(request)
            if found.verdict in _ANSWERS:
                self._assessment.spare(replace(found, probe=None, reasons=(*found.reasons, KNOWN_WAY)))


def _way_is_known(request: JudgementRequest) -> bool:
    """Whether nothing that may be asked next hangs on it: no follow-up, no value, no condition of an edge."""
    return request.follow_ups_left == 0 and not request.fields and not request.edges
