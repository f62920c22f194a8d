"""A pause that silence brings about, and those who speak while it is being told."""

import pytest

from dialog import script
from dialog.events import AnswerCommitted, InterviewPaused, InterviewResumed, RemarkMade
from dialog.signals import FinalTranscript, OperatorHandedBack, OperatorTookOver, RightClaimed
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

ANSWER = "well it was a tuesday in march when the whole system went down and i stayed until midnight"
DESIGN = blueprint(
    question("day", "Tell me about a hard day at work.", probing={"enabled": False}),
    question("last", "What else?", probing={"enabled": False}),
)


def being_paused(design: object = DESIGN) -> Stage:
    """A talk in which somebody has thought for so long that they are just told of a pause."""
    stage = Stage(design)  # type: ignore[arg-type]
    while not any(one.say.text == script.PAUSED_SILENCE and one.began_at for one in stage.speeches):
        assert stage.now < 200
        stage.run(stage.now + 0.02)
    return stage


def answers(stage: Stage) -> list[str]:
    return [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]


def remarks(stage: Stage) -> list[tuple[str, str]]:
    return [(fact.meaning, fact.text) for fact in stage.facts(RemarkMade)]  # type: ignore[union-attr]


@pytest.mark.parametrize("after", [0.3, 2.0, 4.0, 4.5, 4.75, 5.3])
def test_an_answer_that_begins_over_or_right_behind_the_word_of_a_pause_is_taken(after: float) -> None:
    stage = being_paused()
    stage.run(stage.say(stage.now + after, ANSWER) + 12)

    assert [ANSWER] == answers(stage)
    assert 1 == len(stage.facts(InterviewPaused)) == len(stage.facts(InterviewResumed))
    assert "What else?" in stage.said()


@pytest.mark.parametrize("words", ["wait i was thinking", "hold on", "no don't pause", "give me a moment"])
def test_who_only_wants_not_to_be_left_alone_has_the_floor_and_has_answered_nothing(words: str) -> None:
    stage = being_paused()
    stage.run(stage.say(stage.now + 1.0, words) + 2)

    assert [("resume", words)] == remarks(stage)
    assert "open" == stage.floor
    assert [] == answers(stage)

    stage.run(stage.say(stage.now + 1.0, ANSWER) + 8)

    assert [ANSWER] == answers(stage)


@pytest.mark.parametrize("words", ["i'm ready", "resume", "i'm back"])
def test_who_is_ready_while_a_pause_is_being_told_is_asked_again(words: str) -> None:
    stage = being_paused()
    stage.run(stage.say(stage.now + 1.0, words) + 8)

    assert [("resume", words)] == remarks(stage)
    assert stage.said()[-1].startswith("Welcome back.")
    assert "open" == stage.floor


@pytest.mark.parametrize("words", ["thank you", "okay", "all right thanks", "mm-hm"])
def test_a_civil_word_over_the_word_of_a_pause_stops_nothing(words: str) -> None:
    stage = being_paused()
    stage.run(stage.say(stage.now + 1.0, words) + 8)

    assert "paused" == stage.floor
    assert [] == stage.facts(InterviewResumed)


def test_what_was_said_before_a_pause_and_comes_late_resumes_nothing() -> None:
    stage = Stage(DESIGN).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 1.0, "let's take a break please") + 6)
    heard = max(turn for event in stage.events for turn in [getattr(event.body, "utterance_id", 0)])
    assert "paused" == stage.floor

    stage.feed(FinalTranscript(heard, "i'm ready", 0.9))
    assert [] == stage.facts(InterviewResumed)

    stage.feed(FinalTranscript(heard + 1, "i'm ready", 0.9))
    assert 1 == len(stage.facts(InterviewResumed))


@pytest.mark.parametrize("after", [0.5, 12.0])
def test_an_operator_ends_a_pause_that_was_being_told_or_had_set_in(after: float) -> None:
    stage = Stage(DESIGN).run_until_floor_is("open")
    stage.feed(RightClaimed("pause"))
    stage.run(stage.now + after)
    stage.feed(OperatorTookOver("Kim"))
    stage.run(stage.now + 20)
    stage.feed(OperatorHandedBack())
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.5, ANSWER) + 8)

    assert [ANSWER] == answers(stage)
    assert 1 == len(stage.facts(InterviewPaused)) == len(stage.facts(InterviewResumed))
    assert "What else?" == stage.said("question")[-1]

    stage.feed(RightClaimed("pause"))
    stage.run(stage.now + 12)

    assert "paused" == stage.floor
