"""What a yes or no is asked for before anything else: until when it is awaited, and what becomes of it when
none comes."""

from typing import Any

import pytest

from dialog import script
from dialog.events import (
    InterviewFinished,
    InterviewPaused,
    NodeClosed,
    QuestionAsked,
    RightUsed,
)
from dialog.signals import FormFilled, OperatorHandedBack, OperatorTookOver, ParticipantJoined, RightClaimed
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

ALONE: dict[str, object] = {
    "type": "form",
    "key": "alone",
    "text": "Do you live alone?",
    "fields": [{"name": "alone", "label": "Do you live alone?", "type": "boolean"}],
}
CONFIRMATIONS = {
    "stop": ("stop the interview", script.CONFIRM_STOP),
    "hard_topic": ("sorry i'm crying", script.HARD_TOPIC),
    "other_topic": ("i can't talk about this anymore", script.OTHER_TOPIC),
}


def design() -> Any:
    return blueprint(question("first", "How did it begin?"), ALONE, question("last", "How did it end?"))


def says(stage: Stage, text: str, then: float = 12.0) -> None:
    stage.run(stage.say(stage.now + 0.4, text) + then)


def asked_to_confirm(what: str) -> Stage:
    """A talk in which this has just been asked, to its last word, and not been answered yet."""
    said, words = CONFIRMATIONS[what]
    stage = Stage(design()).run_until_floor_is("open")
    stage.say(stage.now + 0.4, said)
    while words not in stage.said():
        stage.run(stage.now + 0.1)
    return stage.run_until_floor_is("open")


def questions(stage: Stage) -> list[str]:
    return [fact.text for fact in stage.facts(QuestionAsked) if isinstance(fact, QuestionAsked)]


@pytest.mark.parametrize("what", CONFIRMATIONS)
def test_a_confirmation_without_an_answer_is_asked_again_and_then_paused_for(what: str) -> None:
    stage = asked_to_confirm(what)
    before = len(stage.speeches)
    stage.run(stage.now + 60)

    assert [CONFIRMATIONS[what][1], script.PAUSED_SILENCE] == stage.said()[before:]
    assert "paused" == stage.floor
    assert ["silence"] == [
        fact.reason for fact in stage.facts(InterviewPaused) if isinstance(fact, InterviewPaused)
    ]
    assert ["How did it begin?"] == questions(stage)


def test_the_check_ins_of_the_question_before_leave_a_confirmation_its_own() -> None:
    quick = blueprint(ALONE, question("last", "How did it end?"))
    stage = Stage(quick).run_until_floor_is("open")
    stage.run_until_floor_is("speaking").run_until_floor_is("open")  # a check-in
    stage.say(stage.now + 0.2, "stop the interview")
    while script.CONFIRM_STOP not in stage.said():
        stage.run(stage.now + 0.1)
    stage.run_until_floor_is("open").run(stage.now + 5)

    assert 2 == stage.said().count(script.CONFIRM_STOP)


def test_a_yes_to_a_later_question_does_not_end_an_interview_whose_end_nobody_confirmed() -> None:
    stage = asked_to_confirm("stop")
    stage.run(stage.now + 60)
    stage.feed(RightClaimed("resume"))
    stage.run_until_floor_is("open")
    says(stage, "it began when i was young and we moved to the coast")
    says(stage, "yes")

    assert ["How did it begin?", "Do you live alone?", "How did it end?"] == questions(stage)
    assert RightUsed("stop_confirmed") not in stage.facts(RightUsed)
    assert [] == stage.facts(InterviewFinished)


@pytest.mark.parametrize("what", CONFIRMATIONS)
@pytest.mark.parametrize("right", ["skip", "back", "strike", "human"])
def test_a_right_claimed_instead_of_an_answer_takes_the_confirmation_back(what: str, right: Any) -> None:
    stage = asked_to_confirm(what)
    stage.feed(RightClaimed(right))
    stage.run(stage.now + 0.5).run_until_floor_is("open")

    assert stage.manager._moments.yes_or_no.awaited is None
    assert stage.manager._interview.profile == stage.manager._turns.floor.profile


@pytest.mark.parametrize("what", CONFIRMATIONS)
@pytest.mark.parametrize("said", ["can you repeat that please", "slower please"])
def test_who_did_not_hear_what_is_to_be_confirmed_is_asked_it_again(what: str, said: str) -> None:
    stage = asked_to_confirm(what)
    before = len(stage.said())
    says(stage, said)

    assert CONFIRMATIONS[what][1] in stage.said()[before : before + 2]
    assert what == stage.manager._moments.yes_or_no.awaited


def test_a_skip_while_a_stop_is_to_be_confirmed_leaves_the_next_yes_its_meaning() -> None:
    stage = asked_to_confirm("stop")
    stage.feed(RightClaimed("skip"))
    stage.run(stage.now + 0.5).run_until_floor_is("open")
    says(stage, "yes")

    assert ["How did it begin?", "Do you live alone?", "How did it end?"] == questions(stage)
    assert [] == stage.facts(InterviewFinished)


def test_a_form_filled_in_while_a_stop_is_to_be_confirmed_takes_it_back() -> None:
    stage = Stage(blueprint(ALONE, question("last", "How did it end?"))).run_until_floor_is("open")
    stage.say(stage.now + 0.2, "stop the interview")
    while script.CONFIRM_STOP not in stage.said():
        stage.run(stage.now + 0.1)
    stage.run_until_floor_is("open")
    stage.feed(FormFilled("alone", {"alone": True}))
    stage.run(stage.now + 0.5).run_until_floor_is("open")
    says(stage, "it all ended when we sold the house by the sea")

    assert ["Do you live alone?", "How did it end?"] == [each.rstrip() for each in questions(stage)]
    assert RightUsed("stop_confirmed") not in stage.facts(RightUsed)


def test_an_operator_who_takes_over_takes_the_confirmation_back() -> None:
    stage = asked_to_confirm("stop")
    stage.feed(OperatorTookOver("Kim"))
    stage.feed(OperatorHandedBack())
    stage.run(stage.now + 0.5).run_until_floor_is("open")

    assert stage.manager._moments.yes_or_no.awaited is None


def test_a_topic_that_was_to_be_left_is_not_come_back_to_when_nobody_answered() -> None:
    stage = asked_to_confirm("other_topic")
    stage.run(stage.now + 60)
    stage.feed(ParticipantJoined("webrtc"))
    stage.run_until_floor_is("open")

    assert [NodeClosed("first", "answered")] == stage.facts(NodeClosed)
    assert ["How did it begin?", "Do you live alone?"] == questions(stage)


def test_what_is_to_be_confirmed_is_asked_again_when_it_was_talked_over_twice() -> None:
    stage = asked_to_confirm("other_topic")
    before = len(stage.speeches)
    stage.manager._moments.yes_or_no.ask_whether_to_go_on(stage.now)

    assert "other_topic" == stage.manager._moments.yes_or_no.awaited
    assert before == len(stage.speeches)
