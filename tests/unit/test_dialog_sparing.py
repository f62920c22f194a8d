"""Where a judgement can't change what is asked next, nobody waits for it."""

from collections.abc import Callable, Mapping

import pytest

from dialog.blueprint import Blueprint
from dialog.commands import CancelJudgement
from dialog.events import AnswerJudged, FallbackUsed
from dialog.judgement import Judgement, JudgementRequest
from dialog.policy import PROFILES
from dialog.signals import TextTyped
from dialog.sparing import KNOWN_WAY
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

PLANNED = "on a large sheet"
LONG = f"{PLANNED} of brown paper that my daughter brought home from her school"
NEVER: Mapping[str, object] = {"enabled": False}


def two(patience: str, probing: Mapping[str, object]) -> Blueprint:
    return blueprint(
        question("first", "What do you plan on?", patience=patience, probing=probing),
        question("second", "What else?", patience=patience, probing=probing),
    )


def never(_: JudgementRequest) -> Judgement | None:
    return None


def model(_: JudgementRequest) -> Judgement:
    return Judgement("sufficient", judged_by="a model")


def answered(
    design: Blueprint,
    answer: str,
    judge: Callable[[JudgementRequest], Judgement | None] = never,
    delay: float = 0.64,
) -> Stage:
    """A stage five seconds after the answer to the first question."""
    stage = Stage(design, judge_with=judge, judge_delay=delay)
    stage.run_until_floor_is("open")
    end = stage.say(stage.now + 0.5, answer)
    stage.run(end + 5)
    return stage


def judged(stage: Stage) -> AnswerJudged:
    (fact,) = stage.facts(AnswerJudged)
    assert isinstance(fact, AnswerJudged)
    return fact


def asked_next(stage: Stage) -> float:
    """When the second question was at the ear."""
    return next(
        speech.began_at
        for speech in stage.speeches
        if speech.say.text == "What else?" and speech.began_at is not None
    )


@pytest.mark.parametrize("patience", ["closed", "narrative", "reflect"])
@pytest.mark.parametrize("answer", [PLANNED, LONG])
def test_the_next_question_comes_when_the_hold_is_over_however_late_the_model_is(
    patience: str, answer: str
) -> None:
    stage = answered(two(patience, NEVER), answer)
    by_model = answered(two(patience, NEVER), answer, model, 0)

    assert "embedded" == judged(stage).judged_by
    assert KNOWN_WAY in judged(stage).reasons
    assert [] == stage.facts(FallbackUsed)
    assert asked_next(by_model) == asked_next(stage)


def test_the_model_is_heard_out_meanwhile() -> None:
    stage = answered(two("narrative", NEVER), LONG)

    assert [] == [event for event in stage.events if isinstance(event.body, CancelJudgement)]


def test_a_judgement_that_is_there_by_then_counts() -> None:
    stage = answered(two("narrative", NEVER), PLANNED, model)

    assert "a model" == judged(stage).judged_by
    assert PROFILES["narrative"].hold_duration > 0.64


@pytest.mark.parametrize(
    ("probing", "answer"),
    [
        ({"enabled": True, "max_follow_ups": 1}, PLANNED),
        (NEVER, "what do you mean by that"),
        (NEVER, "i would rather not say anything about that"),
    ],
)
def test_what_may_be_followed_up_or_is_no_answer_is_waited_for(
    probing: Mapping[str, object], answer: str
) -> None:
    stage = answered(two("narrative", probing), answer)

    assert ["judgement_overdue"] == [fact.reason for fact in stage.facts(FallbackUsed)]  # type: ignore[union-attr]


def test_what_is_typed_is_waited_for() -> None:
    stage = Stage(two("narrative", NEVER), judge_with=never).run_until_floor_is("open")
    stage.at(stage.now, TextTyped(PLANNED, "typed"))
    stage.run(stage.now + 5)

    assert "fallback" == judged(stage).judged_by
