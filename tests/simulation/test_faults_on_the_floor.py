"""One thing breaks at a time: what the participant hears then, and when. With the floor ours there are never
three seconds of dead air."""

from collections.abc import Callable

import pytest

from dialog.commands import Judge
from dialog.dead_air import dead_air
from dialog.events import AnswerCommitted, AnswerTaken, FallbackUsed, InterviewPaused, NoticeGiven
from dialog.judgement import Judgement, JudgementRequest, Probe
from dialog.script import known_words, opening
from dialog.signals import (
    FinalTranscript,
    JudgementFailed,
    MicrophoneMuted,
    PacketsReturned,
    PacketsStopped,
    PartialTranscript,
    ParticipantJoined,
    ParticipantLeft,
    RightClaimed,
    SpeechStarted,
    SpeechStopped,
    StorageFaltered,
)
from dialog.techniques import TEMPLATES
from tests.simulation.designs import probing
from tests.simulation.wild_world import WildWorld
from tests.support.play import Stage

ANSWER = "it was a messy day because my manager called four times"
PROBE = "When you say messy, what do you mean by that?"
KNOWN = "What happened first?"


def generated(_: JudgementRequest) -> Judgement:
    return Judgement("vague", Probe("term", "mirroring", PROBE, "messy"), judged_by="a model")


def asked(**changes: object) -> Stage:
    """A stage whose first question has just been heard."""
    return Stage(probing(), **{"judge_with": generated, "judge_delay": 0.6, **changes}).run_until_floor_is(  # type: ignore[arg-type]
        "open"
    )


def next_words(stage: Stage, since: float) -> tuple[str, float]:
    """What is heard first after `since` that is no token, and how much later."""
    for heard in stage.speeches:
        if heard.began_at is not None and heard.began_at > since:
            if heard.say.kind not in ("acknowledgement", "cue"):
                return heard.say.text, heard.began_at - since
    raise AssertionError("nothing is heard")


def longest_dead_air(stage: Stage) -> float:
    return max((silence.duration for silence in dead_air(stage.events)), default=0.0)


def taken(stage: Stage) -> float:
    """When the answer was believed to be over."""
    return next(event.at for event in stage.events if isinstance(event.body, AnswerTaken))


def speak(stage: Stage, words: str = ANSWER, **changes: bool) -> float:
    return stage.say(stage.now + 0.5, words, **changes)


def test_a_silent_recogniser_is_told_of_and_the_question_stays_open() -> None:
    stage = asked()
    stage.at(stage.now + 0.5, SpeechStarted(1))
    end = stage.now + 3.0
    stage.at(end + 0.2, SpeechStopped(1, 0.2, 2.4))
    stage.run(end + 8)

    text, gap = next_words(stage, end)
    assert "Sorry, I didn't catch that. Could you say it again?" == text
    assert gap < 3.5
    assert longest_dead_air(stage) < 3.0


def test_a_half_open_recogniser_costs_no_word_that_it_gave() -> None:
    stage = asked()
    end = speak(stage, last_word=False)
    stage.run(end + 8)

    assert [ANSWER] == [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]
    assert PROBE == next_words(stage, end)[0]
    assert longest_dead_air(stage) < 3.0


@pytest.mark.parametrize("late", [1.5, 3.0, 6.0])
def test_a_late_last_word_is_put_on_record_and_nobody_waits_for_it(late: float) -> None:
    stage = asked()
    end = speak(stage, last_word=False)
    stage.at(end + late, FinalTranscript(1, f"{ANSWER} today", 0.9))
    stage.run(end + 10)

    assert f"{ANSWER} today" == stage.facts(AnswerCommitted)[-1].text  # type: ignore[union-attr]
    assert next_words(stage, taken(stage))[1] < 3.0
    assert longest_dead_air(stage) < 3.0


def test_an_empty_last_word_is_asked_for_again() -> None:
    stage = asked()
    stage.at(stage.now + 0.5, SpeechStarted(1))
    end = stage.now + 2.0
    stage.at(end + 0.2, SpeechStopped(1, 0.2, 1.4))
    stage.at(end + 0.4, FinalTranscript(1, "", 1.0))
    stage.run(end + 6)

    text, gap = next_words(stage, end)
    assert "Sorry, I didn't catch that. Could you say it again?" == text
    assert gap < 2.0
    assert longest_dead_air(stage) < 3.0


def stalls(_: JudgementRequest) -> Judgement | None:
    return None


@pytest.mark.parametrize("delay", [0.0, 9.0], ids=["before the first token", "after it"])
def test_a_stalled_model_is_replaced_by_known_words(delay: float) -> None:
    judge: Callable[[JudgementRequest], Judgement | None] = generated if delay else stalls
    stage = asked(judge_with=judge, judge_delay=delay)
    end = speak(stage)
    stage.run(end + 12)

    text, gap = next_words(stage, taken(stage))
    assert KNOWN == text
    assert gap < 1.5
    assert ["judgement_overdue"] == [fact.reason for fact in stage.facts(FallbackUsed)]  # type: ignore[union-attr]
    assert longest_dead_air(stage) < 3.0


def test_a_model_that_fails_is_replaced_at_once() -> None:
    stage = asked(judge_with=stalls)
    end = speak(stage)
    stage.run(end + 0.9)
    judged = [event.body for event in stage.events if isinstance(event.body, Judge)][-1]
    stage.feed(JudgementFailed(judged.judgement_id, "overloaded"))
    stage.run(end + 6)

    assert KNOWN == next_words(stage, end)[0]
    assert longest_dead_air(stage) < 3.0


def test_a_voice_that_stalls_before_its_first_sound_is_replaced_by_known_words() -> None:
    stage = asked(voice_delay=None)
    end = speak(stage)
    stage.run(end + 8)

    text, gap = next_words(stage, taken(stage))
    assert KNOWN == text
    assert gap < 1.5
    assert longest_dead_air(stage) < 3.0


def test_a_microphone_switched_off_in_mid_answer_ends_the_answer_and_is_told_of() -> None:
    stage = asked()
    end = speak(stage)
    stage.at(end + 0.1, MicrophoneMuted(True))
    stage.run(end + 100)

    assert [ANSWER] == [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]
    assert [20.0] == pytest.approx(
        [
            e.at - end - 0.1
            for e in stage.events
            if isinstance(e.body, NoticeGiven) and e.body.code == "muted"
        ],
        abs=0.05,
    )
    assert ["muted"] == [fact.reason for fact in stage.facts(InterviewPaused)]  # type: ignore[union-attr]
    assert longest_dead_air(stage) < 3.0


def test_without_packets_silence_says_nothing_and_the_talk_goes_on_when_they_return() -> None:
    stage = asked()
    stage.at(stage.now + 0.5, PacketsStopped())
    stage.run(stage.now + 60)
    quiet = stage.said("check_in", "notice")
    stage.feed(PacketsReturned())
    end = speak(stage)
    stage.run(end + 6)

    assert [] == quiet
    assert [ANSWER] == [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]
    assert longest_dead_air(stage) < 3.0


def test_a_killed_tab_leaves_the_answer_for_the_next_time() -> None:
    stage = asked()
    end = speak(stage, last_word=False)
    stage.run(end + 0.1)
    stage.feed(ParticipantLeft("network"))
    stage.run(end + 30)
    stage.feed(ParticipantJoined("webrtc"))
    stage.run(end + 33)

    assert [
        "Welcome back. You were saying: messy day because my manager called four times. Please go on."
    ] == (stage.said("recap"))
    assert longest_dead_air(stage) < 3.0


def test_storage_that_stalls_is_told_to_the_page_and_the_talk_goes_on() -> None:
    stage = asked()
    end = speak(stage)
    stage.at(end + 1.0, StorageFaltered("not stored within 1 s"))
    stage.run(end + 6)

    assert PROBE == next_words(stage, end)[0]
    assert longest_dead_air(stage) < 3.0


# Each state's own clock


def test_an_open_floor_has_a_clock_of_its_own_and_pauses_in_the_end() -> None:
    stage = asked()
    began = stage.now
    stage.run(began + 60)
    heard = [round(s.began_at - began, 1) for s in stage.speeches if s.say.kind == "check_in" and s.began_at]

    assert 2 == len(set(stage.said("check_in")))
    assert heard[0] < 7.0
    assert ["silence"] == [fact.reason for fact in stage.facts(InterviewPaused)]  # type: ignore[union-attr]


def test_a_voice_without_new_words_runs_the_lull_from_the_last_word() -> None:
    stage = asked()
    stage.at(stage.now + 0.5, SpeechStarted(1))
    last = stage.now + 3.0
    words = ANSWER.split()
    for count in range(1, len(words) + 1):
        moment = last - 0.2 * (len(words) - count)
        stage.at(moment, PartialTranscript(1, " ".join(words[:count]), 0.9))
    for tick in range(1, 40):  # television: the same words are reported on and on
        stage.at(last + 0.4 * tick, PartialTranscript(1, ANSWER, 0.9))
    stage.run(last + 12)

    assert {ANSWER} == {fact.text for fact in stage.facts(AnswerCommitted)}  # type: ignore[union-attr]
    assert next_words(stage, last)[1] < 6.0


def test_words_that_go_on_after_a_take_release_it_though_no_voice_was_noticed() -> None:
    stage = asked()
    end = speak(stage)
    more = "and then there was the meeting about the budget of next year"
    stage.say(end + 0.9, more, 5.0, voice=False)
    stage.run(end + 14)

    assert [f"{ANSWER} {more}"] == [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]
    assert longest_dead_air(stage) < 3.0


def test_a_pause_that_is_spoken_over_twice_sets_in_and_keeps_the_answer() -> None:
    stage = asked()
    end = speak(stage)
    stage.run(end + 0.3)
    stage.feed(RightClaimed("pause"))
    for number, began in ((7, end + 0.6), (8, end + 3.6)):
        stage.at(began, SpeechStarted(number))
        stage.at(began + 1.2, SpeechStopped(number, 0.2, 0.9))
    stage.run(end + 20)
    state = stage.manager._out.state

    assert "paused" == stage.floor
    assert [] == stage.said("re_ask")
    assert ANSWER == state.kept_words


def test_known_words_are_all_that_is_said_but_what_carries_the_participants_own() -> None:
    known = {*known_words(probing()), opening(probing(), written=True)}  # the latter needs no voice
    said: set[str] = set()
    for seed in range(40):
        world = WildWorld(seed, probing()).run(200)
        said |= {say.text for say in world._mouth.said}
    own = [text for text in said - known if not text.startswith(("Welcome back. ", "You ", "When you say"))]
    templates = [template for template in TEMPLATES if template.carries != "nothing"]

    assert [] == [text for text in own if not any(template.made(text) for template in templates)]
