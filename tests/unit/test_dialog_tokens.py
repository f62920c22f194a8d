"""The little words that say an answer was heard: how often, which, and when not."""

from itertools import pairwise

from dialog.script import ACKNOWLEDGEMENTS
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

ANSWERS = (
    "i got up at seven and made a pot of coffee",
    "then the train was late by twenty minutes again",
    "my colleague had brought a cake for everybody",
)


def answers(count: int, *texts: str) -> Stage:
    """A stage on which so many questions were answered."""
    stage = Stage(blueprint(*(question(f"q{n}", f"What about part {n}?") for n in range(count + 1))))
    for number in range(count):
        stage.run_until_floor_is("open")
        end = stage.say(stage.now + 0.5, texts[number % len(texts)])
        stage.run(end + 3.5)
    return stage


def test_there_are_three_to_five_of_them_and_none_comes_twice_running() -> None:
    said = answers(12, *ANSWERS).said("acknowledgement")

    assert 3 <= len(ACKNOWLEDGEMENTS) <= 5
    assert len(said) > 3
    assert all(one != other for one, other in pairwise(said))


def test_at_most_three_answers_in_five_get_one() -> None:
    for count in range(2, 12):
        assert len(answers(count, *ANSWERS).said("acknowledgement")) <= 0.6 * count


def test_two_of_them_are_four_seconds_apart() -> None:
    stage = answers(12, "yes we did that", "no we did not do that")
    began = [speech.said_at for speech in stage.speeches if speech.say.kind in ("acknowledgement", "cue")]

    assert all(later - earlier >= 4.0 for earlier, later in pairwise(began))


def test_a_word_of_feeling_gets_none() -> None:
    assert [] == answers(1, "my sister died in june and i was devastated").said("acknowledgement")


def test_an_answer_whose_take_was_taken_back_gets_no_second_one() -> None:
    stage = Stage(blueprint(question("a", "What is first?"), question("b", "What is second?")))
    stage.run_until_floor_is("open")
    end = stage.say(stage.now + 0.5, ANSWERS[0])
    stage.run_until_floor_is("hold")
    end = stage.say(stage.now + 0.1, "and then i read the paper for half an hour")
    stage.run(end + 6)

    assert stage.now - end > 4.0
    assert 1 == len(stage.said("acknowledgement"))
