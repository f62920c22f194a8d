"""Nobody waits for a judgement that changes no question; what it finds of distress is met all the same."""

from typing import Any, get_args

import pytest

from dialog import script
from dialog.blueprint import Blueprint
from dialog.commands import CancelJudgement
from dialog.events import (
    AnswerCommitted,
    AnswerJudged,
    AnswerStruck,
    AnyFact,
    DistressHeard,
    InterviewFinished,
    InterviewPaused,
    NodeClosed,
    RemarkMade,
    RightUsed,
)
from dialog.judgement import Distress, Judgement, JudgementRequest
from dialog.run import fold
from dialog.signals import (
    OperatorHandedBack,
    OperatorTookOver,
    ParticipantJoined,
    ParticipantLeft,
    RightClaimed,
)
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

ANSWER = "it is only me at the table now and nothing tastes of anything"
FIRST, SECOND, THIRD = "Who do you cook for?", "What did you cook last?", "What will you cook next?"
LINE = "Samaritans, day and night: 116 123"
HELP = f"If you would like to talk to somebody: {LINE}."
LATE = 2.5
"""Seconds after which the model judges: the next question is being said."""


def three(**more: Any) -> Blueprint:
    never = {"enabled": False}
    return blueprint(
        *(
            question(key, text, patience="narrative", probing=never, **more)
            for key, text in (("first", FIRST), ("second", SECOND), ("third", THIRD))
        )
    )


def finds(judgement: Judgement) -> Any:
    """A model that finds this in what was told of the first question, and nothing in all else."""
    calm = Judgement("sufficient", judged_by="a model")
    return lambda request: judgement if request.node_key == "first" else calm


def distress(level: Distress) -> Judgement:
    return Judgement("distress", distress=level, judged_by="a model")


def talk(judgement: Judgement, delay: float = LATE, design: Blueprint | None = None) -> Stage:
    """A talk whose first question has just been answered."""
    stage = Stage(design or three(), judge_with=finds(judgement), judge_delay=delay, help_line=LINE)
    stage.run_until_floor_is("open")
    end = stage.say(stage.now + 0.5, ANSWER)
    return stage.run(end + 0.01)


def said_after_the_answer(stage: Stage) -> list[str]:
    said = [heard.say.text for heard in stage.speeches if heard.say.kind != "acknowledgement"]
    return said[said.index(FIRST) + 1 :]


def levels(stage: Stage) -> list[tuple[str, str]]:
    found = stage.facts(DistressHeard)
    return [(fact.node_key, fact.level) for fact in found if isinstance(fact, DistressHeard)]


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("mild", [SECOND, script.HARD_TOPIC]),
        ("moderate", [SECOND, HELP, script.HARD_TOPIC]),
        ("severe", [SECOND, HELP, script.PAUSED_DISTRESS]),
    ],
)
def test_distress_that_is_found_while_the_next_question_is_said_breaks_that_off(
    level: Distress, said: list[str]
) -> None:
    stage = talk(distress(level))
    stage.run(stage.now + 12)
    second = next(heard for heard in stage.speeches if heard.say.text == SECOND)

    assert said == said_after_the_answer(stage)[: len(said)]
    assert second.fraction < 1.0
    assert [("first", level)] == levels(stage)
    assert [ANSWER] == [
        fact.text for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)
    ]
    assert ["distress"] * (level == "severe") == [
        fact.reason for fact in stage.facts(InterviewPaused) if isinstance(fact, InterviewPaused)
    ]


def test_the_question_that_was_broken_off_is_neither_closed_nor_lost() -> None:
    stage = talk(distress("moderate"))
    stage.run_until_floor_is("open")
    stage.say(stage.now + 0.5, "yes")
    stage.run(stage.now + 6)
    closed = [fact.node_key for fact in stage.facts(NodeClosed) if isinstance(fact, NodeClosed)]

    assert ["first"] == closed
    assert SECOND == said_after_the_answer(stage)[-1]


def test_nobody_is_interrupted_for_it_and_it_is_met_behind_the_next_answer() -> None:
    stage = talk(distress("severe"), delay=5.0)
    stage.run_until_floor_is("open")
    end = stage.say(stage.now + 0.1, "soup", duration=0.5)
    end = stage.say(end + 0.6, "with bread and a little bit of butter", duration=3.0)
    stage.run(end)

    assert [("first", "severe")] == levels(stage)
    assert [] == stage.facts(InterviewPaused)

    stage.run(end + 15)

    assert ["first", "second"] == [
        fact.node_key for fact in stage.facts(AnswerJudged) if isinstance(fact, AnswerJudged)
    ]
    assert [("first", "severe")] == levels(stage)
    assert [HELP, script.PAUSED_DISTRESS] == said_after_the_answer(stage)[-2:]
    assert "paused" == stage.floor


def alone() -> Blueprint:
    return blueprint(question("first", FIRST, patience="narrative", probing={"enabled": False}))


def test_the_good_bye_waits_for_the_model_as_nothing_could_be_met_behind_it() -> None:
    stage = talk(distress("severe"), delay=1.4, design=alone())
    stage.run(stage.now + 12)

    assert [HELP, script.PAUSED_DISTRESS] == said_after_the_answer(stage)
    assert [] == stage.facts(InterviewFinished)


def test_where_help_is_to_be_had_is_said_behind_a_good_bye_that_has_waited_long_enough() -> None:
    stage = talk(distress("severe"), delay=1.9, design=alone())
    stage.run(stage.now + 20)

    assert [("first", "severe")] == levels(stage)
    assert HELP == said_after_the_answer(stage)[-1]
    assert 1.0 == stage.speeches[-1].fraction
    assert [InterviewFinished("completed")] == stage.facts(InterviewFinished)


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("stop", [script.CONFIRM_STOP]),
        ("pause", [script.PAUSED]),
        ("human", [script.NO_CONTACT]),
        ("repeat", [FIRST]),
        ("slower", [script.SLOWER, FIRST]),
        ("skip", [script.SKIPPED, SECOND]),
        ("unrecord", [script.RECORDING_STAYS]),
        ("withdraw", [script.CONFIRM_WITHDRAWAL]),
    ],
)
def test_a_wish_that_only_the_model_has_heard_is_granted_as_if_it_had_not_been_late(
    right: Any, said: list[str]
) -> None:
    stage = talk(Judgement("wants_right", right=right, judged_by="a model"))
    stage.run(stage.now + 8)
    remarks = [(fact.text, fact.meaning) for fact in stage.facts(RemarkMade) if isinstance(fact, RemarkMade)]

    assert [right] == [fact.right for fact in stage.facts(RightUsed) if isinstance(fact, RightUsed)]
    assert [SECOND, *said] == said_after_the_answer(stage)[: 1 + len(said)]
    assert [(ANSWER, right)] == remarks
    assert () == fold(stage.facts(*get_args(AnyFact))).answers


def test_a_question_back_that_only_the_model_has_heard_is_answered() -> None:
    stage = talk(Judgement("asks_back", judged_by="a model"))
    stage.run(stage.now + 8)

    assert script.clarify(stage.manager._interview.node, None) == said_after_the_answer(stage)[1]
    assert "first" == stage.manager._interview.node.key


def test_strike_that_heard_late_erases_the_answer_before_it_and_not_itself() -> None:
    strikes = Judgement("wants_right", right="strike", judged_by="a model")
    calm = Judgement("sufficient", judged_by="a model")
    stage = Stage(
        three(),
        judge_with=lambda request: strikes if request.node_key == "second" else calm,
        judge_delay=LATE,
    )
    for said in ("i cook for the four of us", ANSWER):
        stage.run_until_floor_is("open")
        end = stage.say(stage.now + 0.5, said)
        stage.run(end + 2)
    stage.run(stage.now + 10)
    first = next(fact.turn_id for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted))

    assert [first] == [fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)]


def test_who_has_answered_the_next_question_meanwhile_has_no_wish_of_before() -> None:
    stage = talk(Judgement("wants_right", right="pause", judged_by="a model"), delay=5.0)
    stage.run_until_floor_is("open")
    end = stage.say(stage.now + 0.1, "soup with bread and a little bit of butter on it", duration=4.0)
    stage.run(end + 12)

    assert [] == stage.facts(RightUsed)
    assert THIRD in said_after_the_answer(stage)


@pytest.mark.parametrize(
    "judgement",
    [
        Judgement("sufficient", judged_by="a model"),
        Judgement("off_topic", judged_by="a model"),
        Judgement("refused", judged_by="a model"),
        Judgement("wants_right", right="done", judged_by="a model"),
    ],
)
def test_anything_else_that_comes_too_late_changes_nothing(judgement: Judgement) -> None:
    stage, calm = talk(judgement), talk(Judgement("sufficient", judged_by="a model"))
    until = stage.now + 12
    for one in (stage, calm):
        one.run(until)

    assert said_after_the_answer(calm) == said_after_the_answer(stage)
    assert [] == stage.facts(RightUsed)


def test_what_hasnt_come_by_the_next_answers_commit_is_given_up() -> None:
    asked: list[JudgementRequest] = []

    def silent(request: JudgementRequest) -> None:
        asked.append(request)

    stage = Stage(three(), judge_with=silent).run_until_floor_is("open")
    for _ in range(2):
        stage.run_until_floor_is("open")
        end = stage.say(stage.now + 0.5, ANSWER)
        stage.run(end + 4)
    given_up = [event.body for event in stage.events if isinstance(event.body, CancelJudgement)]

    assert ["first", "second"] == [request.node_key for request in asked]
    assert [CancelJudgement(1)] == given_up


def claimed(right: Any) -> Stage:
    """A talk in which this right is claimed by hand before the model has found severe distress."""
    stage = talk(distress("severe"), delay=4.0)
    stage.run(stage.now + 2.5)
    stage.feed(RightClaimed(right))
    return stage.run(stage.now + 8)


@pytest.mark.parametrize("right", ["back", "skip", "repeat", "pause", "stop"])
def test_distress_is_put_on_record_whatever_its_owner_does_meanwhile(right: Any) -> None:
    assert [("first", "severe")] == levels(claimed(right))


def test_what_is_being_judged_of_an_answer_that_is_erased_is_given_up_at_once() -> None:
    stage = claimed("strike")
    bodies = [event.body for event in stage.events]
    struck = next(place for place, body in enumerate(bodies) if isinstance(body, AnswerStruck))

    assert CancelJudgement(1) in bodies[struck : struck + 6]
    assert [] == levels(stage)


@pytest.mark.parametrize("leave", ["pause", "hang up"])
def test_who_left_before_it_was_found_is_asked_when_they_are_back(leave: str) -> None:
    stage = talk(distress("severe"), delay=4.0)
    stage.run(stage.now + 2.5)
    stage.feed(RightClaimed("pause") if leave == "pause" else ParticipantLeft("lost"))
    stage.run(stage.now + 1.0)
    gone = stage.floor
    stage.run(stage.now + 8)
    stage.feed(
        RightClaimed("resume") if leave == "pause" else ParticipantJoined("webrtc", "", "", None, LINE)
    )
    stage.run(stage.now + 12)

    assert gone in ("speaking", "away")
    assert [("first", "severe")] == levels(stage)
    assert HELP in said_after_the_answer(stage)
    assert [script.HARD_TOPIC] * (leave == "hang up") == [
        heard.say.text for heard in stage.speeches if heard.say.text == script.HARD_TOPIC
    ]


def test_an_operator_who_has_taken_over_is_told_and_sees_to_it() -> None:
    stage = talk(distress("severe"), delay=4.0)
    stage.run(stage.now + 2.5)
    stage.feed(OperatorTookOver("Kim"))
    stage.run(stage.now + 4)
    stage.feed(OperatorHandedBack())
    stage.run(stage.now + 8)

    assert [("first", "severe")] == levels(stage)
    assert [] == stage.facts(InterviewPaused)
