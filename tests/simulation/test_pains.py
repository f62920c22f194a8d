"""What people complain of when they talk with voice agents: each a claim that it does not happen here."""

import pytest

from dialog.commands import Duck, HoldSpeech, Judge, Say, StopSpeech, Unduck
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerTaken,
    FallbackUsed,
    InterviewPaused,
    NodeEntered,
    ProbeChosen,
    QuestionAsked,
    SpeechHeard,
)
from dialog.signals import (
    FinalTranscript,
    JudgementArrived,
    JudgementFailed,
    PartialTranscript,
    SpeechStarted,
    SpeechStopped,
)
from tests.simulation.designs import closed, probing
from tests.support.blueprints import blueprint, question, two_questions
from tests.support.play import Stage

ANSWER = "i got up at seven and made a pot of coffee for my sister"
LONG_QUESTION = "And now tell me about the evening before, from the moment you came home until you slept?"


def asked(stage: Stage) -> Stage:
    """The stage when its first question has just been heard."""
    return stage.run_until_floor_is("open")


def committed(stage: Stage) -> list[str]:
    return [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]


def commands(stage: Stage, kind: type) -> list[float]:
    """When commands of this kind were given."""
    return [event.at for event in stage.events if isinstance(event.body, kind)]


def test_one_turn_brings_one_reply_however_often_its_transcript_and_judgement_come() -> None:
    stage = asked(Stage(two_questions()))
    end = stage.say(stage.now + 0.5, ANSWER)
    for delay in (0.5, 0.9, 1.4, 2.0, 3.0):
        stage.at(end + delay, FinalTranscript(1, ANSWER, 0.9))
    stage.run(end + 1.5)
    (judged,) = [event.body for event in stage.events if isinstance(event.body, Judge)]
    late = [event.body for event in stage.events if isinstance(event.body, JudgementArrived)]
    for delay in (0.0, 0.4, 2.0):
        stage.at(end + 1.5 + delay, JudgementArrived(judged.judgement_id, late[0].judgement))
    stage.run(end + 4.5)

    assert [ANSWER] == committed(stage)
    assert ["morning", "evening"] == [fact.node_key for fact in stage.facts(QuestionAsked)]  # type: ignore[union-attr]
    assert 1 == len(stage.said("acknowledgement"))


@pytest.mark.parametrize("pause", [0.4, 0.9, 1.5])
def test_a_slow_speaker_who_pauses_in_mid_clause_is_not_cut_off(pause: float) -> None:
    stage = asked(Stage(two_questions(), ends_sound=0.02))
    said = ["so i got up and then", "i went to the kitchen because", "my sister was there and we had coffee"]
    end = stage.now + 0.5
    for part in said:
        end = stage.say(end + pause, part)
    stage.run(end + 6)

    assert [" ".join(said)] == committed(stage)[:1]
    assert 1 == len(stage.facts(AnswerTaken))


def test_a_question_begun_in_a_thinking_pause_is_taken_back_and_the_answer_goes_on() -> None:
    stage = asked(Stage(two_questions()))
    end = stage.say(stage.now + 0.5, ANSWER)
    stage.run(end + 1.9)
    assert "speaking" == stage.floor
    end = stage.say(stage.now, "and then my sister told me about her new job")
    stage.run(end + 5)

    assert 1 == len(stage.facts(AnswerReopened))
    assert f"{ANSWER} and then my sister told me about her new job" == committed(stage)[-1]


def test_a_voice_of_which_no_transcript_comes_is_asked_again_within_six_seconds() -> None:
    stage = asked(Stage(two_questions()))
    end = stage.now + 1.5
    stage.at(stage.now + 0.5, SpeechStarted(1))
    stage.at(end, SpeechStopped(1, 0.2, 0.9))
    stage.run(end + 6)

    assert 1 == len(stage.said("re_ask"))
    assert [] == committed(stage)


def test_a_recogniser_that_stops_in_mid_answer_loses_no_word_and_ends_the_turn() -> None:
    stage = asked(Stage(two_questions()))
    end = stage.say(stage.now + 0.5, ANSWER, last_word=False)
    stage.run(end + 6)

    assert [ANSWER] == committed(stage)
    assert ["morning", "evening"] == [fact.node_key for fact in stage.facts(NodeEntered)]  # type: ignore[union-attr]


def test_a_voice_that_never_stops_and_never_speaks_is_taken_for_noise_and_pauses() -> None:
    stage = asked(Stage(two_questions()))
    stage.at(stage.now + 0.5, SpeechStarted(1))
    stage.run(stage.now + 90)

    assert 1 == len([text for text in stage.said("notice") if "sound around you" in text])
    assert ["noise"] == [fact.reason for fact in stage.facts(InterviewPaused)]  # type: ignore[union-attr]


def test_words_without_any_voice_activity_are_an_answer() -> None:
    stage = asked(Stage(two_questions()))
    end = stage.say(stage.now + 0.5, ANSWER, voice=False)
    stage.run(end + 6)

    assert [ANSWER] == committed(stage)


@pytest.mark.parametrize("word", ["yes", "no", "sure", "nope", "never"])
def test_a_one_word_answer_to_a_closed_question_is_answered_within_a_second(word: str) -> None:
    stage = asked(Stage(closed()))
    end = stage.say(stage.now + 0.3, word, 0.35)
    stage.run(end + 4)
    commit = next(event.at for event in stage.events if isinstance(event.body, AnswerCommitted))

    assert [word] == committed(stage)
    assert commit - end < 1.0


def over_the_question() -> Stage:
    """A stage in the midst of a long question, with something answered before."""
    long = question("evening", LONG_QUESTION)
    stage = asked(Stage(blueprint(question("morning", "How did your morning begin?"), long)))
    end = stage.say(stage.now + 0.5, ANSWER)
    stage.run(end + 5.0)
    assert "speaking" == stage.floor
    return stage


def test_an_interruption_is_ducked_at_once_and_nothing_is_said_after_it_is_stopped() -> None:
    stage = over_the_question()
    began = stage.now
    stage.say(began, "wait i want to say something about that")
    stage.run(began + 3)
    stopped = commands(stage, StopSpeech)
    said = [at for at in commands(stage, Say) if at > began]

    assert commands(stage, Duck)[-1] - began < 0.1
    assert commands(stage, HoldSpeech)[-1] - began < 0.6
    assert stopped[-1] - began < 1.0
    assert [] == said


@pytest.mark.parametrize("noise", ["mm-hm", "yeah", "okay", "uh-huh", ""])
def test_a_backchannel_or_a_cough_leaves_the_question_running(noise: str) -> None:
    stage = over_the_question()
    stage.say(stage.now, noise, 0.3)
    stage.run(stage.now + 9)
    heard = [fact.text for fact in stage.facts(SpeechHeard)]  # type: ignore[union-attr]

    assert LONG_QUESTION in heard
    assert len(commands(stage, Unduck)) == len(commands(stage, Duck)) == 1
    assert "open" == stage.floor


def test_the_record_holds_what_was_heard_of_a_question_that_was_cut_and_not_its_rest() -> None:
    stage = over_the_question()
    end = stage.say(stage.now, "well i came home at six and cooked a soup")
    stage.run(end + 0.3)
    cut = [fact for fact in stage.facts(SpeechHeard) if fact.cut]  # type: ignore[union-attr]

    assert 1 == len(cut)
    assert LONG_QUESTION.startswith(cut[0].text)  # type: ignore[union-attr]
    assert 0 < len(cut[0].text.split()) < len(LONG_QUESTION.split())  # type: ignore[union-attr]


@pytest.mark.parametrize("failure", ["stalls", "fails"])
def test_a_judge_that_stalls_or_fails_is_replaced_before_the_silence_gets_long(failure: str) -> None:
    stage = asked(Stage(probing(), judge_with=lambda request: None))
    end = stage.say(stage.now + 0.5, ANSWER)
    stage.run(end + 0.9)
    if failure == "fails":
        (judge,) = [event.body for event in stage.events if isinstance(event.body, Judge)]
        stage.feed(JudgementFailed(judge.judgement_id, "overloaded"))
    stage.run(end + 4)
    next_words = [speech.began_at for speech in stage.speeches if speech.say.kind in ("probe", "question")][
        -1
    ]

    assert 1 == len(stage.facts(FallbackUsed))
    assert next_words is not None
    assert next_words - end < 3.0


def test_an_acknowledgement_fills_the_wait_for_the_judge_and_no_check_in_runs_into_it() -> None:
    stage = asked(Stage(probing(), judge_delay=1.1))
    end = stage.say(stage.now + 0.5, ANSWER)
    stage.run(end + 3)
    began = [speech.began_at for speech in stage.speeches if speech.say.kind == "acknowledgement"]

    assert began[0] is not None
    assert began[0] - end < 1.0
    assert [] == stage.said("check_in", "cue")


def test_a_judgement_overtaken_by_more_words_changes_nothing() -> None:
    stage = asked(Stage(probing(), judge_delay=0.8))
    end = stage.say(stage.now + 0.5, ANSWER)
    more = "and then we talked about her work for two hours"
    end = stage.say(end + 1.0, more)
    stage.run(end + 2.2)
    judged = [event.body.request.latest for event in stage.events if isinstance(event.body, Judge)]

    assert [f"{ANSWER} {more}"] == committed(stage)
    assert f"{ANSWER} {more}" == judged[-1]
    assert len(stage.facts(ProbeChosen)) + len(stage.facts(NodeEntered)) - 1 == 1


def test_partial_words_alone_never_start_a_judgement() -> None:
    stage = asked(Stage(probing()))
    stage.at(stage.now + 0.4, SpeechStarted(1))
    for count in range(1, 60):
        text = " ".join(ANSWER.split()[: count % 12 + 1])
        stage.at(stage.now + 0.5 + 0.1 * count, PartialTranscript(1, text, 0.9))
    stage.run(stage.now + 6)

    assert [] == commands(stage, Judge)
