"""What a channel and an organization add to a blueprint: a limit of time, and where help is to be had."""

from typing import Any

import pytest

from dialog import script
from dialog.events import (
    AnswerCommitted,
    DistressHeard,
    Event,
    Fact,
    InterviewFinished,
    InterviewPaused,
    NodeClosed,
    NodeEntered,
    NoticeGiven,
    ProbeChosen,
    SessionOpened,
    decode_event,
    encode_event,
)
from dialog.judgement import Judgement, JudgementRequest
from dialog.responses import facts_of
from dialog.run import fold
from dialog.signals import ParticipantJoined, ParticipantLeft, RightClaimed, TextTyped
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

LINE = "Samaritans, day and night: 116 123"
MILD = "sorry i'm crying"
MODERATE = "i can't talk about this anymore"
SEVERE = "since then i have thought about suicide a lot"


def stage_with(design: Any, *, time_limit: float | None = None, help_line: str = "") -> Stage:
    """A talk in writing, on these terms."""
    stage = Stage(design, ends_sound=None, channel="text", time_limit=time_limit, help_line=help_line)
    return stage.run_until_floor_is("open")


def types(stage: Stage, text: str) -> None:
    stage.at(stage.now, TextTyped(text, f"typed-{stage.now}"))
    stage.run(stage.now + 20)


def said(stage: Stage) -> list[str]:
    return [heard.say.text for heard in stage.speeches]


def path(stage: Stage) -> list[str]:
    return [fact.node_key for fact in stage.facts(NodeEntered) if isinstance(fact, NodeEntered)]


def outcomes(stage: Stage) -> list[str]:
    return [fact.outcome for fact in stage.facts(InterviewFinished) if isinstance(fact, InterviewFinished)]


def three(**settings: Any) -> Any:
    return blueprint(
        question("a", "What is first?"),
        question("b", "What is second?", required=False),
        question("c", "What is third?"),
        **settings,
    )


def test_being_away_for_a_moment_takes_none_of_the_time_and_a_pause_meanwhile_counts_once() -> None:
    stage = stage_with(three(max_duration_m=1))
    stage.at(30, ParticipantLeft("lost"))
    stage.at(58, ParticipantJoined("text"))
    stage.run(60)
    away = fold(facts_of(stage.events))
    stage.at(61, RightClaimed("pause"))
    stage.at(62, ParticipantLeft("lost"))
    stage.at(80, ParticipantJoined("text"))
    stage.run(82)
    paused = fold(facts_of(stage.events))

    assert 32.0 == away.time.elapsed(60.0)
    assert pytest.approx(35.0, abs=0.2) == paused.time.elapsed(82.0)
    assert ["a"] == path(stage)


def test_the_smaller_of_the_channels_limit_and_the_blueprints_counts() -> None:
    for minutes, seconds, at, expected in (
        (10, 60.0, 55, ["a", "c"]),
        (1, 600.0, 55, ["a", "c"]),
        (10, 600.0, 55, ["a", "b"]),
        (10, None, 55, ["a", "b"]),
    ):
        stage = stage_with(three(max_duration_m=minutes), time_limit=seconds)
        stage.run(at)
        types(stage, "we did everything by hand back then")

        assert expected == path(stage)


def test_who_runs_short_of_time_is_told_once_and_hears_the_required_questions_first() -> None:
    stage = stage_with(three(), time_limit=1.0)
    stage.run(5)
    types(stage, "we did everything by hand back then")
    types(stage, "nothing at all, it went on as before")

    assert ["a", "c"] == path(stage)
    assert ["time"] == outcomes(stage)
    assert 1 == said(stage).count(script.SHORT_OF_TIME)
    assert said(stage).index(script.SHORT_OF_TIME) < said(stage).index("What is third?")
    assert "Thank you, good-bye." == said(stage)[-1]


def test_who_was_told_of_the_time_is_not_told_again_after_a_lost_connection() -> None:
    design = blueprint(
        question("a", "What is first?"),
        question("b", "What is second?", required=False),
        question("c", "What is third?"),
        question("d", "What is fourth?", required=False),
        question("e", "What is fifth?"),
    )
    first = stage_with(design, time_limit=1.0)
    first.run(5)
    types(first, "we did everything by hand back then")
    facts = tuple(event.body for event in first.events if isinstance(event.body, Fact))
    opened = SessionOpened("s2", "text", 0, 2)
    second = Stage(design, facts=(*facts, opened), ends_sound=None, channel="text", time_limit=1.0)
    second.run_until_floor_is("open")
    types(second, "nothing at all, it went on as before")
    types(second, "we bought a machine in the end")

    assert ["a", "c"] == path(first)
    assert script.SHORT_OF_TIME in said(first)
    assert ["e"] == path(second)
    assert script.SHORT_OF_TIME not in said(second)
    assert ["time"] == outcomes(second)


def test_a_talk_that_passed_questions_over_ran_out_of_time_also_if_it_was_broken_off() -> None:
    first = stage_with(three(), time_limit=1.0)
    first.run(5)
    types(first, "we did everything by hand back then")
    facts = tuple(event.body for event in first.events if isinstance(event.body, Fact))
    second = Stage(three(), facts=facts, ends_sound=None, channel="text", time_limit=1.0)
    second.run_until_floor_is("open")
    types(second, "nothing at all, it went on as before")

    assert ["time"] == outcomes(second)


def test_a_talk_whose_every_question_was_asked_is_completed_however_late() -> None:
    stage = stage_with(blueprint(question("a", "What is first?")), time_limit=1.0)
    stage.run(5)
    types(stage, "we did everything by hand back then")

    assert ["completed"] == outcomes(stage)


def paused_for(seconds: float, *, comes_back: Any) -> Stage:
    """Three questions in ten minutes: a pause before the first answer, which comes half a minute after it."""
    stage = stage_with(three(max_duration_m=10))
    stage.run(5)
    stage.feed(RightClaimed("pause"))
    stage.run(seconds)
    assert stage.floor == "paused"
    stage.feed(comes_back)
    stage.run(seconds + 30)
    types(stage, "we did everything by hand back then")
    return stage


@pytest.mark.parametrize("comes_back", [RightClaimed("resume"), ParticipantJoined("text")])
def test_a_pause_takes_none_of_the_time(comes_back: Any) -> None:
    stage = paused_for(1800, comes_back=comes_back)
    time = stage.manager._out.state.time

    assert ["a", "b"] == path(stage)
    assert script.SHORT_OF_TIME not in said(stage)
    assert stage.now - 1795 == pytest.approx(time.elapsed(stage.now))


def test_what_is_said_between_two_pauses_takes_its_time() -> None:
    stage = stage_with(three(max_duration_m=10))
    for begin in (5, 405):
        stage.run(begin)
        stage.feed(RightClaimed("pause"))
        stage.run(begin + 100)
        stage.feed(RightClaimed("resume"))
    stage.run(505)

    assert 305.0 == pytest.approx(stage.manager._out.state.time.elapsed(stage.now))


def test_a_pause_that_outlives_its_sitting_takes_none_of_the_time_of_the_next() -> None:
    first = stage_with(three(max_duration_m=10))
    first.run(5)
    first.feed(RightClaimed("pause"))
    first.run(300)
    first.feed(ParticipantLeft("closed"))
    facts = tuple(event.body for event in first.events if isinstance(event.body, Fact))
    state = fold((*facts, SessionOpened("s2", "text", 0, 2)))

    assert state.paused
    assert state.time.before <= 5.0
    assert state.time.before == state.time.elapsed(900.0)


def test_logs_that_do_not_say_when_a_pause_began_are_read_as_before() -> None:
    lines = (
        '{"seq":1,"at":7.0,"body":{"type":"InterviewPaused","reason":"participant"}}',
        '{"seq":2,"at":9.0,"body":{"type":"InterviewResumed"}}',
    )
    events = [decode_event(line) for line in lines]
    state = fold([event.body for event in events if isinstance(event.body, Fact)])
    told = Event(3, 11.0, InterviewPaused("noise", 11.0))

    assert not state.paused
    assert 30.0 == state.time.elapsed(30.0)
    assert told == decode_event(encode_event(told))


def test_nothing_is_probed_when_time_runs_short() -> None:
    design = blueprint(
        question("a", "What is first?", probing={"enabled": True, "max_follow_ups": 3}),
        question("b", "What is second?"),
    )
    ample, short = stage_with(design), stage_with(design, time_limit=1.0)
    for stage in (ample, short):
        stage.run(5)
        types(stage, "it was good")

    assert len(ample.facts(ProbeChosen)) == 1
    assert [] == short.facts(ProbeChosen)
    assert ["a", "b"] == path(short)


def test_the_organizations_help_line_is_given_where_the_blueprint_names_none() -> None:
    for own, expected in ((None, LINE), (["555 0100"], "555 0100")):
        stage = stage_with(three(help_lines=own), help_line=LINE)
        types(stage, MODERATE)
        notices = [each for each in stage.facts(NoticeGiven) if isinstance(each, NoticeGiven)]

        assert [f"If you would like to talk to somebody: {expected}."] == [each.text for each in notices]
        assert notices[0].text in said(stage)


def test_mild_distress_is_asked_about_and_the_question_stays_theirs() -> None:
    stage = stage_with(three(), help_line=LINE)
    types(stage, MILD)
    asked = said(stage)[-1]
    types(stage, "yes")

    assert script.HARD_TOPIC == asked
    assert [] == stage.facts(NoticeGiven)
    assert ["a"] == path(stage)
    assert "What is first?" in said(stage)[-1]


def test_moderate_distress_ends_the_topic_and_asks_whether_to_go_on() -> None:
    stage = stage_with(three(), help_line=LINE)
    types(stage, MODERATE)
    asked = said(stage)[-1]
    types(stage, "yes")

    assert script.OTHER_TOPIC == asked
    assert ["a", "b"] == path(stage)
    assert "What is second?" == said(stage)[-1]


def test_who_would_rather_not_go_on_is_paused_and_comes_back_to_another_question() -> None:
    stage = stage_with(three())
    types(stage, MODERATE)
    types(stage, "no")
    paused = stage.floor
    stage.feed(ParticipantJoined("text"))
    stage.run(stage.now + 20)

    assert "paused" == paused
    assert ["a", "b"] == path(stage)


def test_severe_distress_pauses_the_talk_names_help_and_is_on_the_log() -> None:
    stage = stage_with(three(), help_line=LINE)
    types(stage, SEVERE)
    heard = [each for each in stage.facts(DistressHeard) if isinstance(each, DistressHeard)]
    committed = [each for each in stage.facts(AnswerCommitted) if isinstance(each, AnswerCommitted)]
    paused = [each for each in stage.facts(InterviewPaused) if isinstance(each, InterviewPaused)]

    assert "paused" == stage.floor
    assert [("a", "severe")] == [(each.node_key, each.level) for each in heard]
    assert [SEVERE] == [each.text for each in committed]
    assert ["distress"] == [each.reason for each in paused]
    assert ["a"] == [each.node_key for each in stage.facts(NodeClosed) if isinstance(each, NodeClosed)]
    assert [f"If you would like to talk to somebody: {LINE}.", script.PAUSED_DISTRESS] == said(stage)[-2:]


def test_a_topic_that_hurt_is_not_probed_when_more_is_said_of_it() -> None:
    probed = question("a", "What is first?", probing={"enabled": True, "max_follow_ups": 3})
    stage = stage_with(blueprint(probed, question("b", "What is second?")))
    types(stage, MODERATE)
    types(stage, "it was good")

    assert [] == stage.facts(ProbeChosen)
    assert ["a", "b"] == path(stage)


def test_distress_of_unknown_gravity_ends_the_topic() -> None:
    def judged(_: JudgementRequest) -> Judgement:
        return Judgement("distress", judged_by="a model")

    stage = Stage(three(), judge_with=judged, channel="text").run_until_floor_is("open")
    types(stage, "that is hard to say")

    assert [DistressHeard(1, "a", "moderate")] == stage.facts(DistressHeard)
    assert script.OTHER_TOPIC == said(stage)[-1]


def test_what_is_said_in_distress_or_haste_is_known_ahead() -> None:
    words = script.known_words(three(), LINE)

    assert {script.OTHER_TOPIC, script.PAUSED_DISTRESS, script.SHORT_OF_TIME} <= set(words)
    assert f"If you would like to talk to somebody: {LINE}." in words
