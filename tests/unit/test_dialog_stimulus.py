"""Something to look at: the floor waits for readers, whatever they say meanwhile."""

import pytest

from dialog.events import AnswerCommitted
from dialog.signals import TextTyped
from tests.simulation.designs import showing
from tests.support.play import Stage


@pytest.fixture
def looking() -> Stage:
    return Stage(showing()).run_until_floor_is("stimulus")


def test_who_looks_is_asked_whether_they_are_there_only_after_the_time_of_reading_twice(
    looking: Stage,
) -> None:
    began = looking.now
    looking.run(began + 4)

    assert [] == looking.said("check_in")

    looking.run(began + 120)

    assert looking.said("check_in")


@pytest.mark.parametrize("words", ["resume", "please repeat the question", "please speak more slowly"])
def test_a_wish_while_looking_leaves_nobody_waiting_for_ever(looking: Stage, words: str) -> None:
    looking.feed(TextTyped(words, "m1"))
    looking.run(looking.now + 60)

    assert looking.said("check_in")
    assert [] == looking.facts(AnswerCommitted)


def test_what_is_said_of_it_is_the_answer(looking: Stage) -> None:
    end = looking.say(looking.now + 0.5, "a platform full of people who have waited for an hour")
    looking.run(end + 10)

    answers = [fact for fact in looking.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]
    assert ["a platform full of people who have waited for an hour"] == [answer.text for answer in answers]
