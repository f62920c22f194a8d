"""The judgement of the answer at hand: what is asked of the judge, what has come back, and what is done when
nothing does."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from dialog.answers import distress_in, probe_failed
from dialog.blueprint import Blueprint, FormField, Node
from dialog.commands import CancelJudgement, Judge
from dialog.drafting import anchored, same_words, still_holds
from dialog.events import DraftClosed, FallbackUsed
from dialog.judgement import (
    GRAVITIES,
    UNKNOWN_GRAVITY,
    AssessedEdge,
    Exchange,
    Judgement,
    JudgementRequest,
    Probe,
)
from dialog.outbox import Outbox
from dialog.routing import assessed_edges, probing_ceiling
from dialog.run_state import Answer
from dialog.study import study_of
from dialog.turn import Turn

_EXCHANGES = 40

_About = tuple[int, str, str | None, int | None]
"""Which turn, node and field a judgement is about, and which question."""


class Late(msgspec.Struct, frozen=True):
    """A judgement that was not waited for, of an answer that was gone on from by rules."""

    judgement_id: int
    turn_id: int
    node_key: str


class Assessment:
    """At most one judgement is under way or at hand: a draft, or that of an answer that was taken. One that
    was not waited for is heard out beside it, until the next answer is on the record."""

    def __init__(self, blueprint: Blueprint, out: Outbox) -> None:
        self._blueprint = blueprint
        self._study = study_of(blueprint)
        self._out = out
        self._id = 0
        self._pending: int | None = None
        self._late: Late | None = None
        self._about: _About | None = None
        self._is_draft = False
        self.decision: Judgement | None = None
        self.drafted = False
        """What is decided, or being judged, had been asked for ahead."""
        self.request: JudgementRequest | None = None
        """What the latest judgement rests on."""
        self._told: tuple[Sequence[Answer], tuple[Exchange, ...]] = ((), ())

    def draft(self, turn: Turn, node: Node, field: FormField | None) -> None:
        """Have an answer judged that may still go on, unless just these words are, or were."""
        request = self._request(turn, node, field)
        if not (self._at_hand(self._subject(turn, node, field)) and self._same(request)):
            self._ask(request, self._subject(turn, node, field), draft=True)

    def take(self, turn: Turn, node: Node, field: FormField | None) -> None:
        """Have a taken answer judged: by what was drafted, where that holds, else anew."""
        request, about = self._request(turn, node, field), self._subject(turn, node, field)
        fallen_back = self.decision is not None and self.decision.judged_by == "fallback"
        if self._at_hand(about) and not fallen_back and self._holds(request):
            self.request = request
            self._close_draft(adopted=True)
        else:
            self._ask(request, about, draft=False)

    def revise(self, turn: Turn, node: Node, field: FormField | None) -> bool:
        """A taken answer has other words; returns whether they have to be judged anew."""
        if self._pending is None and self.decision is None:
            return False
        request = self._request(turn, node, field)
        if self._holds(request):
            self.request = request
            return False
        self._ask(request, self._subject(turn, node, field), draft=False)
        return True

    def cancel(self, reason: str = "unneeded") -> None:
        """Forget what was judged or is being judged."""
        if self._pending is not None:
            self._out.append(CancelJudgement(self._pending))
        self._close_draft(adopted=False, reason=reason)
        self._pending = self.decision = None
        self.drafted = False

    def forget(self, reason: str) -> None:
        """Cancel, and keep no word of what was to be judged."""
        self.cancel(reason)
        self.request, self._told = None, ((), ())

    def arrived(self, judgement_id: int, judgement: Judgement) -> bool:
        """JudgementArrived; a stale id does nothing. Returns whether it was awaited."""
        if judgement_id != self._pending:
            return False
        self._pending = None
        self.decision = judgement if self.request is None else _at_least_as_grave(judgement, self.request)
        return True

    def arrived_late(self, judgement_id: int) -> Late | None:
        """The one that was not waited for, where JudgementArrived brings that; None of any other."""
        if self._late is None or self._late.judgement_id != judgement_id:
            return None
        late, self._late = self._late, None
        return late

    def let_go_of_erased(self, open_turn: Turn | None) -> None:
        """Give up what is still being judged of an answer that isn't there any more."""
        late, state = self._late, self._out.state
        if late is None or (open_turn is not None and open_turn.turn_id == late.turn_id):
            return
        if late.turn_id != state.kept_turn and all(one.turn_id != late.turn_id for one in state.answers):
            self._drop_late()

    def failed(self, judgement_id: int, reason: str, node: Node) -> None:
        """JudgementFailed; a stale id does nothing, and a draft is asked for again when it is needed."""
        self.arrived_late(judgement_id)
        if judgement_id != self._pending:
            return
        self._pending = None
        if self._is_draft:
            self.cancel("failed")
        else:
            self._fall_back(node, reason)

    def overdue(self, node: Node) -> None:
        """The deadline has come: go on with what is known by rule."""
        if self.decision is None:
            self._wait_no_longer()
            self._fall_back(node, "judgement_overdue")

    @property
    def awaited(self) -> JudgementRequest | None:
        """What is being judged; None = nothing."""
        return self.request if self._pending is not None else None

    def spare(self, judgement: Judgement) -> None:
        """Go on by this one, and not by what is being judged."""
        self._wait_no_longer()
        self.drafted = False
        self.decision = judgement if self.request is None else _at_least_as_grave(judgement, self.request)

    def on_record(self, turn_id: int) -> None:
        """This answer is: what is still being judged of another has come too late for anything."""
        if self._late is not None and self._late.turn_id != turn_id:
            self._drop_late()

    def go_unheard(self, node: Node, reason: str, instead: Probe | None) -> None:
        """No voice can be had in time for the probe that was decided on: ask `instead`, or go on."""
        if self.decision is not None:
            self._out.append(FallbackUsed(node.key, reason))
            reasons = (*self.decision.reasons, reason)
            self.decision = replace(self.decision, probe=instead, reasons=reasons)

    def _at_hand(self, about: _About) -> bool:
        return self._about == about and (self._pending is not None or self.decision is not None)

    def _same(self, request: JudgementRequest) -> bool:
        return self.request is not None and same_words(self.request.answer, request.answer)

    def _holds(self, request: JudgementRequest) -> bool:
        """Whether what is being judged, or was decided, counts for these words too."""
        decision = self.decision
        if decision is None:
            return self._same(request)
        if (
            not self._same(request)
            and decision.judged_by != "fallback"
            and not still_holds(decision, request)
        ):
            return False
        if decision.probe is not None:
            decision = replace(decision, probe=anchored(decision.probe, request.answer))
        self.decision = _at_least_as_grave(decision, request)
        return True

    def _wait_no_longer(self) -> None:
        self._drop_late()
        if self._pending is not None and self._about is not None:
            self._late = Late(self._pending, self._about[0], self._about[1])
            self._pending = None

    def _drop_late(self) -> None:
        if self._late is not None:
            self._out.append(CancelJudgement(self._late.judgement_id))
            self._late = None

    def _ask(self, request: JudgementRequest, about: _About, *, draft: bool) -> None:
        self.cancel("words")
        if self._late is not None and self._late.turn_id == about[0]:
            self._drop_late()
        self._id += 1
        self._pending, self._about, self.request = self._id, about, request
        self._is_draft = self.drafted = draft
        self._out.append(Judge(self._id, request, draft))

    def _close_draft(self, *, adopted: bool, reason: str = "") -> None:
        if self._is_draft:
            self._is_draft = False
            self._out.append(DraftClosed(self._id, adopted, reason))

    def _fall_back(self, node: Node, reason: str) -> None:
        state = self._out.state.node(node.key)
        self._out.append(FallbackUsed(node.key, reason))
        probe = None
        if node.fallback_probe and state.follow_ups == 0 and probing_ceiling(self._blueprint, node) > 0:
            probe = Probe("general", "tell_me_more", node.fallback_probe)
        known = Judgement("sufficient", probe, reasons=(reason,), judged_by="fallback")
        self.decision = known if self.request is None else _at_least_as_grave(known, self.request)
        self.drafted = False

    def _subject(self, turn: Turn, node: Node, field: FormField | None) -> _About:
        asked = self._out.state.asked
        name = field.name if field is not None else None
        return turn.turn_id, node.key, name, asked.speech_id if asked is not None else None

    def _exchanges(self, turn: Turn, node: Node) -> tuple[Exchange, ...]:
        """Earlier exchanges, made anew only when there is another answer, and the probe that this one
        answers: nothing may be asked twice."""
        asked = self._out.state.asked
        if asked is not None and asked.kind == "probe" and asked.node_key == node.key:
            return (*self._earlier(), Exchange(node.key, asked.text, turn.text))
        return self._earlier()

    def _earlier(self) -> tuple[Exchange, ...]:
        answers = self._out.state.answers
        if self._told[0] is not answers:
            told = tuple(Exchange(one.node_key, one.asked, one.text) for one in answers[-_EXCHANGES:])
            self._told = (answers, told)
        return self._told[1]

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
            exchanges=self._exchanges(turn, node),
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
            study=self._study,
        )


def _at_least_as_grave(judgement: Judgement, request: JudgementRequest) -> Judgement:
    """The judgement, or distress where rules find more of it in the words than whoever judged.

    A judge that is late, or gone, or less alarmed must not let it pass.
    """
    level = distress_in(request.latest)
    if level is None:
        return judgement
    if judgement.verdict == "distress":
        known = judgement.distress or UNKNOWN_GRAVITY
        if GRAVITIES.index(known) >= GRAVITIES.index(level):
            return judgement
    reasons = (*judgement.reasons, f"distress:{level}")
    return replace(judgement, verdict="distress", distress=level, probe=None, right=None, reasons=reasons)
