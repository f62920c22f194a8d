"""The last words of a talk: said whole, whatever is said over them or over what goes before them."""

from dialog import script
from dialog.events import AnswerCommitted, AnswerReopened, InterviewFinished, RightUsed
from dialog.run import RunState, fold
from dialog.signals import RightClaimed
from tests.support.blueprints import blueprint, question, two_questions
from tests.support.play import Stage

ANSWER = "last tuesday i missed the train because my phone died and i walked home in the rain"


def outcomes(stage: Stage) -> list[str]:
    return [fact.outcome for fact in stage.facts(InterviewFinished) if isinstance(fact, InterviewFinished)]


def test_a_stop_on_the_page_stands_whatever_is_said_over_the_good_bye() -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.4, ANSWER))
    stage.run_until_floor_is("speaking")
    stage.feed(RightClaimed("stop"))
    stage.say(stage.now + 0.3, "okay thank you goodbye")
    stage.run(stage.now + 30)

    assert [] == stage.facts(AnswerReopened)
    assert ["stopped"] == outcomes(stage)
    assert script.STOPPED == stage.said()[-1]


def test_who_has_stopped_has_stopped_though_the_answer_before_is_taken_back() -> None:
    answer = AnswerCommitted(1, 0, "a", "so it went", 0.9, 1.0, 2.0)
    state: RunState = fold((answer, RightUsed("stop_confirmed"), AnswerReopened(1, 1)))

    assert state.stopped
    assert () == state.answers
