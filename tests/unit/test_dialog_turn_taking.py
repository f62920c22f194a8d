"""The floor as a participant meets it: when an answer is taken, held, committed, reopened."""

import pytest
from msgspec.structs import replace

from dialog import script
from dialog.commands import HoldSpeech, ResumeSpeech
from dialog.events import (
    AnswerCommitted,
    AnswerReleased,
    AnswerReopened,
    AnswerTaken,
    FloorChanged,
    InterviewPaused,
    NodeClosed,
    NodeEntered,
    NoticeGiven,
    RemarkMade,
)
from dialog.policy import DEFAULT_POLICY, PROFILES
from dialog.signals import (
    DonePressed,
    FinalTranscript,
    HoldToTalk,
    MicrophoneMuted,
    PacketsReturned,
    PacketsStopped,
    PartialTranscript,
    ParticipantJoined,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TypingNoticed,
)
from tests.support.blueprints import blueprint, question, two_questions
from tests.support.play import Stage

ANSWER = "i got up at seven and made a pot of coffee for my sister"


def asked(stage: Stage | None = None) -> tuple[Stage, float]:
    """A stage on which the first question has just been heard."""
    stage = stage or Stage(two_questions())
    stage.run_until_floor_is("open")
    return stage, stage.now


def committed(stage: Stage) -> list[str]:
    return [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]


def test_a_finished_answer_is_acknowledged_held_and_committed() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.run(end + 4)
    taken = next(event for event in stage.events if isinstance(event.body, AnswerTaken))
    commit = next(event for event in stage.events if isinstance(event.body, AnswerCommitted))

    assert [ANSWER] == committed(stage)
    assert pytest.approx(end + 0.7, abs=0.02) == taken.at
    # The hold, or a little longer where the acknowledgement's own end and a breath behind it come later.
    assert pytest.approx(taken.at + PROFILES["narrative"].hold_duration, abs=0.06) == commit.at


def test_what_follows_an_acknowledgement_is_sent_ahead_by_the_way_to_the_ear() -> None:
    moment = 0.5  # so long that the hold is over before it
    stage, now = asked(Stage(two_questions(), policy=replace(DEFAULT_POLICY, hold_after_token=moment)))
    stage.run(stage.say(now + 0.5, ANSWER) + 4)
    token, following = [each for each in stage.speeches if (each.began_at or 0.0) > now][:2]

    assert ("acknowledgement", "question") == (token.say.kind, following.say.kind)
    assert pytest.approx(token.ended_at + moment, abs=0.03) == following.began_at  # type: ignore[operator]


def test_a_pause_after_an_unfinished_clause_does_not_end_the_turn() -> None:
    stage, now = asked(Stage(two_questions(), ends_sound=0.02))
    end = stage.say(now + 0.5, "i got up at seven and then i")
    stage.run(end + 3.0)

    assert [] == stage.facts(AnswerTaken)
    assert "lull" == stage.floor


def test_a_filler_at_the_end_doubles_the_first_delay() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, "i had breakfast with my brother um")
    stage.run(end + 1.3)

    assert [] == stage.facts(AnswerTaken)


def test_speech_in_the_hold_takes_the_answer_back_and_nothing_was_committed() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    second = stage.say(end + 1.0, "and then we walked to the station together")
    stage.run(second + 4)

    assert 1 == len(stage.facts(AnswerReleased))
    assert [f"{ANSWER} and then we walked to the station together"] == committed(stage)


def test_after_a_wrong_take_the_next_one_is_silent() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    second = stage.say(end + 1.0, "and then we walked to the station together")
    stage.run(second + 3)

    assert 1 == len(stage.said("acknowledgement"))


def test_speech_just_after_the_next_question_began_reopens_the_answer() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.run(end + 1.75)
    assert "speaking" == stage.floor
    second = stage.say(stage.now + 0.1, "and i forgot my keys on the table")
    stage.run(second + 5)

    assert 1 == len(stage.facts(AnswerReopened))
    assert f"{ANSWER} and i forgot my keys on the table" == committed(stage)[-1]
    assert ["morning", "evening", "evening"] == [f.node_key for f in stage.facts(NodeEntered)]  # type: ignore[union-attr]


def test_a_reopened_answer_is_not_reopened_a_second_time() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    second = stage.say(end + 1.85, "and i forgot my keys on the table")
    stage.run(second + 1.9)
    stage.say(stage.now + 0.05, "which was silly of me really")
    stage.run(stage.now + 8)

    assert 1 == len(stage.facts(AnswerReopened))


def test_who_goes_on_before_the_next_question_is_heard_hears_nothing_of_it() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.run(end + 1.47)
    asked_at = next(event.at for event in stage.events if isinstance(event.body, AnswerCommitted))
    onset = asked_at + 0.02
    stage.say(onset - 0.08, "and i forgot my keys on the table")
    stage.run(onset + 0.02)
    question_heard = next(speech for speech in stage.speeches if speech.say.node_key == "evening")

    assert [question_heard.say.speech_id] == [
        event.body.speech_id for event in stage.events if isinstance(event.body, HoldSpeech)
    ]
    assert None is question_heard.began_at


def test_a_cough_before_the_next_question_is_heard_puts_it_off_and_loses_no_word() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.run(end + 1.52)
    onset = next(event.at for event in stage.events if isinstance(event.body, AnswerCommitted)) + 0.02
    stage.at(onset, SpeechStarted(7))
    stage.at(onset + 0.3, SpeechStopped(7, 0.2, 0.1))
    stage.run(onset + 8)
    question_heard = next(speech for speech in stage.speeches if speech.say.node_key == "evening")

    assert [] == stage.facts(AnswerReopened)
    assert 1.0 == question_heard.fraction
    assert 1 == len([event for event in stage.events if isinstance(event.body, ResumeSpeech)])


def test_a_backchannel_over_the_next_question_reopens_nothing() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.say(end + 1.9, "mm-hm", 0.25)
    stage.run(end + 7.5)

    assert [] == stage.facts(AnswerReopened)
    assert "open" == stage.floor


def test_an_interruption_of_a_question_mostly_heard_is_its_answer() -> None:
    long_question = question(
        "evening", "And now tell me about the evening before, from the moment you came home until you slept?"
    )
    stage, now = asked(Stage(blueprint(question("morning", "How did your morning begin?"), long_question)))
    end = stage.say(now + 0.5, ANSWER)
    stage.run(end + 1.7 + 0.3 * 13)
    assert "speaking" == stage.floor
    second = stage.say(stage.now, "i cooked dinner and read a book until midnight")
    stage.run(second + 4)

    assert [] == stage.facts(AnswerReopened)
    assert [ANSWER, "i cooked dinner and read a book until midnight"] == committed(stage)


def test_a_cough_over_a_question_is_ducked_and_undone() -> None:
    stage = Stage(two_questions())
    stage.run(8)
    stage.run_until_floor_is("open")
    end = stage.say(stage.now + 0.5, ANSWER)
    stage.run(end + 1.7)
    stage.at(end + 2.5, SpeechStarted(90))
    stage.run(end + 12)
    kinds = [type(event.body).__name__ for event in stage.events]

    assert "Duck" in kinds
    assert [ANSWER] == committed(stage)


def test_done_commits_at_once_without_acknowledgement() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.at(end + 0.3, DonePressed())
    stage.run(end + 0.6)

    assert [ANSWER] == committed(stage)
    assert [] == stage.said("acknowledgement")


def test_done_in_mid_word_waits_for_the_last_word_but_not_for_ever() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER, last_word=False)
    stage.at(end + 0.1, DonePressed())
    stage.run(end + 1.2)

    assert [ANSWER] == committed(stage)


def test_hold_to_talk_needs_no_endpointing() -> None:
    stage, now = asked()
    stage.at(now + 0.4, HoldToTalk(True))
    end = stage.say(now + 0.5, "i woke up")
    second = stage.say(end + 4.0, "quite late")
    stage.at(second + 0.5, HoldToTalk(False))
    stage.run(second + 1.5)

    assert [] == stage.said("check_in")
    assert ["i woke up quite late"] == committed(stage)


def test_typed_and_spoken_words_of_a_turn_are_one_answer() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, "my address is")
    stage.at(end + 0.8, TypingNoticed())
    stage.at(end + 4.0, TextTyped("12 Mill Lane", "m1"))
    stage.run(end + 5)

    assert ["my address is 12 Mill Lane"] == committed(stage)


def test_a_typed_message_sent_twice_counts_once() -> None:
    stage, now = asked(Stage(two_questions(), channel="text"))
    stage.at(now + 1, TextTyped("I slept in.", "m1"))
    stage.at(now + 8, TextTyped("I slept in.", "m1"))
    stage.run(now + 10)

    assert ["I slept in."] == committed(stage)


def test_keystrokes_hold_the_floor() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.at(end + 0.5, TypingNoticed())
    stage.run(end + 5)

    assert [] == committed(stage)
    assert "typing" == stage.floor


def test_words_without_a_voice_onset_are_an_onset() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER, voice=False)
    stage.run(end + 5)

    assert [ANSWER] == committed(stage)


def test_noise_after_the_last_word_does_not_keep_the_turn_open() -> None:
    stage, now = asked()
    stage.at(now + 0.5, SpeechStarted(1))
    for count, moment in enumerate((0.8, 1.1, 1.4, 1.7, 2.0, 2.3), start=1):
        stage.at(now + moment, PartialTranscript(1, " ".join("we took the early train home".split()[:count])))
    for again in range(10):
        stage.at(now + 2.6 + 0.6 * again, PartialTranscript(1, "we took the early train home"))
    stage.run(now + 8)

    assert ["we took the early train home"] == committed(stage)


def test_a_recogniser_that_is_behind_is_not_taken_for_noise() -> None:
    stage, now = asked()
    stage.at(now + 0.5, SpeechStarted(1))
    stage.at(now + 1.5, PartialTranscript(1, "we took the early train home"))
    stage.run(now + 5)

    assert [] == stage.facts(AnswerTaken)
    assert "hearing" == stage.floor


def test_words_that_are_late_keep_the_turn_open() -> None:
    stage, now = asked()
    stage.at(now + 0.5, SpeechStarted(1))
    for again in range(8):
        late = PartialTranscript(1, "we took the early train", 0.9, behind=1.2)
        stage.at(now + 1.5 + 0.4 * again, late)
    stage.run(now + 4.6)

    assert [] == stage.facts(AnswerTaken)
    assert "hearing" == stage.floor


def test_let_me_think_silences_the_check_in_for_eight_seconds() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, "let me think")
    stage.run(end + 7.5)

    assert [] == stage.said("check_in", "cue")
    assert [] == committed(stage)


def test_silence_is_met_with_check_ins_in_other_words_and_then_a_pause() -> None:
    stage, now = asked()
    stage.run(now + 60)

    assert 2 == len(stage.said("check_in"))
    assert 2 == len(set(stage.said("check_in")))
    assert 1 == len(stage.facts(InterviewPaused))
    assert "paused" == stage.floor


def test_an_unfinished_answer_is_committed_after_two_unanswered_check_ins() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, "i got up at seven and then i")
    stage.run(end + 40)

    assert ["i got up at seven and then i"] == committed(stage)[:1]


def test_a_closed_question_without_an_answer_is_noted_and_a_second_one_pauses() -> None:
    nodes = [question(f"q{n}", f"Question {n}, yes or no?", patience="closed") for n in range(3)]
    stage, now = asked(Stage(blueprint(*nodes)))
    stage.run(now + 60)

    assert ["no_answer"] == [fact.outcome for fact in stage.facts(NodeClosed)]  # type: ignore[union-attr]
    assert 1 == len(stage.facts(InterviewPaused))


def test_a_closed_question_commits_quickly_and_without_acknowledgement() -> None:
    stage, now = asked(
        Stage(
            blueprint(question("q", "Do you own a car, yes or no?", patience="closed"), question("z", "Why?"))
        )
    )
    end = stage.say(now + 0.3, "yes", 0.35)
    stage.run(end + 0.6)

    assert ["yes"] == committed(stage)
    assert [] == stage.said("acknowledgement")


def test_a_lone_backchannel_is_no_answer_to_an_open_question() -> None:
    stage, now = asked()
    end = stage.say(now + 0.3, "mm-hm", 0.3)
    stage.run(end + 3)

    assert [] == committed(stage)
    assert ["backchannel"] == [fact.meaning for fact in stage.facts(RemarkMade)]  # type: ignore[union-attr]


def test_a_lone_no_is_an_answer_to_an_open_question() -> None:
    stage, now = asked()
    end = stage.say(now + 0.3, "no", 0.3)
    stage.run(end + 3)

    assert ["no"] == committed(stage)


def test_a_voice_without_words_is_asked_again_and_the_second_time_offered_other_ways() -> None:
    stage, now = asked()
    end = stage.say(now + 0.3, "", 1.0)
    stage.run(end + 6)
    stage.run_until_floor_is("open")
    first = len(stage.said("re_ask"))
    end = stage.say(stage.now + 0.3, "", 1.0)
    stage.run(end + 6)

    assert 1 == first
    assert 2 == len(stage.said("re_ask"))
    assert "type your answer" in stage.said("re_ask")[-1]


def test_a_dead_link_is_no_silence() -> None:
    stage, now = asked()
    stage.at(now + 1, PacketsStopped())
    stage.run(now + 30)
    assert [] == stage.said("check_in")
    stage.at(now + 30, PacketsReturned())
    stage.run(now + 36)

    assert 1 == len(stage.said("check_in"))


def test_packets_that_return_do_not_switch_the_microphone_on() -> None:
    stage, now = asked()
    stage.at(now + 1, MicrophoneMuted(True))
    stage.at(now + 3, PacketsStopped())
    stage.at(now + 4, PacketsReturned())
    stage.run(now + 40)
    meanwhile = stage.said("check_in")
    stage.at(now + 40, MicrophoneMuted(False))
    stage.run(now + 55)

    assert [script.MUTED] == meanwhile
    assert len(meanwhile) < len(stage.said("check_in"))


def test_a_microphone_that_is_switched_on_does_not_mend_the_link() -> None:
    stage, now = asked()
    stage.at(now + 1, MicrophoneMuted(True))
    stage.at(now + 3, PacketsStopped())
    stage.at(now + 4, MicrophoneMuted(False))
    stage.run(now + 60)

    assert [] == stage.said("check_in")


def test_a_muted_microphone_is_told_once_and_paused_after_a_minute() -> None:
    stage, now = asked()
    stage.at(now + 1, MicrophoneMuted(True))
    stage.run(now + 70)

    assert [script.MUTED] == stage.said("check_in")
    assert "paused" == stage.floor


def test_who_goes_on_in_writing_is_told_nothing_of_a_microphone() -> None:
    stage, now = asked()
    stage.at(now + 1, MicrophoneMuted(True, silent=True))
    stage.at(now + 10, ParticipantJoined("text"))
    stage.run(now + 100)

    assert [] == stage.said("check_in")
    assert "paused" != stage.floor


def test_who_answers_over_the_news_of_a_silent_microphone_is_heard() -> None:
    stage, now = asked()
    stage.at(now + 1, MicrophoneMuted(True, silent=True))
    while script.SILENT not in stage.said("check_in"):
        stage.run(stage.now + 0.1)
    stage.at(stage.now + 0.9, MicrophoneMuted(False))
    stage.run(stage.say(stage.now + 1.0, ANSWER) + 4)

    assert [ANSWER] == committed(stage)
    assert script.SILENT == stage.said("check_in")[-1]


@pytest.mark.parametrize(
    ("silent", "code", "words"), [(False, "muted", "muted"), (True, "silent", "hear nothing")]
)
def test_what_is_told_of_a_microphone_says_why_and_goes_when_sound_comes(
    silent: bool, code: str, words: str
) -> None:
    stage, now = asked()
    stage.at(now + 1, MicrophoneMuted(True, silent=silent))
    stage.at(now + 30, MicrophoneMuted(False))
    stage.at(now + 31, MicrophoneMuted(True))
    stage.at(now + 32, MicrophoneMuted(False))
    stage.run(now + 33)
    told = [(fact.code, fact.text) for fact in stage.facts(NoticeGiven) if isinstance(fact, NoticeGiven)]

    assert [code, code] == [name for name, _ in told]
    assert words in told[0][1]
    assert "" == told[1][1]


def test_muting_after_an_answer_does_not_keep_it_from_ending() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.at(end + 0.5, MicrophoneMuted(True))
    stage.run(end + 3)

    assert [ANSWER] == committed(stage)


def test_a_lone_yes_answers_an_open_question_that_asks_for_one() -> None:
    stage, now = asked(
        Stage(blueprint(question("q", "Is there anything to add?"), question("z", "What is it?")))
    )
    end = stage.say(now + 0.4, "yes", 0.4)
    stage.run(end + 4)

    assert ["yes"] == committed(stage)


def test_the_floor_is_not_the_participants_before_anything_was_said() -> None:
    stage = Stage(two_questions()).run(1.0)

    assert ["speaking"] == [fact.state for fact in stage.facts(FloorChanged)]  # type: ignore[union-attr]


def test_a_late_last_word_amends_the_record() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, "i woke at six", last_word=False)
    stage.at(end + 0.1, DonePressed())
    stage.run(end + 1.2)
    stage.feed(FinalTranscript(1, "i woke at six thirty", 0.9))

    assert ["i woke at six", "i woke at six thirty"] == committed(stage)
    assert 1 == len({fact.turn_id for fact in stage.facts(AnswerCommitted)})  # type: ignore[union-attr]


def test_in_a_text_talk_nobody_is_hurried_or_acknowledged() -> None:
    stage, now = asked(Stage(two_questions(), channel="text"))
    stage.run(now + 300)
    assert [] == stage.said("check_in", "cue")
    stage.at(now + 300, TextTyped("I slept in until ten because it was Sunday.", "a"))
    stage.run(now + 310)

    assert [] == stage.said("acknowledgement")
    assert 1 == len(committed(stage))
