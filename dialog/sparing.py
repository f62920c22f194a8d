"""Going on without a judgement: where it can't change what is asked next, nobody waits for a model. Has rules
judge instead; knows nothing of how the floor is held."""

from typing import Final

from msgspec.structs import replace

from dialog.assessment import Assessment
from dialog.blueprint import Graph
from dialog.embedded_interviewer import judge
from dialog.judgement import JudgementRequest
from dialog.turn_taking import TurnTaking

KNOWN_WAY: Final = "known_way"
"""Among the reasons of a judgement that was made by rules because it was not worth waiting for."""
_ANSWERS: Final = frozenset(("sufficient", "vague", "general", "missing", "already_given"))
"""Verdicts of rules on what is an answer, and no request, question, refusal or sign of distress. What a model
finds beyond that comes late (dialog.late_judgements)."""


class Sparing:
    """Judgements that are not waited for."""

    def __init__(self, graph: Graph, turns: TurnTaking, assessment: Assessment) -> None:
        self._graph = graph
        self._turns = turns
        self._assessment = assessment
        self._doubted: JudgementRequest | None = None
        """What rules were asked about in vain: they are asked once."""

    def go_on(self, now: float) -> bool:
        """No judgement is there: have rules judge, if nothing else is awaited and nothing hangs on it.
        Returns whether they did."""
        request, turn = self._assessment.awaited, self._turns.turn
        if request is None or request is self._doubted or not self._way_is_known(request):
            return False
        if turn is None or turn.typed or not self._turns.taking.ready(now):
            return False
        found = judge(request)
        if found.verdict not in _ANSWERS:
            self._doubted = request
            return False
        self._assessment.spare(replace(found, probe=None, reasons=(*found.reasons, KNOWN_WAY)))
        return True

    def _way_is_known(self, request: JudgementRequest) -> bool:
        """Whether nothing that may be asked next hangs on it: no follow-up, no value, no condition of an
        edge. Behind the last question nothing is asked, in which what comes late could be met."""
        hangs = request.follow_ups_left > 0 or request.fields or request.edges
        return not hangs and bool(self._graph.edges_from(request.node_key))
