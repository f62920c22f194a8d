"""The last words of a talk: said whole, whatever is said over them or over what goes before them."""

import pytest

from dialog import script
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerStruck,
    InterviewFinished,
    InterviewPaused,
    RightUsed,
)
from dialog.run import fold
from dialog.run_state import RunState
from dialog.signals import (
    MicrophoneMuted,
    OperatorHandedBack,
    OperatorTookOver,
    ParticipantJoined,
    ParticipantLeft,
    RightClaimed,
    SpeechStarted,
    SpeechStopped,
)
from dialog.transcript import transcript
from tests.simulation.aftermath import check_fold
from tests.support.blueprints import blueprint, question, two_questions
from tests.support.play import DETECTOR, Stage
from tests.support.struck_talk import left_after_striking

ANSWER = "last tuesday i missed the train because my phone died and i walked home in the rain"
SEVERE = "since then i have thought about suicide a lot"


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


def back_after_the_last_answer() -> Stage:
    """Severe distress at the last question has paused the talk; its participant has just come back."""
    stage = Stage(blueprint(question("only", "How did it end?"))).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.4, SEVERE)).run_until_floor_is("paused")
    stage.feed(ParticipantLeft("closed"))
    stage.run(stage.now + 5)
    stage.feed(ParticipantJoined("webrtc", DETECTOR))
    return stage


@pytest.mark.parametrize(
    "said",
    ["hello i'm back now and ready to talk with you again", "hello are you there can you hear me now or not"],
)
def test_who_greets_over_the_greeting_still_hears_the_good_bye(said: str) -> None:
    stage = back_after_the_last_answer()
    stage.say(stage.now, said)
    stage.run(stage.now + 60)

    assert "Thank you, good-bye." == stage.said()[-1]
    assert 1.0 == stage.speeches[-1].fraction
    assert ["completed"] == outcomes(stage)
    assert [SEVERE] == [
        each.text for each in stage.facts(AnswerCommitted) if isinstance(each, AnswerCommitted)
    ]


def test_who_talks_on_and_on_after_the_greeting_is_seen_off_all_the_same() -> None:
    stage = back_after_the_last_answer()
    for step in range(6):
        stage.say(stage.now + 4 * step, "hello i am back again and ready to talk")
    stage.run(stage.now + 120)

    assert ["completed"] == outcomes(stage)


def test_who_greets_over_the_greeting_hears_the_question_behind_it() -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.4, SEVERE)).run_until_floor_is("paused")
    stage.feed(ParticipantLeft("closed"))
    stage.run(stage.now + 5)
    stage.feed(ParticipantJoined("webrtc", DETECTOR))
    stage.say(stage.now, "hello i'm back now and ready to talk with you again")
    stage.run(stage.now + 0.5).run_until_floor_is("open")

    assert "How did your evening end?" == stage.said()[-1]
    assert 1.0 == stage.speeches[-1].fraction
    assert [SEVERE] == [
        each.text for each in stage.facts(AnswerCommitted) if isinstance(each, AnswerCommitted)
    ]


def test_last_words_that_were_lost_are_said_again() -> None:
    stage = back_after_the_last_answer()
    stage.run_until_floor_is("speaking")
    stage.manager._turns.give_way(stage.now)  # whatever it is that takes the floor from us
    stage.say(stage.now + 0.2, "so here i am again and ready to talk")
    stage.run(stage.now + 60)

    assert "Thank you, good-bye." == stage.said()[-1]
    assert 1.0 == stage.speeches[-1].fraction
    assert ["completed"] == outcomes(stage)


def test_a_microphone_that_stays_off_does_not_silence_the_good_bye() -> None:
    stage = Stage(two_questions(outro_message="Thank you. " * 40)).run_until_floor_is("open")
    stage.feed(MicrophoneMuted(True))
    stage.run(stage.now + 50)
    stage.feed(RightClaimed("skip"))
    stage.run(stage.now + 1).run_until_floor_is("open")
    stage.feed(RightClaimed("skip"))
    stage.run(stage.now + 60)

    assert [] == stage.facts(InterviewPaused)
    assert 1.0 == stage.speeches[-1].fraction
    assert ["completed"] == outcomes(stage)


def test_an_operator_who_hands_back_in_the_last_words_leaves_nothing_to_be_asked() -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    stage.feed(RightClaimed("stop"))
    stage.feed(OperatorTookOver("Kim"))
    stage.run(stage.now + 5)
    stage.feed(OperatorHandedBack())
    stage.run(stage.now + 30)

    assert [script.OPERATOR_GONE, script.STOPPED] == stage.said()[-2:]
    assert ["stopped"] == outcomes(stage)


def skipping_the_last_question() -> Stage:
    """ "We'll skip that one." has just begun, and nothing is left but to say good-bye."""
    stage = Stage(blueprint(question("only", "How did it end?"))).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.4, "skip this question"))
    while script.SKIPPED not in stage.said():
        stage.run(stage.now + 0.05)
    return stage.run(stage.now + 0.4)


def noise(stage: Stage, when: float, utterance_id: int) -> None:
    """A voice without a word, over the agent, for longer than a cough."""
    stage.at(when, SpeechStarted(utterance_id))
    stage.at(when + 0.9, SpeechStopped(utterance_id, 0.2, 0.9))


def test_who_makes_us_stop_twice_before_the_good_bye_hears_it_all_the_same() -> None:
    stage = skipping_the_last_question()
    noise(stage, stage.now, 50)
    stage.run_until_floor_is("yielded").run_until_floor_is("speaking")
    noise(stage, stage.now + 0.1, 51)
    stage.run_until_floor_is("yielded").run(stage.now + 30)

    assert script.SHALL_I_GO_ON not in stage.said()
    assert "Thank you, good-bye." == stage.said()[-1]
    assert 1.0 == stage.speeches[-1].fraction
    assert ["completed"] == outcomes(stage)


@pytest.mark.parametrize("said", ["can you repeat that please", "go back please", "can we take a break"])
def test_before_the_good_bye_there_is_nothing_left_to_claim(said: str) -> None:
    stage = skipping_the_last_question()
    claimed = len(stage.facts(RightUsed))
    stage.say(stage.now, said)
    stage.run(stage.now + 30)

    assert claimed == len(stage.facts(RightUsed))
    assert "Thank you, good-bye." == stage.said()[-1]
    assert 1.0 == stage.speeches[-1].fraction
    assert ["completed"] == outcomes(stage)


def test_who_asks_to_stop_before_the_good_bye_hears_that_at_once() -> None:
    stage = skipping_the_last_question()
    stage.say(stage.now, "i want to stop the interview")
    stage.run(stage.now + 30)

    assert RightUsed("stop") == stage.facts(RightUsed)[-1]
    assert script.CONFIRM_STOP not in stage.said()
    assert "Thank you, good-bye." == stage.said()[-1]
    assert 1.0 == stage.speeches[-1].fraction
    assert ["completed"] == outcomes(stage)


# Having something erased at the very end


def saying_good_bye() -> Stage:
    """A talk whose last answer is on record, and whose last words have begun two seconds ago."""
    stage = Stage(two_questions(outro_message="Thank you very much for your time. " * 5))
    for answer in (ANSWER, "in the evening Elizabeth came and we sat by the river until it got dark"):
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.4, answer) + 1.5)
    stage.run_until_floor_is("speaking")
    return stage.run(stage.now + 2.5)


def is_struck(stage: Stage) -> bool:
    """The last answer is struck, that is said, and the talk has ended as it would have."""
    struck = [fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)]
    said = stage.said("notice", "outro")
    return (
        [2] == struck
        and said[-2] == script.STRUCK
        and said[-1].startswith("Thank you")
        and outcomes(stage) == ["completed"]
    )


@pytest.mark.parametrize("said", ["strike that please", "oh wait please delete my last answer"])
def test_what_is_said_over_the_good_bye_can_still_erase_the_last_answer(said: str) -> None:
    stage = saying_good_bye()
    stage.say(stage.now + 0.1, said)
    stage.run(stage.now + 60)

    assert is_struck(stage)


@pytest.mark.parametrize("said", ["please erase everything i said", "i withdraw my consent"])
def test_whoever_wants_everything_erased_over_the_good_bye_is_not_asked_a_question_first(said: str) -> None:
    stage = saying_good_bye()
    stage.say(stage.now, said)
    stage.run(stage.now + 60)

    assert () == stage.manager._out.state.answers
    assert 2 <= len(stage.facts(AnswerStruck))
    assert ["completed"] == outcomes(stage)
    assert not any("Shall I" in said for said in stage.said())


@pytest.mark.parametrize("said", ["will you delete my data", "so can i delete everything i said"])
def test_a_question_over_the_good_bye_erases_nothing(said: str) -> None:
    stage = saying_good_bye()
    stage.say(stage.now, said)
    stage.run(stage.now + 60)

    assert 2 == len(stage.manager._out.state.answers)


WHY = "please delete that i don't want Elizabeth to hear it"


def test_why_an_answer_is_erased_over_the_good_bye_is_erased_with_it() -> None:
    stage = saying_good_bye()
    stage.say(stage.now + 0.1, WHY)
    stage.run(stage.now + 60)

    assert [3, 2] == [fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)]
    assert "Elizabeth" not in left_after_striking(stage)
    assert ["completed"] == outcomes(stage)
    check_fold(stage.events, stage.manager._out.state)


def test_why_an_answer_is_erased_over_a_notice_is_erased_with_it() -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.4, ANSWER) + 4).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.4, "can i talk to a human") + 1).run_until_floor_is("speaking")
    stage.run(stage.say(stage.now + 0.5, WHY) + 20)

    assert {1} < {fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)}
    assert "Elizabeth" not in left_after_striking(stage)
    assert "elizabeth" not in str(transcript(stage.events)).lower()
    check_fold(stage.events, stage.manager._out.state)


def test_a_press_during_the_good_bye_can_still_erase_the_last_answer() -> None:
    stage = saying_good_bye()
    stage.feed(RightClaimed("strike"))
    stage.run(stage.now + 60)

    assert is_struck(stage)


def test_nothing_else_is_taken_up_during_the_good_bye() -> None:
    stage = saying_good_bye()
    for right in ("repeat", "skip", "back", "pause", "human"):
        stage.feed(RightClaimed(right))
    stage.run(stage.now + 60)

    assert ["completed"] == outcomes(stage)
    assert [] == stage.facts(RightUsed)
