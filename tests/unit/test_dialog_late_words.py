"""The last words of an answer, when the recogniser is slow with them."""

from dialog.events import AnswerCommitted
from dialog.signals import FinalTranscript, PartialTranscript, SpeechStarted, SpeechStopped
from tests.support.blueprints import two_questions
from tests.support.play import Stage

FIRST = "we grew up in a small house by the river"
SECOND = "with my parents and my two sisters"


def answered_late(*, brings: bool) -> list[AnswerCommitted]:
    """Say an answer in two breaths; of the second the recogniser tells three seconds late, or nothing."""
    stage = Stage(two_questions())
    stage.run_until_floor_is("open")
    first_over = stage.say(stage.now + 0.5, FIRST, last_word=False)
    stage.at(first_over + 0.5, SpeechStarted(2))
    over = first_over + 2.0
    stage.at(over + 0.2, SpeechStopped(2, 0.2, 1.4))
    stage.at(over + 1.0, FinalTranscript(1, FIRST, 0.9))
    if brings:
        for late in (1.6, 2.4, 3.2, 4.0):
            words = " ".join(SECOND.split()[: round(late * 2)])
            stage.at(over + late, PartialTranscript(2, words, 0.9))
        stage.at(over + 4.6, FinalTranscript(2, SECOND, 0.9))
    stage.run(over + 12)
    return [fact for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]


def test_a_commit_waits_for_late_words_while_the_recogniser_brings_others() -> None:
    assert [f"{FIRST} {SECOND}"] == [answer.text for answer in answered_late(brings=True)]


def test_a_recogniser_that_has_fallen_silent_is_not_waited_for() -> None:
    assert [FIRST] == [answer.text for answer in answered_late(brings=False)]
