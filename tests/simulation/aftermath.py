"""What must be true of a talk's log, whole or cut off anywhere. Knows nothing of how it was made."""

from collections.abc import Sequence
from random import Random

from msgspec.structs import replace

from dialog.blueprint import Blueprint
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerStruck,
    AnyFact,
    Event,
    Fact,
    QuestionAsked,
    RemarkMade,
    TurnOpened,
    WordsHeard,
)
from dialog.likely_claims import MEANING as UNSURE
from dialog.manager import Manager
from dialog.run import fold
from dialog.run_state import RunState
from dialog.signals import Signal
from dialog.transcript import transcript
from tests.support.play import Stage


def facts_of(events: Sequence[Event]) -> tuple[AnyFact, ...]:
    """The facts among the events, in order."""
    return tuple(event.body for event in events if isinstance(event.body, Fact))


def check_replay(events: Sequence[Event], blueprint: Blueprint, facts: tuple[AnyFact, ...] = ()) -> None:
    """The same signals at the same times bring the same outputs, in the same places."""
    again = Manager(blueprint, facts=facts)
    expected: list[object] = []
    outputs: list[object] = []
    for event in events:
        if isinstance(event.body, Signal):
            assert expected == outputs, f"the replay differs before event {event.seq}"
            expected, outputs = [], list(again.handle(event.body, event.at))
        else:
            expected.append(event.body)
    assert expected == outputs, "the replay differs at the end"


def check_fold(events: Sequence[Event], state: RunState, facts: tuple[AnyFact, ...] = ()) -> None:
    """What the core knows of the run is what its facts say."""
    folded = fold((*facts, *facts_of(events)))

    assert state == replace(folded, time=state.time)


def check_turns(events: Sequence[Event], state: RunState) -> None:
    """Every turn with words was committed, or remarked, or struck, or is kept for the next time."""
    facts = facts_of(events)
    opened = {fact.turn_id for fact in facts if isinstance(fact, TurnOpened)}
    beside = {(fact.amid, fact.text) for fact in facts if isinstance(fact, RemarkMade)}
    worded = {
        fact.turn_id
        for fact in facts
        if isinstance(fact, WordsHeard) and (fact.turn_id, fact.text) not in beside
    }
    committed, remarked, unsure = set(), set(), set()
    for fact in facts:
        match fact:
            case AnswerCommitted():
                committed.add(fact.turn_id)
            case AnswerReopened():
                committed.discard(fact.turn_id)
            case RemarkMade():
                remarked.add(fact.turn_id)
                unsure |= {fact.turn_id} if fact.meaning == UNSURE else set()
            case WordsHeard() if fact.turn_id in unsure:  # no claim, but an answer after all
                unsure.discard(fact.turn_id)
                remarked.discard(fact.turn_id)
            case _:
                pass
    struck = {fact.turn_id for fact in facts if isinstance(fact, AnswerStruck)}

    assert not committed & remarked, f"both answer and remark: {committed & remarked}"
    left = (worded & opened) - committed - remarked - struck - {state.kept_turn}
    assert not left, f"turns without an end: {left}"


def check_transcript(events: Sequence[Event]) -> None:
    """Whatever was heard stands in the transcript, unless it was struck."""
    facts = facts_of(events)
    struck = {fact.turn_id for fact in facts if isinstance(fact, AnswerStruck)}
    written: dict[int | None, set[str]] = {}
    for entry in transcript(events):
        if entry.role == "participant":
            written.setdefault(entry.turn_id, set()).update(entry.content.split())
    for fact in facts:
        if isinstance(fact, WordsHeard) and fact.turn_id not in struck:
            missing = set(fact.text.split()) - written.get(fact.turn_id, set()) - written.get(0, set())
            assert not missing, f"{missing} of {fact} stand nowhere"


def check_resuming(events: Sequence[Event], blueprint: Blueprint, rng: Random) -> None:
    """From the facts up to any signal the talk goes on where it was, and asks nothing that is settled."""
    places = [place for place, event in enumerate(events) if isinstance(event.body, Signal)]
    if not places:
        return
    facts = facts_of(events[: rng.choice(places)])
    before = fold(facts)
    stage = Stage(blueprint, facts=facts).run(4)
    if before.finished is not None:
        assert stage.manager.finished
        assert [] == stage.said()
        return
    entered = before.current or blueprint.graph.entry_node
    settled = {key for key, node in before.nodes.items() if node.outcome is not None}
    asked = [fact.node_key for fact in stage.facts(QuestionAsked)]  # type: ignore[union-attr]

    assert stage.said(), f"nobody says a word after {len(facts)} facts"
    assert not set(asked) & settled, f"asked again: {asked} of {settled}"
    if before.node(entered).outcome is None:
        assert entered == stage.manager._out.state.current


def check_any_cut(events: Sequence[Event], blueprint: Blueprint, rng: Random) -> None:
    """Even facts cut off in the midst of an event's give a talk that goes on."""
    facts = facts_of(events)
    Stage(blueprint, facts=facts[: rng.randrange(len(facts) + 1)]).run(20)
