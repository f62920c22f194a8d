"""A missing packet is never a pause: the clocks of silence while no sound comes."""

import pytest

from dialog.events import AnswerCommitted, AnswerReleased, AnswerTaken
from dialog.signals import (
    AnySignal,
    PacketsReturned,
    PacketsStopped,
    PartialTranscript,
    SoundStalled,
    SoundWentOn,
    SpeechStarted,
    SpeechStopped,
)
from dialog.timers import LONGEST_STILL, Timers
from tests.support.blueprints import two_questions
from tests.support.play import Stage

ANSWER = "i got up at seven and made a pot of coffee for my sister"
SEEN_AFTER = 0.06
"""Seconds without sound after which its absence is told."""


def asked() -> tuple[Stage, float]:
    stage = Stage(two_questions())
    stage.run_until_floor_is("open")
    return stage, stage.now


def lose(stage: Stage, when: float, duration: float) -> None:
    """No sound from `when` on, for so long."""
    stage.at(when + SEEN_AFTER, SoundStalled(SEEN_AFTER))
    stage.at(when + duration, SoundWentOn(duration))


def first(stage: Stage, kind: type) -> float:
    return next(event.at for event in stage.events if isinstance(event.body, kind))


@pytest.mark.parametrize("loss_begins", [0.3, 0.5, 0.6])
def test_sound_lost_in_a_pause_does_not_end_the_turn(loss_begins: float) -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    lose(stage, end + loss_begins, 0.6)
    # what was said in the gap is not heard, what goes on behind it is
    stage.say(end + loss_begins + 0.6 + 0.02, "because she had the early shift that week")
    stage.run(end + loss_begins + 1.0)

    assert [] == stage.facts(AnswerTaken)
    assert "hearing" == stage.floor


def test_an_answer_ends_later_by_what_was_not_heard() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    lose(stage, end + 0.5, 0.15)
    stage.run(end + 5)

    assert pytest.approx(end + 0.7 + 0.15, abs=0.02) == first(stage, AnswerTaken)


def test_sound_lost_in_the_hold_keeps_the_floor_open() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    lose(stage, end + 1.0, 1.5)
    second = stage.say(end + 2.51, "and then we walked to the station together")
    stage.run(second + 0.5)

    assert 1 == len(stage.facts(AnswerReleased))
    assert [] == stage.facts(AnswerCommitted)


@pytest.mark.parametrize(("bunch", "stall"), [(0.1, 0.1), (0.08, 0.16)])
def test_the_turn_is_taken_though_all_sound_comes_in_bunches(bunch: float, stall: float) -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    began = now
    while began < end + 30:  # a stall lasts until 0.1 s of sound has come: one bunch of 5 frames, or two of 4
        stage.at(began + SEEN_AFTER, SoundStalled(SEEN_AFTER))
        stage.at(began + stall, SoundWentOn(0.0, late=True))
        began += stall
    stage.run(end + 30)

    assert first(stage, AnswerTaken) - end < 0.7 + 0.1 + bunch * 2 + 0.02
    assert [ANSWER] == [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]


def test_a_single_frame_puts_the_clocks_back_by_its_length() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    for n in range(5):
        stage.at(end + 0.3 + n * 0.05, SoundWentOn(0.02))
    stage.run(end + 5)

    assert pytest.approx(end + 0.7 + 0.1, abs=0.02) == first(stage, AnswerTaken)


def test_words_behind_which_others_may_be_missing_are_no_strong_evidence() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.at(end - 0.3, SoundWentOn(0.4))
    early, later = asked()
    early_end = early.say(later + 0.5, ANSWER)
    early.at(early_end - 1.5, SoundWentOn(0.4))
    stage.run(end + 6)
    early.run(early_end + 6)

    assert first(stage, AnswerTaken) - end > 1.9
    assert pytest.approx(0.7, abs=0.02) == first(early, AnswerTaken) - early_end


def test_a_voice_without_new_words_is_no_noise_while_nothing_comes() -> None:
    stage, now = asked()
    start = now + 0.5
    stage.at(start, SpeechStarted(1))
    for n in range(10):  # the recogniser reports the same words over and over
        stage.at(start + 0.3 + n * 0.1, PartialTranscript(1, ANSWER, 0.9))
    lose(stage, start + 1.3, 0.6)
    stage.run(start + 1.95)

    assert "hearing" == stage.floor


def test_half_a_second_of_nothing_is_no_half_second_of_voice_over_the_agent() -> None:
    stage = Stage(two_questions())
    stage.run_until_floor_is("speaking")
    stage.run(stage.now + 1.0)
    onset = stage.now
    stage.at(onset, SpeechStarted(1))
    lose(stage, onset + 0.02, 0.8)
    stage.at(onset + 0.9, SpeechStopped(1, 0.0, 0.1))
    stage.run(onset + 0.85)
    ducked = stage.floor
    stage.run(onset + 2.0)

    assert "ducked" == ducked
    assert "yielded" not in [getattr(event.body, "state", "") for event in stage.events]


def test_a_link_that_dies_hands_over_to_the_rule_for_dead_links() -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    stage.at(end + 0.46, SoundStalled(SEEN_AFTER))
    stage.at(end + 2.4, PacketsStopped())
    stage.run(end + 20)
    taken_while_dead = stage.facts(AnswerTaken)
    stage.at(end + 20, PacketsReturned())
    stage.run(end + 25)

    assert [] == taken_while_dead
    assert pytest.approx(end + 20 + 0.7, abs=0.02) == first(stage, AnswerTaken)


@pytest.mark.parametrize(
    "unpaired",
    [
        [SoundWentOn(0.1), SoundWentOn(0.0)],
        [SoundStalled(0.06), SoundStalled(0.06), PacketsReturned(), SoundWentOn(1.0)],
        [SoundStalled(99.0), SoundWentOn(0.0)],
    ],
)
def test_any_order_of_gaps_ends_and_the_answer_is_taken(unpaired: list[AnySignal]) -> None:
    stage, now = asked()
    end = stage.say(now + 0.5, ANSWER)
    for n, signal in enumerate(unpaired):
        stage.at(end + 0.3 + n * 0.1, signal)
    stage.run(end + 120)

    assert [ANSWER] == [fact.text for fact in stage.facts(AnswerCommitted)]  # type: ignore[union-attr]


def test_only_the_clocks_that_run_on_sound_stand_still() -> None:
    timers = Timers(frozenset({"stage", "hold"}))
    timers.set("stage", 1.0)
    timers.set("judgement", 2.0)
    timers.stand_still(0.5)

    assert 2.0 == timers.deadline
    assert timers.take_due(1.5) is None
    assert "judgement" == timers.take_due(2.0)
    assert 0.5 == timers.heard_until(2.25)
    assert 1.75 == timers.go_on(2.25)
    assert 2.75 == timers.deadline


def test_no_clock_stands_still_for_ever() -> None:
    timers = Timers(frozenset({"stage"}))
    timers.set("stage", 1.0)
    timers.stand_still(0.5)

    assert 1.0 + LONGEST_STILL == timers.deadline
    assert "stage" == timers.take_due(1.0 + LONGEST_STILL)
