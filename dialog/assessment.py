"""The judgement of the answer at hand: what is asked of the judge, what has come back, and what is done when
nothing does."""

from dialog.answers import probe_failed
from dialog.blueprint import Blueprint, FormField, Node
from dialog.commands import CancelJudgement, Judge
from dialog.events import FallbackUsed
from dialog.judgement import AssessedEdge, Exchange, Judgement, JudgementRequest, Probe
from dialog.outbox import Outbox
from dialog.routing import assessed_edges, probing_ceiling
from dialog.turn import Turn

_EXCHANGES = 40


class Assessment:
    """At most one judgement is under way."""

    def __init__(self, blueprint: Blueprint, out: Outbox) -> None:
        self._blueprint = blueprint
        self._out = out
        self._next_id = 1
        self._pending: int | None = None
        self._words = ""
        self.decision: Judgement | None = None
        self.request: JudgementRequest | None = None
        """What the latest judgement was asked on."""

    def start(self, turn: Turn, node: Node, field: FormField | None) -> None:
        """Ask for a judgement on the present words, in place of any that is under way."""
        self.cancel()
        self._words = turn.text
        self._pending = self._next_id
        self._next_id += 1
        self.request = self._request(turn, node, field)
        self._out.append(Judge(self._pending, self.request))

    def outdated_by(self, turn: Turn) -> bool:
        """Whether what was judged, or is being judged, are other words than these."""
        return turn.text != self._words and (self._pending is not None or self.decision is not None)

    def cancel(self) -> None:
        """Forget what was judged or is being judged."""
        if self._pending is not None:
            self._out.append(CancelJudgement(self._pending))
        self._pending = self.decision = None

    def arrived(self, judgement_id: int, judgement: Judgement) -> None:
        """JudgementArrived; a stale id does nothing."""
        if judgement_id == self._pending:
            self._pending, self.decision = None, judgement

    def failed(self, judgement_id: int, reason: str, node: Node) -> None:
        """JudgementFailed; a stale id does nothing."""
        if judgement_id == self._pending:
            self._pending = None
            self._fall_back(node, reason)

    def overdue(self, node: Node) -> None:
        """The deadline has come: go on with what is known by rule."""
        if self.decision is None:
            if self._pending is not None:
                self._out.append(CancelJudgement(self._pending))
                self._pending = None
            self._fall_back(node, "judgement_overdue")

    def _fall_back(self, node: Node, reason: str) -> None:
        state = self._out.state.node(node.key)
        self._out.append(FallbackUsed(node.key, reason))
        probe = None
        if node.fallback_probe and state.follow_ups == 0 and probing_ceiling(self._blueprint, node) > 0:
            probe = Probe("general", "tell_me_more", node.fallback_probe)
        self.decision = Judgement("sufficient", probe, reasons=(reason,), judged_by="fallback")

    def _request(self, turn: Turn, node: Node, field: FormField | None) -> JudgementRequest:
        state, agent = self._out.state, self._blueprint.agent
        here = state.answers_at(node.key)
        answer = " ".join([*(part.text for part in here), turn.text])
        node_state = state.node(node.key)
        ceiling = probing_ceiling(self._blueprint, node)
        failed = node_state.failed_probes
        if state.asked is not None and state.asked.kind == "probe":
            failed = failed + 1 if probe_failed(turn.text, " ".join(part.text for part in here)) else 0
        open_fields = [one for one in node.fields or [] if one.name not in node_state.data]
        if field is not None:
            open_fields = [field, *(one for one in open_fields if one.name != field.name)]
        techniques = node.probing.techniques or agent.techniques
        return JudgementRequest(
            node_key=node.key,
            node_type=node.type,
            question=node.text,
            objective=node.objective,
            completion_hint=node.probing.completion_hint,
            answer=answer,
            latest=turn.text,
            confidence=turn.confidence,
            exchanges=tuple(
                Exchange(one.node_key, one.asked, one.text) for one in state.answers[-_EXCHANGES:]
            ),
            follow_ups_asked=node_state.follow_ups,
            follow_ups_left=max(0, ceiling - node_state.follow_ups),
            failed_probes=failed,
            depth=agent.probing_depth,
            techniques=tuple(techniques),
            sensitive_topics=tuple(agent.boundaries.sensitive_topics),
            fallback_probe=node.fallback_probe,
            clarification=node.clarification,
            fields=tuple(one.model_dump(exclude_none=True) for one in open_fields),
            edges=tuple(
                AssessedEdge(index, words) for index, words in assessed_edges(self._blueprint.graph, node.key)
            ),
        )
