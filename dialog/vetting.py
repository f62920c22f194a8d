"""Which probe may be asked: within the ceilings, past the guard, else one whose words are known. Remembers
what was said in a talk only to look at it sooner."""

from dialog import script
from dialog.blueprint import Blueprint, Node
from dialog.guarding.said import Heard
from dialog.judgement import Judgement, JudgementRequest, Probe, Vetted
from dialog.outbox import Outbox
from dialog.probe_guard import check_probe
from dialog.routing import probing_ceiling
from dialog.terms import Terms


class Vetting:
    """One session's. `now` is in session seconds."""

    def __init__(self, blueprint: Blueprint, terms: Terms, out: Outbox) -> None:
        self._blueprint = blueprint
        self._terms = terms
        self._out = out
        self._heard = Heard()

    def vet(self, node: Node, judgement: Judgement, request: JudgementRequest | None, now: float) -> Vetted:
        """The probe to ask, if any: nothing unguarded is spoken, nor given to a voice. Refused, the
        researcher's own or a neutral one takes its place, unless that was asked here already."""
        probe = judgement.probe
        so_far = self._out.state.node(node.key)
        left = probing_ceiling(self._blueprint, node) - so_far.follow_ups
        if probe is None or left <= 0 or so_far.distressed or self._terms.short_of_time(self._out.state, now):
            return Vetted()
        written = probe.text in (node.fallback_probe, script.NEUTRAL_PROBE)
        refused = () if written or request is None else tuple(check_probe(probe, request, self._heard))
        return Vetted(probe if not refused else self.known_probe(node, probe.deficiency), refused)

    def known_probe(self, node: Node, deficiency: str) -> Probe | None:
        """A probe whose words were made ahead and that wasn't asked here yet."""
        state = self._out.state
        asked = {answer.asked for answer in state.answers_at(node.key)}
        asked.add(state.asked.text if state.asked is not None else "")
        for text in (node.fallback_probe, script.NEUTRAL_PROBE):
            if text and text not in asked:
                return Probe(deficiency, "tell_me_more", text)
        return None

    def forget(self) -> None:
        """Keep nothing of what was said: some of it has been struck."""
        self._heard = Heard()
