"""Where an interview stands, as a pure fold over its facts: the same facts give the same state, in whatever
session they fell.

Kept words, path, answers and what is being asked all come from here; nobody keeps a second truth.
"""

from collections.abc import Iterable
from functools import reduce
from typing import assert_never

from msgspec.structs import replace

from dialog.claims import without
from dialog.events import (
    AbsenceEnded,
    AnswerCommitted,
    AnswerErased,
    AnswerJudged,
    AnswerReleased,
    AnswerReopened,
    AnswerStruck,
    AnswerTaken,
    AnyFact,
    DataRecorded,
    DistressHeard,
    DraftClosed,
    EndDoubted,
    FallbackUsed,
    FieldMissed,
    FieldPassed,
    FloorChanged,
    InterviewFinished,
    InterviewPaused,
    InterviewResumed,
    NodeClosed,
    NodeEntered,
    NoticeGiven,
    ProbeChosen,
    QuestionAsked,
    RecordingBegan,
    RemarkMade,
    RightUsed,
    SessionClosed,
    SessionOpened,
    SpeechHeard,
    TurnOpened,
    WordsHeard,
)
from dialog.form_facts import FieldsReopened, FormFact, FormReadBack, ValuesDenied
from dialog.provider_facts import ProviderNoted, ProviderUsed
from dialog.run_state import UNTOUCHED, Answer, Asked, NodeState, RunState
from dialog.section_facts import SectionOver


def fold(facts: Iterable[AnyFact]) -> RunState:
    """The state after these facts."""
    return reduce(apply, facts, RunState())


def begin_session(state: RunState, number: int | None = None) -> RunState:
    """The state at the start of a session: its clock begins anew, and no commit of before can be undone."""
    return replace(
        state,
        sessions=state.sessions if number is None else number,
        time=state.time.begun_anew(paused=state.paused),
        before=None,
    )


def _with_node(state: RunState, key: str, node: NodeState) -> RunState:
    return replace(state, nodes={**state.nodes, key: node})


def apply(state: RunState, fact: AnyFact) -> RunState:
    """The state after one more fact. Total: any sequence of facts gives a state."""
    match fact:
        case (
            FloorChanged() | AnswerTaken() | AnswerReleased() | DraftClosed() | FallbackUsed() | NoticeGiven()
        ):
            return state
        case QuestionAsked() | SpeechHeard() | TurnOpened() | WordsHeard():
            return _heard(state, fact)
        case SessionOpened():
            return begin_session(state, state.sessions + 1)
        case NodeEntered():
            return _entered(state, fact)
        case AnswerCommitted():
            return _committed(state, fact)
        case AnswerReopened():
            return _reopened(state, fact)
        case AnswerStruck():
            return _struck(state, fact)
        case RemarkMade():
            latest = max(state.last_turn_id, fact.turn_id)
            state = replace(state, time=state.time.seen(fact.ended_at), last_turn_id=latest)
            if fact.meaning in ("off_topic", "to_us"):
                node = state.node(fact.node_key)
                rebuffed = node.rebuffed + (fact.meaning == "to_us")
                state = _with_node(state, fact.node_key, replace(node, redirected=True, rebuffed=rebuffed))
            if fact.amid and fact.amid == state.kept_turn:  # which goes on without these words
                return replace(state, kept_words=without(state.kept_words, fact.text))
            beside = fact.turn_id != state.kept_turn  # an answer, which goes on
            return state if beside else replace(state, kept_turn=0, kept_words="")
        case SectionOver():
            told_at = state.told_time_at if fact.minutes_left is None else state.time.elapsed(fact.at)
            return replace(state, sections_over=(*state.sections_over, fact.section), told_time_at=told_at)
        case DistressHeard() | DataRecorded() | FieldMissed() | FieldPassed():
            return _at_node(state, fact)
        case ProbeChosen() | AnswerJudged() | NodeClosed():
            return _at_node(state, fact)
        case FormReadBack() | ValuesDenied() | FieldsReopened():
            return _with_node(state, fact.node_key, _read_back(state.node(fact.node_key), fact))
        case RightUsed():
            return replace(state, stopped=True) if fact.right == "stop_confirmed" else state
        case InterviewPaused():
            return replace(state, paused=True, time=state.time.paused(fact.at))
        case InterviewResumed():
            return replace(state, paused=False, time=state.time.resumed(fact.at))
        case AbsenceEnded():
            return replace(state, time=state.time.rest(fact.began_at, fact.ended_at))
        case InterviewFinished():
            return replace(state, finished=fact.outcome, asked=None)
        case EndDoubted() | SessionClosed() | RecordingBegan() | AnswerErased():
            return state
        case ProviderNoted() | ProviderUsed():
            return state
        case _:
            assert_never(fact)


def _entered(state: RunState, fact: NodeEntered) -> RunState:
    state = replace(state, current=fact.node_key, path=(*state.path, fact.node_key), asked=None)
    if fact.reason == "required_left":
        state = replace(state, told_of_time=True)
    if fact.reason != "back":
        return state
    anew = replace(  # a form's values too
        state.node(fact.node_key),
        outcome=None,
        data={},
        data_turns={},
        missed=(),
        passed=(),
        denied=(),
        reopened=(),
        unconfirmed=None,
    )
    return _with_node(state, fact.node_key, anew)


def _heard(state: RunState, fact: QuestionAsked | SpeechHeard | TurnOpened | WordsHeard) -> RunState:
    """What was put to the participant, and what they have said of an answer so far."""
    match fact:
        case QuestionAsked():
            asked = Asked(fact.node_key, fact.kind, fact.text, fact.field, fact.speech_id)
            return replace(state, asked=asked, last_speech_id=max(state.last_speech_id, fact.speech_id))
        case SpeechHeard():
            return replace(
                state,
                opening_heard=state.opening_heard or fact.kind == "opening",
                last_speech_id=max(state.last_speech_id, fact.speech_id),
                time=state.time.seen(fact.began_at),
            )
        case TurnOpened():
            return replace(
                state,
                last_turn_id=max(state.last_turn_id, fact.turn_id),
                kept_turn=fact.turn_id,
                kept_words="",
                kept_revision=0,
            )
        case WordsHeard():
            joined = f"{state.kept_words} {fact.text}".strip()
            words = joined if state.kept_turn == fact.turn_id else fact.text
            ids = state.client_ids | {fact.client_id} if fact.client_id else state.client_ids
            return replace(
                state,
                kept_turn=fact.turn_id,
                kept_words=words,
                client_ids=ids,
                last_turn_id=max(state.last_turn_id, fact.turn_id),
            )
        case _:
            assert_never(fact)


def _committed(state: RunState, fact: AnswerCommitted) -> RunState:
    asked = state.asked.text if state.asked is not None else ""
    answer = Answer(fact.turn_id, fact.node_key, fact.text, fact.confidence, asked, fact.typed, fact.pauses)
    earlier = [other for other in state.answers if other.turn_id == fact.turn_id]
    if earlier:  # an amendment: the words change, nothing else
        answer = replace(answer, asked=earlier[0].asked)
        answers = tuple(answer if other.turn_id == fact.turn_id else other for other in state.answers)
        return replace(state, answers=answers)
    return replace(
        state,
        answers=(*state.answers, answer),
        kept_turn=0,
        kept_words="",
        unanswered_in_a_row=0,
        time=state.time.seen(fact.ended_at),
        last_turn_id=max(state.last_turn_id, fact.turn_id),
        before=replace(state, before=None),
    )


def _reopened(state: RunState, fact: AnswerReopened) -> RunState:
    undone = [answer for answer in state.answers if answer.turn_id == fact.turn_id]
    if state.before is None or not undone:
        return state
    return replace(
        state.before,
        kept_turn=fact.turn_id,
        kept_words=undone[0].text,
        kept_revision=fact.revision,
        last_speech_id=state.last_speech_id,
        last_turn_id=state.last_turn_id,
        client_ids=state.client_ids,
        time=state.time,
        stopped=state.stopped,
    )


def _struck(state: RunState, fact: AnswerStruck) -> RunState:
    answers = tuple(answer for answer in state.answers if answer.turn_id != fact.turn_id)
    nodes = {
        key: _without_turn(node, fact.turn_id) if fact.turn_id in node.data_turns.values() else node
        for key, node in state.nodes.items()
    }
    for answer in state.answers:
        if answer.turn_id == fact.turn_id and not any(other.node_key == answer.node_key for other in answers):
            node = nodes.get(answer.node_key, UNTOUCHED)
            if node.outcome is not None:
                nodes[answer.node_key] = replace(node, outcome="skipped")
    kept = state.kept_turn != fact.turn_id
    return replace(
        state,
        answers=answers,
        nodes=nodes,
        kept_turn=state.kept_turn if kept else 0,
        kept_words=state.kept_words if kept else "",
        before=None,
    )


def _without_turn(node: NodeState, turn_id: int) -> NodeState:
    """A node without the values of one turn: they are gone, and not asked for again."""
    gone = tuple(name for name, turn in node.data_turns.items() if turn == turn_id)
    return replace(_without_fields(node, gone), passed=(*node.passed, *gone), unconfirmed=None)


def _without_fields(node: NodeState, names: tuple[str, ...]) -> NodeState:
    """A node without the values of these fields, whatever was understood at first."""
    data, turns = ({key: of[key] for key in of if key not in names} for of in (node.data, node.data_turns))
    denied = tuple(name for name in node.denied if name not in names)
    return replace(node, data=data, data_turns=turns, denied=denied)


def _read_back(node: NodeState, fact: FormFact) -> NodeState:
    """A form between its last answer and its being left."""
    match fact:
        case FormReadBack():
            return replace(node, unconfirmed=fact.assessed)
        case ValuesDenied():
            return replace(node, denied=fact.fields)
        case FieldsReopened():
            node = replace(
                node,
                missed=tuple(name for name in node.missed if name not in fact.fields),
                passed=tuple(name for name in node.passed if name not in fact.fields),
                reopened=(*node.reopened, *fact.fields),
                unconfirmed=None,
            )
            return _without_fields(node, fact.fields)
        case _:
            assert_never(fact)


_NodeFact = DistressHeard | DataRecorded | FieldMissed | FieldPassed | ProbeChosen | AnswerJudged | NodeClosed


def _at_node(state: RunState, fact: _NodeFact) -> RunState:
    node = state.node(fact.node_key)
    match fact:
        case DataRecorded():
            turns = {**node.data_turns, **dict.fromkeys(fact.data, fact.turn_id)}
            denied = tuple(name for name in node.denied if name not in fact.data)
            node = replace(node, data={**node.data, **fact.data}, data_turns=turns, denied=denied)
        case FieldMissed():
            node = replace(node, missed=(*node.missed, fact.field))
        case FieldPassed():
            node = _without_fields(node, (fact.field,))
            node = replace(node, passed=(*node.passed, fact.field))
        case DistressHeard():
            node = replace(node, distressed=True)
        case ProbeChosen():
            node = replace(node, follow_ups=node.follow_ups + 1)
        case AnswerJudged():
            node = replace(node, failed_probes=_failed(state, node, fact))
        case NodeClosed():
            unanswered = state.unanswered_in_a_row + 1 if fact.outcome == "no_answer" else 0
            state = replace(state, unanswered_in_a_row=unanswered, asked=None)
            node = replace(node, outcome=fact.outcome, unconfirmed=None)
        case _:
            assert_never(fact)
    return _with_node(state, fact.node_key, node)


def _failed(state: RunState, node: NodeState, fact: AnswerJudged) -> int:
    """Probes failed in a row: the reply to the last one brought nothing, by the judge's own word."""
    if state.asked is None or state.asked.kind != "probe":
        return 0
    return node.failed_probes + 1 if "probe_failed" in fact.reasons else 0
