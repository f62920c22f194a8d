"""The last words of an answer, when the recogniser is slow with them."""

import pytest

from dialog.attribution import Attribution
from dialog.events import AnswerCommitted
from dialog.signals import FinalTranscript, PartialTranscript, SpeechStarted, SpeechStopped
from tests.simulation.aftermath import check_fold, check_replay, check_transcript
from tests.support.blueprints import blueprint, question, two_questions
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


@pytest.mark.parametrize("noise", ["mm-hm", "yeah right", "okay"])
@pytest.mark.parametrize("late", [0.1, 1.0])
def test_a_noise_early_in_the_next_question_is_no_part_of_the_answer_before(noise: str, late: float) -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    over = stage.say(stage.now + 0.5, FIRST)
    stage.run(over)
    stage.run_until_floor_is("speaking")
    onset = stage.now + 0.6
    stage.at(onset, SpeechStarted(7))
    stage.at(onset + 0.62, SpeechStopped(7, 0.2, 0.4))
    stage.at(onset + 0.42 + late, PartialTranscript(7, noise, 0.9))
    stage.at(onset + 0.62 + late, FinalTranscript(7, noise, 0.9))
    stage.run(onset + 12)
    answers = [fact.text for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]

    assert {FIRST} == set(answers)
    assert "How did your evening end?" == stage.said("question")[-1]
    assert "open" == stage.floor
    check_replay(stage.events, two_questions())
    check_fold(stage.events, stage.manager._out.state)
    check_transcript(stage.events)


@pytest.mark.parametrize(
    ("first", "then", "value"), [("yes", "no", False), ("no", "yes", True), ("yes", "no problem", True)]
)
def test_a_field_has_the_value_that_was_said_last(first: str, then: str, value: bool) -> None:
    field = {"name": "again", "label": "Would you do it again?", "type": "boolean"}
    form: dict[str, object] = {"type": "form", "key": "f", "text": "One thing.", "fields": [field]}
    design = blueprint(form, question("day", "What did you do on Sunday, then?"))
    stage = Stage(design).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, first))
    while stage.said()[-1] != "What did you do on Sunday, then?" or stage.speeches[-1].began_at is None:
        stage.run(stage.now + 0.02)
    stage.run(stage.say(stage.now + 0.2, then, 0.5) + 8)

    assert {"again": value} == stage.manager._out.state.node("f").data


@pytest.mark.parametrize(
    ("first", "then"), [("yes", "no"), ("no", "yes"), ("yes", "no I don't"), ("no", "actually yes")]
)
@pytest.mark.parametrize(("onset", "length"), [(0.05, 0.2), (0.2, 0.35), (0.9, 0.5)])
def test_a_yes_or_no_is_corrected_by_one_word_over_the_next_question(
    first: str, then: str, onset: float, length: float
) -> None:
    design = blueprint(
        question("smokes", "Do you smoke?"), question("day", "What did you do on Sunday, then?")
    )
    stage = Stage(design).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, first))
    while stage.said()[-1] != "What did you do on Sunday, then?" or stage.speeches[-1].began_at is None:
        stage.run(stage.now + 0.02)
    stage.run(stage.say(stage.now + onset, then, length) + 8)
    answers = [fact.text for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]

    assert [first, f"{first} {then}"] == answers
    check_replay(stage.events, design)
    check_fold(stage.events, stage.manager._out.state)


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        ("it was a long day um can you repeat that question please", ""),
        ("well it was quite a long day um can you repeat the question please", ""),
        ("it was long um can you repeat the question please", ""),
        ("it was a long day um can you repeat that question please so yes", "so yes"),
    ],
)
def test_a_last_word_with_a_word_more_brings_back_nothing_of_a_granted_claim(heard: str, left: str) -> None:
    attribution = Attribution()
    attribution.take(1, "it was a long day um can you repeat the question please", final=False, owned=True)
    attribution.settle(1)

    assert left == attribution.take(1, heard, final=True, owned=True)
