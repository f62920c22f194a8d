"""Speech over the agent: what ducks, what stops, what is let pass, and what the agent says afterwards."""

import pytest

from dialog.barge_in import judge_overlap
from dialog.commands import Duck, HoldSpeech, ResumeSpeech, StopSpeech, Unduck
from dialog.echo_words import is_echo
from dialog.events import AnswerCommitted, NodeEntered, RemarkMade
from dialog.policy import DEFAULT_POLICY
from dialog.signals import FinalTranscript, PartialTranscript, SpeechLasted, SpeechStarted, SpeechStopped
from dialog.speaking import Speech
from dialog.transcript import transcript
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

LONG = (
    "Now think of the last time that you went on a longer journey with other people, from the first plan "
    "to the moment when you came home again, and tell me about it."
)
SECOND = "And how did it feel to be back in your own bed?"


def over_the_question(**node: object) -> tuple[Stage, float]:
    """A stage on which the agent is two seconds into a long question, the opening being over."""
    stage = Stage(blueprint(question("trip", LONG, **node), question("bed", SECOND)))
    stage.run_until_floor_is("speaking")
    while not any(h.say.kind == "question" and h.began_at is not None for h in stage.speeches):
        stage.run(stage.now + 0.02)
    stage.run(stage.now + 2.0)
    return stage, stage.now


def commands(stage: Stage, since: float = 0.0) -> list[str]:
    kinds = (Duck, Unduck, HoldSpeech, ResumeSpeech, StopSpeech)
    return [type(e.body).__name__ for e in stage.events if isinstance(e.body, kinds) and e.at >= since]


def times(stage: Stage, kind: type, since: float) -> list[float]:
    return [event.at for event in stage.events if isinstance(event.body, kind) and event.at >= since]


# The judgement


@pytest.mark.parametrize(
    ("text", "voiced", "still_speaking", "expected"),
    [
        ("", 0.3, True, "wait"),
        ("", 0.5, True, "yield"),
        ("", 0.4, False, "go_on"),
        ("we never", 0.3, True, "yield"),
        ("wait", 0.2, True, "yield"),
        ("hold on", 0.2, False, "yield"),
        ("mm-hm", 0.4, True, "wait"),
        ("yeah", 0.9, True, "wait"),
        ("yeah", 1.0, True, "yield"),
        ("yeah right", 1.2, True, "wait"),
        ("yeah right okay", 1.4, False, "go_on"),
        ("breakfast", 0.3, True, "wait"),
        ("breakfast", 0.5, True, "yield"),
    ],
)
def test_it_takes_two_words_a_stop_phrase_or_half_a_second_that_is_no_backchannel(
    text: str, voiced: float, still_speaking: bool, expected: str
) -> None:
    assert expected == judge_overlap(text, voiced, still_speaking, DEFAULT_POLICY)


# On the floor


def test_a_voice_over_the_agent_ducks_it_at_once() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.run(now)

    assert ["Duck"] == commands(stage, now)


def test_half_a_second_of_voice_that_is_sure_stops_the_agent_without_a_word() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 0.4, SpeechLasted(9, 0.5))
    stage.run(now + 0.45)

    assert ["Duck", "HoldSpeech"] == commands(stage, now)
    assert [pytest.approx(now + 0.4)] == times(stage, HoldSpeech, now)


def test_a_short_noise_without_words_is_undone_and_nothing_is_lost() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 0.45, SpeechStopped(9, 0.2, 0.35))
    stage.at(now + 0.9, FinalTranscript(9, ""))
    stage.run(now + 3)

    assert ["Duck", "Unduck"] == commands(stage, now)
    assert "speaking" == stage.floor


@pytest.mark.parametrize("coughs", [2, 3])
def test_short_coughs_one_after_the_other_do_not_stop_the_agent(coughs: int) -> None:
    stage, now = over_the_question()
    for number in range(coughs):
        stage.at(now + number * 0.45, SpeechStarted(9 + number, 0.08))
        stage.at(now + number * 0.45 + 0.27, SpeechStopped(9 + number, 0.2, 0.15))
    stage.run(now + 3)

    assert ["Duck", "Unduck"] == commands(stage, now)
    assert "speaking" == stage.floor


def test_a_voice_after_a_cough_stops_the_agent_once_half_a_second_of_both_is_sure() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 0.25, SpeechStopped(9, 0.2, 0.15))
    stage.at(now + 0.4, SpeechStarted(10, 0.1))
    stage.at(now + 0.65, SpeechLasted(10, 0.35))
    stage.run(now + 2)

    assert [pytest.approx(now + 0.65)] == times(stage, HoldSpeech, now)


def test_a_voice_whose_end_is_not_seen_yet_is_given_the_time_in_which_it_would_be() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.run(now + 0.55)
    before = commands(stage, now)
    stage.run(now + 0.65)

    assert ["Duck"] == before
    assert ["Duck", "HoldSpeech"] == commands(stage, now)


@pytest.mark.parametrize("words", ["mm-hm", "right", "yeah", "okay yeah", "uh-huh"])
def test_a_backchannel_neither_stops_the_agent_nor_counts_as_an_answer(words: str) -> None:
    stage, now = over_the_question()
    stage.say(now, words, 0.45)
    stage.run_until_floor_is("open")
    stage.run(stage.now + 2)

    assert "HoldSpeech" not in commands(stage, now)
    assert [] == stage.facts(AnswerCommitted)


def test_after_a_stop_for_nobody_the_agent_goes_on_and_the_second_time_asks() -> None:
    stage, now = over_the_question()
    for number in (9, 10):
        stage.at(now, SpeechStarted(number, 0.1))
        stage.at(now + 0.4, SpeechLasted(number, 0.5))
        stage.at(now + 0.8, SpeechStopped(number, 0.2, 0.7))
        stage.at(now + 1.2, FinalTranscript(number, ""))
        stage.run(now + 3.0)
        now = stage.now

    assert ["Duck", "HoldSpeech", "ResumeSpeech", "Duck", "HoldSpeech", "StopSpeech"] == commands(stage, 2.0)
    assert "Shall I go on?" in stage.said("re_ask")


def test_shall_i_go_on_is_answered_with_the_whole_question() -> None:
    stage, now = over_the_question()
    for number in (9, 10):
        stage.at(now, SpeechStarted(number, 0.1))
        stage.at(now + 0.4, SpeechLasted(number, 0.5))
        stage.at(now + 0.8, SpeechStopped(number, 0.2, 0.7))
        stage.run(now + 3.0)
        now = stage.now
    stage.run_until_floor_is("open")
    stage.say(stage.now + 0.4, "yes", 0.35)
    stage.run(stage.now + 6)

    assert LONG == stage.said("re_ask")[-1]


def test_a_question_that_allows_no_barge_in_is_said_to_its_end_and_the_answer_is_kept() -> None:
    stage, now = over_the_question(barge_in=False)
    end = stage.say(now, "it was a trip to the sea with my cousins in july")
    stage.run(end + 0.6)
    meanwhile = commands(stage, now)
    stage.run(now + 30)
    answers = [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]

    assert [] == meanwhile
    assert "it was a trip to the sea with my cousins in july" == answers[0]


# Both at once


def just_asked() -> tuple[Stage, float]:
    """A stage on which the first question, after the opening, begins at this moment."""
    stage = Stage(blueprint(question("trip", LONG), question("bed", SECOND)))
    stage.run_until_floor_is("speaking")
    while not any(h.say.kind == "question" and h.began_at is not None for h in stage.speeches):
        stage.run(stage.now + 0.02)
    return stage, stage.now


def test_when_both_begin_at_once_the_agent_stops_and_says_its_question_whole() -> None:
    stage, now = just_asked()
    end = stage.say(now + 0.1, "sorry my cat is here", 0.9)
    stage.run(end + 1.6)
    (said,) = [heard for heard in stage.speeches if heard.say.kind == "question"]
    stopped = times(stage, HoldSpeech, now)
    stage.run_until_floor_is("open")

    assert ["Duck", "HoldSpeech", "ResumeSpeech"] == commands(stage, now)
    assert stopped[0] - now <= 0.7
    assert ["sorry my cat is here"] == [fact.text for fact in stage.facts(RemarkMade)]  # type: ignore[union-attr]
    assert 1.0 == said.fraction
    assert [] == stage.facts(AnswerCommitted)


def test_an_answer_to_what_is_on_show_counts_though_it_began_with_the_question() -> None:
    stage, now = just_asked()
    answer = "last summer we took the night train to the sea with all of my cousins and their dogs"
    end = stage.say(now + 0.1, answer)
    stage.run(end + 4)

    assert answer == stage.facts(AnswerCommitted)[0].text  # type: ignore[union-attr]
    assert ["trip", "bed"] == [fact.node_key for fact in stage.facts(NodeEntered)]  # type: ignore[union-attr]


def test_words_before_the_first_sound_of_the_agent_hold_it_back() -> None:
    stage = Stage(blueprint(question("trip", LONG), question("bed", SECOND)))
    stage.at(0.01, SpeechStarted(9, 0.1))
    stage.at(0.4, SpeechLasted(9, 0.5))
    stage.run(0.5)

    assert ["Duck", "HoldSpeech"] == commands(stage)


# Its own words


def said_at(began_at: float = 10.0, text: str = LONG) -> Speech:
    return Speech(1, "question", text, began_at=began_at)


@pytest.mark.parametrize(
    "heard",
    [
        "think of the last time that you went",
        "the last time that you bent on a longer journey",
        "of the last",
        "last time",
        "now think of the fast time that you",
    ],
)
def test_words_that_are_just_being_said_are_an_echo(heard: str) -> None:
    assert is_echo(heard, said_at(), 10.4, 13.5)


@pytest.mark.parametrize(
    "heard",
    [
        "",
        "time",
        "wait a moment please",
        "my last journey was to the sea",
        "came home again and tell me about it",  # said only later
        "can i say something about the time",
        "yes no",
    ],
)
def test_other_words_are_no_echo(heard: str) -> None:
    assert not is_echo(heard, said_at(), 10.4, 12.0)


def test_words_said_long_ago_are_no_echo() -> None:
    assert not is_echo("think of the last time", said_at(), 20.0, 21.5)


def test_words_behind_those_at_which_it_was_stopped_are_no_echo() -> None:
    speech = said_at()
    speech.ended_at = 10.5  # with "think" said

    assert not is_echo("think of the last time", speech, 10.4, 13.5)


def test_before_its_first_sound_nothing_is_an_echo() -> None:
    speech = said_at()
    speech.began_at = None

    assert not is_echo("think of the last time", speech, 10.0, 12.0)


def test_an_echo_does_not_stop_the_agent_though_it_has_many_words() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 0.45, PartialTranscript(9, "of the last time"))
    stage.at(now + 0.9, SpeechStopped(9, 0.2, 0.8))
    stage.at(now + 1.3, FinalTranscript(9, "of the last time that you went"))
    stage.run(now + 3)

    assert ["Duck", "Unduck"] == commands(stage, now)
    assert "speaking" == stage.floor


def test_an_echo_that_had_stopped_the_agent_is_taken_back_when_its_words_are_known() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 0.4, SpeechLasted(9, 0.5))
    stage.at(now + 0.7, PartialTranscript(9, "of the last time that you went"))
    stage.run(now + 1)

    assert ["Duck", "HoldSpeech", "ResumeSpeech"] == commands(stage, now)


def test_the_echo_of_the_last_words_is_no_answer_and_nothing_that_was_misheard() -> None:
    stage, _ = over_the_question()
    while stage.speeches[-1].ended_at is None and stage.now < 60:
        heard = stage.speeches[-1]
        if heard.began_at is not None and stage.now >= heard.began_at + heard.duration - 0.5:
            break
        stage.run(stage.now + 0.02)
    now = stage.now
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 1.2, SpeechStopped(9, 0.2, 1.0))
    stage.at(now + 1.6, FinalTranscript(9, "again and tell me about it"))
    stage.run(now + 4.5)

    assert [] == stage.facts(AnswerCommitted)
    assert [] == stage.said("re_ask")


CHOICE = "Compared with a year ago, is your sleep better, worse, or about the same?"


def near_the_end(stage: Stage, before: float) -> float:
    """The moment `before` seconds ahead of the end of the first question, which is reached."""
    while not any(h.say.kind == "question" and h.began_at is not None for h in stage.speeches):
        stage.run(stage.now + 0.02)
    (asked,) = [h for h in stage.speeches if h.say.kind == "question"]
    assert asked.began_at is not None
    stage.run(asked.began_at + asked.duration - before)
    return stage.now


@pytest.mark.parametrize("partial", [True, False])
def test_an_answer_in_the_last_words_of_a_closed_question_counts_though_it_began_over_them(
    partial: bool,
) -> None:
    node = question("sleep", CHOICE, patience="closed")
    stage = Stage(blueprint(node, question("bed", SECOND)))
    now = near_the_end(stage, 0.3)
    stage.at(now, SpeechStarted(9, 0.08))
    if partial:
        stage.at(now + 0.5, PartialTranscript(9, "about the same"))
    stage.at(now + 0.95, SpeechStopped(9, 0.2, 0.83))
    stage.at(now + 1.2, FinalTranscript(9, "about the same"))
    stage.run(now + 5)

    assert ["about the same"] == [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]


def test_a_voice_that_outlasts_the_agents_is_no_echo_whatever_its_words_are() -> None:
    stage = Stage(blueprint(question("trip", LONG), question("bed", SECOND)))
    now = near_the_end(stage, 0.3)
    stage.at(now, SpeechStarted(9, 0.08))
    stage.at(now + 1.9, SpeechStopped(9, 0.2, 1.7))
    stage.at(now + 2.2, FinalTranscript(9, "you came home again and tell me about it"))
    stage.run(now + 8)

    assert [] == [fact for fact in stage.facts(RemarkMade) if fact.meaning == "echo"]  # type: ignore[union-attr]
    assert 1 == len(stage.facts(AnswerCommitted))


def test_what_is_taken_for_an_echo_is_on_record_but_not_among_what_was_said() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 0.9, SpeechStopped(9, 0.2, 0.8))
    stage.at(now + 1.3, FinalTranscript(9, "of the last time that you went"))
    stage.run(now + 3)
    (remark,) = stage.facts(RemarkMade)

    assert ("echo", "of the last time that you went") == (remark.meaning, remark.text)  # type: ignore[union-attr]
    assert "participant" not in [entry.role for entry in transcript(stage.events)]


def test_somebody_who_speaks_up_after_an_echo_stops_the_agent() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.1))
    stage.at(now + 0.45, PartialTranscript(9, "of the last time"))
    stage.at(now + 1.0, PartialTranscript(9, "of the last time excuse me i have a visitor"))
    stage.run(now + 1.2)

    assert "HoldSpeech" in commands(stage, now)


# A recogniser that is behind


def late(stage: Stage, at: float, utterance_id: int, text: str, every: float = 0.25) -> float:
    """Its words one after the other, as far as they are known each time; returns when the last one comes."""
    words = text.split()
    for count in range(1, len(words) + 1):
        stage.at(at + every * count, PartialTranscript(utterance_id, " ".join(words[:count]), 1.0, 2.0))
    return at + every * len(words)


def test_two_words_that_come_after_their_voice_stop_the_agent_once() -> None:
    stage, now = over_the_question()
    last = late(stage, now, 9, "we never travelled")
    stage.run(last)

    assert ["Duck", "HoldSpeech", "StopSpeech"] == commands(stage, now)


def test_a_late_word_that_is_not_enough_does_not_make_the_voice_flicker() -> None:
    stage, now = over_the_question()
    stage.run(late(stage, now, 9, "mm-hm right travel") + 1)

    assert [] == commands(stage, now)


def test_late_words_of_an_earlier_utterance_are_no_end_of_the_voice_that_is_on() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(10, 0.1))
    stage.at(now + 0.2, PartialTranscript(9, "mm-hm", 1.0, 2.0))
    stage.at(now + 0.9, SpeechLasted(10, 1.0))
    stage.run(now + 0.95)

    assert ["Duck", "HoldSpeech"] == commands(stage, now)


def test_while_the_voice_is_on_late_words_of_another_do_not_set_the_agent_going_again() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(10, 0.1))
    stage.at(now + 0.4, SpeechLasted(10, 0.5))
    stage.at(now + 0.6, PartialTranscript(9, "mm-hm", 1.0, 2.0))
    stage.run(now + 1.9)

    assert ["Duck", "HoldSpeech"] == commands(stage, now)


@pytest.mark.parametrize("behind", [0.1, 1.5])
def test_more_words_than_can_be_said_in_so_little_voice_do_not_stop_the_agent(behind: float) -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.08))
    stage.at(now + 0.48, SpeechStopped(9, 0.2, 0.36))
    stage.at(now + 0.5 + behind, PartialTranscript(9, "lily to look", 1.0, 0.0))
    stage.at(now + 0.6 + behind, FinalTranscript(9, "lily to look"))
    stage.run(now + 3)

    assert ["Duck", "Unduck"] == commands(stage, now)


def test_two_words_of_a_third_of_a_second_stop_the_agent_though_they_come_late() -> None:
    stage, now = over_the_question()
    stage.at(now, SpeechStarted(9, 0.08))
    stage.at(now + 0.46, SpeechStopped(9, 0.2, 0.34))
    stage.at(now + 1.5, FinalTranscript(9, "never travelled"))
    stage.run(now + 2)

    assert "HoldSpeech" in commands(stage, now)
