"""What becomes of an answer whose judge is late, gone, or sees less in it than plain rules do."""

from collections.abc import Callable

import pytest

from dialog.events import AnswerCommitted, AnswerJudged, DistressHeard, FallbackUsed, InterviewPaused
from dialog.judgement import Distress, Judgement, JudgementRequest
from dialog.signals import FinalTranscript, JudgementFailed, TextTyped
from tests.support.blueprints import two_questions
from tests.support.play import Stage

SEVERE = "since then i have thought about suicide a lot"
MODERATE = "i can't talk about this anymore"
CALM = "we did everything by hand back then"

Judge = Callable[[JudgementRequest], Judgement | None]


def judged_by(judge: Judge) -> Stage:
    """A talk in writing whose answers this judge judges."""
    stage = Stage(two_questions(), judge_with=judge, ends_sound=None, channel="text")
    return stage.run_until_floor_is("open")


def types(stage: Stage, text: str) -> None:
    stage.at(stage.now, TextTyped(text, f"typed-{stage.now}"))
    stage.run(stage.now + 30)


def levels(stage: Stage) -> list[str]:
    return [fact.level for fact in stage.facts(DistressHeard) if isinstance(fact, DistressHeard)]


def verdicts(stage: Stage) -> list[tuple[str, str]]:
    facts = [fact for fact in stage.facts(AnswerJudged) if isinstance(fact, AnswerJudged)]
    return [(fact.verdict, fact.judged_by) for fact in facts]


def test_severe_distress_pauses_the_talk_though_the_judge_is_late() -> None:
    stage = judged_by(lambda _: None)
    types(stage, SEVERE)
    committed = [fact.text for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]

    assert ["severe"] == levels(stage)
    assert [("distress", "fallback")] == verdicts(stage)
    assert [SEVERE] == committed
    assert ["distress"] == [fact.reason for fact in stage.facts(InterviewPaused)]  # type: ignore[union-attr]
    assert ["judgement_overdue"] == [fact.reason for fact in stage.facts(FallbackUsed)]  # type: ignore[union-attr]
    assert "paused" == stage.floor


def test_severe_distress_pauses_the_talk_though_the_judge_has_failed() -> None:
    stage = judged_by(lambda _: None)
    stage.at(stage.now, TextTyped(SEVERE, "typed"))
    stage.run(stage.now + 0.01)
    stage.feed(JudgementFailed(1, "no connection"))
    stage.run(stage.now + 20)

    assert ["severe"] == levels(stage)
    assert ["no connection"] == [fact.reason for fact in stage.facts(FallbackUsed)]  # type: ignore[union-attr]
    assert "paused" == stage.floor


@pytest.mark.parametrize(
    ("judged", "text", "expected"),
    [
        (Judgement("sufficient", judged_by="a model"), SEVERE, "severe"),
        (Judgement("off_topic", judged_by="a model"), MODERATE, "moderate"),
        (Judgement("distress", distress="mild", judged_by="a model"), SEVERE, "severe"),
        (Judgement("distress", judged_by="a model"), SEVERE, "severe"),
        (Judgement("distress", distress="severe", judged_by="a model"), MODERATE, "severe"),
        (Judgement("distress", distress="moderate", judged_by="a model"), CALM, "moderate"),
    ],
)
def test_the_graver_of_what_the_judge_and_the_rules_find_counts(
    judged: Judgement, text: str, expected: Distress
) -> None:
    stage = judged_by(lambda _: judged)
    types(stage, text)

    assert [expected] == levels(stage)
    assert [("distress", "a model")] == verdicts(stage)


def test_words_without_distress_are_judged_as_before() -> None:
    late, told = judged_by(lambda _: None), judged_by(lambda _: Judgement("vague", judged_by="a model"))
    for stage in (late, told):
        types(stage, CALM)

    assert [] == levels(late) == levels(told)
    assert ("sufficient", "fallback") == verdicts(late)[0]
    assert ("vague", "a model") == verdicts(told)[0]


def test_distress_in_the_last_words_counts_after_the_judge_was_given_up_on() -> None:
    """The recogniser's last word comes when rules have judged what was known until then."""
    stage = Stage(two_questions(), judge_with=lambda _: None).run_until_floor_is("open")
    end = stage.say(stage.now + 0.4, "since then i have thought about it", last_word=False)
    final = stage._utterance
    while not stage.facts(FallbackUsed):
        assert stage.now < end + 20
        stage.run(stage.now + 0.02)
    stage.feed(FinalTranscript(final, SEVERE, 0.95))
    stage.run(stage.now + 20)

    assert ["severe"] == levels(stage)
