"""What is asked next: walks the graph, asks questions and fields, follows up, and closes. Knows no voice and
no silence."""

from collections.abc import Callable, Collection, Mapping

from msgspec.structs import replace

from dialog import script
from dialog.answers import probe_failed
from dialog.blueprint import Blueprint, FormField, Node
from dialog.commands import HangUp
from dialog.corrections import wants_reading_back
from dialog.events import (
    AnswerJudged,
    DataRecorded,
    FallbackUsed,
    FieldMissed,
    FieldPassed,
    FinalOutcome,
    InterviewFinished,
    NodeClosed,
    NodeEntered,
    NoticeGiven,
    Outcome,
    ProbeChosen,
)
from dialog.form_facts import FormReadBack
from dialog.judgement import ASKS_WHO, ASKS_WHY, CARRYING_CONFIDENCE, Judgement, Vetted
from dialog.outbox import Outbox
from dialog.policy import Policy, Profile
from dialog.prompter import Prompter
from dialog.question_patience import QuestionPatience
from dialog.routing import next_route
from dialog.terms import Terms
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking
from dialog.vetting import Vetting


class Interview:
    """One run over its blueprint. Every method takes `now` in session seconds."""

    def __init__(
        self,
        blueprint: Blueprint,
        metadata: Mapping[str, object],
        policy: Policy,
        out: Outbox,
        turns: TurnTaking,
        prompter: Prompter,
    ) -> None:
        self.blueprint = blueprint
        self._metadata = metadata
        self._out = out
        self._turns = turns
        self._prompter = prompter
        self.patience = QuestionPatience(policy)
        self.terms = Terms(blueprint, policy.time_reserve)
        self.vetting = Vetting(blueprint, self.terms, out)
        self.closing: FinalOutcome | None = None
        """The outcome, once the last words are being said."""
        self._last_words = ""
        self.at_section_break: Callable[[Node, float], bool] = lambda left, now: False
        """Told of the node that was left when the next one is entered; whether that one's question waits."""
        self.read_back: Callable[[float], None] = lambda now: None
        """Reads the present form's values back, from the beginning."""

    @property
    def node(self) -> Node:
        """The node that the interview is at."""
        key = self._out.state.current
        if key is None:
            raise AssertionError("the interview is at no node")
        return self.blueprint.graph.nodes[key]

    @property
    def field(self) -> FormField | None:
        """The form's field that the participant was asked for; None at other nodes, and when all are done."""
        asked = self._out.state.asked
        if asked is not None and asked.node_key == self.node.key and asked.field is not None:
            for field in self.node.fields or []:
                if field.name == asked.field:
                    return field
        return self._next_field

    @property
    def _next_field(self) -> FormField | None:
        node, state = self.node, self._out.state.node(self.node.key)
        for field in node.fields or []:
            if field.name not in state.data and field.name not in state.passed:
                return field
        return None

    @property
    def profile(self) -> Profile:
        """How patiently the present question is listened to."""
        return self.patience.profile(self.node, self.field)

    @property
    def unconfirmed(self) -> bool:
        """Whether the present node is a form that was read back and not left yet."""
        key = self._out.state.current
        return key is not None and self._out.state.node(key).unconfirmed is not None

    # Asking

    def begin(self, now: float, *, written: bool) -> None:
        """The opening, and the first question after it; `written` to somebody who types."""
        if not self._out.state.opening_heard:
            self._prompter.say("opening", script.opening(self.blueprint, written=written), now)
        self._out.append(NodeEntered(self.blueprint.graph.entry_node, None, "entry"))
        self.ask(now)

    def ask(self, now: float) -> None:
        """Ask the present node's question, or its next field's."""
        field = self._next_field
        again = field is not None and field.name in self._out.state.node(self.node.key).reopened
        words = script.re_ask if again else script.ask
        self._put("question", words(self.node, field), field, now)

    def ask_again(self, now: float) -> None:
        """Repeat what was asked last, in the same words; ask what is open where nothing was asked yet."""
        asked = self._out.state.asked
        if self.unconfirmed:
            return self.read_back(now)
        if asked is None:
            return self.go_on(now)
        self._put("re_ask", asked.text, self.field, now)

    def _put(self, kind: str, text: str, field: FormField | None, now: float) -> None:
        node = self.node
        self._turns.expect(node.key, self.patience.profile(node, field))
        name = field.name if field is not None else None
        if kind == "re_ask":
            self._prompter.say("re_ask", text, now, node_key=node.key, barge_in=node.barge_in)
        elif kind == "probe":
            self._prompter.ask("probe", text, node.key, now, field=name, barge_in=node.barge_in)
        else:
            self._prompter.ask("question", text, node.key, now, field=name, barge_in=node.barge_in)

    # Answers

    def commit(
        self, turn: Turn, judgement: Judgement, vetted: Vetted, now: float, *, drafted: bool = False
    ) -> None:
        """Put an answer on the record, and go on as it was judged, with what may be said of it."""
        node, field = self.node, self.field
        reasons = judgement.reasons
        if self._reply_failed(turn, node):
            reasons = (*reasons, "probe_failed")
        self._record_answer(turn)
        self._out.append(
            AnswerJudged(turn.turn_id, node.key, judgement.verdict, judgement.judged_by, reasons, drafted)
        )
        if field is not None and judgement.verdict != "refused":
            self._field_answered(turn, judgement, field, now)
            return
        if vetted.refused:
            self._out.append(FallbackUsed(node.key, "guard: " + ", ".join(vetted.refused)))
        if (probe := vetted.probe) is not None:
            self._out.append(ProbeChosen(node.key, probe))
            self._put("probe", probe.text, None, now)
            return
        if judgement.verdict == "already_given":
            self._prompter.say("notice", script.ALREADY_GIVEN, now)
        self.leave_node("refused" if judgement.verdict == "refused" else "answered", now, judgement.assessed)

    def _record_answer(self, turn: Turn) -> None:
        asked = self._out.state.asked
        self._out.append(turn.committed(asked.speech_id if asked is not None else None))

    def amend(self, turn: Turn) -> None:
        """A last word came after the commit: the record gets it, nothing else changes."""
        for answer in self._out.state.answers:
            if answer.turn_id == turn.turn_id and answer.text != turn.text:
                self._record_answer(turn)

    def _reply_failed(self, turn: Turn, node: Node) -> bool:
        asked = self._out.state.asked
        if asked is None or asked.kind != "probe":
            return False
        earlier = " ".join(one.text for one in self._out.state.answers_at(node.key))
        return probe_failed(turn.text, earlier)

    def _field_answered(self, turn: Turn, judgement: Judgement, field: FormField, now: float) -> None:
        node = self.node
        known = {one.name for one in node.fields or []}
        found = {name: value for name, value in judgement.data.items() if name in known}
        if found:
            self._out.append(DataRecorded(node.key, found, turn.turn_id))
        if field.name not in found:
            misses = self._out.state.node(node.key).missed.count(field.name)
            self._out.append(FieldMissed(node.key, field.name))
            if misses == 0:
                return self._put("re_ask", script.re_ask(node, field), field, now)
            if misses == 1 and field.required and turn.confidence < CARRYING_CONFIDENCE:
                self._out.append(NoticeGiven("misheard", script.MISHEARD_OFFER, ("type", "skip", "repeat")))
                return self._put("re_ask", script.MISHEARD_OFFER, field, now)
            self._out.append(FieldPassed(node.key, field.name))
        if self._next_field is None and wants_reading_back(node.key, self._out.state, judgement):
            self._out.append(FormReadBack(node.key, judgement.assessed))
            self.read_back(now)
        else:
            self._after_field(now, judgement.assessed)

    def _after_field(self, now: float, assessed: tuple[int, ...] = ()) -> None:
        if self._next_field is not None:
            return self.ask(now)
        answered = bool(self._out.state.node(self.node.key).values)
        self.leave_node("answered" if answered else "no_answer", now, assessed)

    def correct(self, turn: Turn, data: dict[str, object]) -> None:
        """Put other values on record than those that were read back."""
        self._record_answer(turn)
        self._out.append(DataRecorded(self.node.key, data, turn.turn_id))

    def put_right(self, turn: Turn, node_key: str) -> None:
        """Put on record what puts an answer at another node right."""
        self._out.append(replace(turn.committed(None), node_key=node_key))

    def leave_form(self, now: float) -> None:
        """Go on from a form that was read back: what somebody said is wrong is no answer, though nobody knows
        what would be right."""
        form = self._out.state.node(self.node.key)
        for name in form.denied:
            self._out.append(FieldPassed(self.node.key, name))
        self._after_field(now, form.unconfirmed or ())

    def filled(self, turn: Turn, data: dict[str, object], now: float) -> None:
        """Values entered on the page: the whole form at once."""
        node = self.node
        self._record_answer(turn)
        self._out.append(DataRecorded(node.key, data, turn.turn_id))
        known = self._out.state.node(node.key).values.keys() | data.keys()
        for field in node.fields or []:
            if field.name not in known:
                self._out.append(FieldPassed(node.key, field.name))
        self.leave_node("answered" if known else "skipped", now)

    def commit_only(self, turn: Turn, judgement: Judgement) -> None:
        """Put an answer on the record without going on from it."""
        self._record_answer(turn)
        self._out.append(
            AnswerJudged(
                turn.turn_id, self.node.key, judgement.verdict, judgement.judged_by, judgement.reasons
            )
        )

    def leads_back(self, turn: Turn, judgement: Judgement) -> bool:
        """Whether this is straying that is led back: as the agent is told to, once a node. Nobody strays in
        words that were badly recognised."""
        if judgement.verdict != "off_topic" or turn.confidence < CARRYING_CONFIDENCE:
            return False
        allowed = self.blueprint.agent.boundaries.off_topic_handling == "allow"
        return not allowed and not self._out.state.node(self.node.key).redirected

    def redirect(self, now: float) -> None:
        """Lead back to the question."""
        self._put("re_ask", script.redirect(self.blueprint, self.node, self.field), self.field, now)

    def clarify(self, now: float) -> None:
        """Say what is meant: neither an answer nor a probe."""
        self._put("re_ask", script.clarify(self.node, self.field), self.field, now)

    def give_back(self, reasons: Collection[str], now: float) -> None:
        """Asked who we are, why we ask or what we think: say the former, decline the latter, and give the
        question back."""
        text = script.WHY_WE_ASK if ASKS_WHY in reasons else script.DECLINE_OPINION
        text = script.WHO_WE_ARE if ASKS_WHO in reasons else text
        self._prompter.say("notice", text, now)
        self.ask_again(now)

    # Going on

    def skip(self, now: float) -> None:
        """Leave the present field or node unanswered, at the participant's wish."""
        field = self.field
        if self._out.state.asked is None:  # between two questions: there is none to skip
            self.go_on(now)
        elif self.unconfirmed:
            self.leave_form(now)
        elif field is not None and len(self.node.fields or []) > 1:
            self._out.append(FieldPassed(self.node.key, field.name))
            self._after_field(now)
        else:
            self.leave_node("skipped", now)

    def no_answer(self, now: float) -> None:
        """A closed question that stayed without an answer; of a form, its field alone."""
        if (field := self.field) is None:
            return self.leave_node("no_answer", now)
        self._out.append(FieldPassed(self.node.key, field.name))
        self._after_field(now)

    def back(self, now: float) -> bool:
        """Ask the previous question again; what was answered stays on record. False when there is none."""
        path = self._out.state.path
        if len(path) < 2:
            return False
        self._out.append(NodeEntered(path[-2], None, "back"))
        self.ask(now)
        return True

    def leave_node(self, outcome: Outcome, now: float, assessed: tuple[int, ...] = ()) -> None:
        """Close the present node and ask the next question, or end."""
        self.close_node(outcome)
        self._advance(now, assessed)

    def close_node(self, outcome: Outcome) -> None:
        """Ask nothing more at the present node."""
        self._out.append(NodeClosed(self.node.key, outcome))

    def go_on(self, now: float) -> None:
        """Ask what is open after a break in between two questions."""
        if self._out.state.node(self.node.key).outcome is None:
            self.ask(now)
        else:
            self._advance(now)

    def _advance(self, now: float, assessed: tuple[int, ...] = ()) -> None:
        state = self._out.state
        held, short = frozenset(assessed), self.terms.short_of_time(state, now)
        route = next_route(self.blueprint, state, self._metadata, held, short)
        if route.node_key is None:
            left = short and next_route(self.blueprint, state, self._metadata, held, False).node_key
            outcome: FinalOutcome = "time" if left or state.told_of_time else "completed"
            self.close(outcome, script.outro(self.blueprint), now)
            return
        if route.reason == "required_left" and not state.told_of_time:
            self._prompter.say("notice", script.SHORT_OF_TIME, now)
        node_left = self.node
        self._out.append(NodeEntered(route.node_key, route.edge, route.reason))
        if not self.at_section_break(node_left, now):
            self.ask(now)

    def close(self, outcome: FinalOutcome, words: str, now: float) -> None:
        """Say the last words; the interview is over when they have been heard."""
        self.closing, self._last_words = outcome, words
        self.part(now)

    def part(self, now: float) -> None:
        """Say the last words, which may have been lost to what was said before them."""
        self._prompter.say("outro", self._last_words, now, barge_in=False)

    def finish(self) -> None:
        """The last words have been heard."""
        self._out.append(InterviewFinished(self.closing or "completed"))
        self._turns.suspend("close")
        self._out.append(HangUp("finished"))
