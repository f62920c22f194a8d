"""Answers judged ahead of their end, and words given to the voice before they are due."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from dialog.commands import CancelJudgement, DropPrepared, Judge, Prepare, Say
from dialog.drafting import anchored, as_logged, same_words, still_holds
from dialog.events import (
    AnswerCommitted,
    AnswerJudged,
    AnswerTaken,
    DraftClosed,
    FallbackUsed,
    NodeEntered,
    ProbeChosen,
)
from dialog.judgement import Exchange, Judgement, JudgementRequest, Probe
from dialog.signals import (
    AnySignal,
    OperatorTookOver,
    ParticipantLeft,
    PreparationFailed,
    RightClaimed,
    SpeechStarted,
    SpeechStopped,
    TurnEndHinted,
)
from dialog.study import Study
from tests.simulation.designs import probing
from tests.support.blueprints import two_questions
from tests.support.play import Stage

ANSWER = "it was a messy day because my manager called four times"
PROBE = "When you say messy, what do you mean by that?"


def asks(text: str = PROBE, span: str = "messy") -> Callable[[JudgementRequest], Judgement]:
    """A model that always has the same to ask."""
    return lambda _: Judgement("vague", Probe("term", "mirroring", text, span), judged_by="a model")


def advances(_: JudgementRequest) -> Judgement:
    """A model to which every answer is enough."""
    return Judgement("sufficient", judged_by="a model")


def answered(stage: Stage, text: str = ANSWER) -> float:
    """When the voice of an answer to the first question ended."""
    stage.run_until_floor_is("open")
    return stage.say(stage.now + 0.5, text)


def bodies(stage: Stage, kind: type) -> list[object]:
    return [event.body for event in stage.events if isinstance(event.body, kind)]


def at(stage: Stage, kind: type) -> list[float]:
    return [event.at for event in stage.events if isinstance(event.body, kind)]


def probe_began(stage: Stage) -> float:
    (heard,) = [speech for speech in stage.speeches if speech.say.kind == "probe"]
    assert heard.began_at is not None
    return heard.began_at


def test_at_a_silence_of_400_ms_the_answer_is_judged_ahead_and_the_draft_is_adopted() -> None:
    stage = Stage(probing(), judge_with=asks(), judge_delay=0.64)
    end = answered(stage)
    stage.run(end + 6)
    judged = bodies(stage, Judge)

    assert [True] == [judge.draft for judge in judged]  # type: ignore[attr-defined]
    assert 0.4 == pytest.approx(at(stage, Judge)[0] - end, abs=0.06)
    assert [DraftClosed(1, True, "")] == bodies(stage, DraftClosed)
    assert [True] == [fact.drafted for fact in stage.facts(AnswerJudged)]  # type: ignore[union-attr]
    assert [PROBE] == [fact.probe.text for fact in stage.facts(ProbeChosen)]  # type: ignore[union-attr]


def test_what_the_recogniser_takes_for_over_is_judged_ahead_at_once_and_no_second_time() -> None:
    stage = Stage(probing(), judge_with=asks(), judge_delay=0.64)
    end = answered(stage)
    stage.at(end + 0.28, TurnEndHinted(1, "eager", 0.6))
    stage.at(end + 0.5, TurnEndHinted(1, "over", 0.9))
    stage.run(end + 6)

    assert [end + 0.28] == [pytest.approx(moment) for moment in at(stage, Judge)]
    assert [DraftClosed(1, True, "")] == bodies(stage, DraftClosed)


def test_a_draft_of_an_end_that_was_none_is_thrown_away_for_the_whole_answer() -> None:
    stage = Stage(probing(), judge_with=asks(), judge_delay=2.0)
    end = answered(stage)
    stage.at(end + 0.28, TurnEndHinted(1, "eager", 0.6))
    stage.at(end + 0.32, TurnEndHinted(1, "resumed", 0.1))
    end = stage.say(end + 0.3, "and then twice more")
    stage.run(end + 6)
    judged = bodies(stage, Judge)

    assert [DraftClosed(1, False, "words"), DraftClosed(2, True, "")] == bodies(stage, DraftClosed)
    assert [ANSWER, f"{ANSWER} and then twice more"] == [judge.request.answer for judge in judged]  # type: ignore[attr-defined]
    assert [CancelJudgement(1)] == bodies(stage, CancelJudgement)


def test_the_sound_of_a_probe_is_begun_before_it_is_due_and_costs_the_question_nothing() -> None:
    gaps = []
    for delay in (0.0, 0.29):
        stage = Stage(probing(), judge_with=asks(), judge_delay=0.64, voice_delay=delay)
        end = answered(stage)
        stage.run(end + 6)
        gaps.append(probe_began(stage) - end)

        assert [PROBE] == [prepare.text for prepare in bodies(stage, Prepare)]  # type: ignore[attr-defined]
        assert at(stage, Prepare)[0] < at(stage, AnswerCommitted)[0]
        assert [] == bodies(stage, DropPrepared)
    assert gaps[0] == pytest.approx(gaps[1])


def test_a_draft_is_thrown_away_without_a_trace_when_the_answer_goes_on() -> None:
    stage = Stage(probing(), judge_with=asks(), judge_delay=0.64)
    end = answered(stage)
    end = stage.say(end + 0.6, "and then i went home and slept for ten hours")
    stage.run(end + 6)
    closed = bodies(stage, DraftClosed)

    assert [(1, False, "words"), (2, True, "")] == [(c.judgement_id, c.adopted, c.reason) for c in closed]  # type: ignore[attr-defined]
    assert 1 == len(stage.facts(AnswerCommitted))
    assert 1 == len(stage.facts(ProbeChosen))


def test_at_most_one_judgement_is_under_way() -> None:
    stage = Stage(probing(), judge_with=advances, judge_delay=5.0)
    end = answered(stage)
    for _ in range(4):
        end = stage.say(end + 0.6, "and then something else happened in the evening")
    stage.run(end + 1.0)
    under_way: set[int] = set()
    for event in stage.events:
        if isinstance(event.body, Judge):
            assert not under_way
            under_way.add(event.body.judgement_id)
        elif type(event.body).__name__ == "CancelJudgement":
            under_way.discard(event.body.judgement_id)  # type: ignore[union-attr]

    assert 5 == len(bodies(stage, Judge))


def test_a_long_answer_is_judged_ahead_every_eight_seconds_while_it_goes_on() -> None:
    stage = Stage(probing(), judge_with=advances, judge_delay=0.3)
    stage.run_until_floor_is("open")
    began = stage.now
    stage.say(began, " ".join(["and one more thing about it"] * 15), 25.0)
    stage.run(began + 25.0)
    since = [moment - began for moment in at(stage, Judge)]

    assert [8.1, 16.1, 24.1] == pytest.approx(since, abs=0.3)


def test_rules_are_asked_when_it_is_due_and_never_again_ahead() -> None:
    stage = Stage(two_questions())
    end = answered(stage)
    stage.run(end + 6).run_until_floor_is("open")
    first = len(bodies(stage, Judge))
    end = answered(stage, "i cooked a soup and then i read a book until eleven")
    stage.run(end + 6)
    later = bodies(stage, Judge)[first:]

    assert [False] == [judge.draft for judge in later]  # type: ignore[attr-defined]


def test_the_deadline_counts_from_the_acknowledgements_onset() -> None:
    stage = Stage(probing(), judge_with=lambda _: None)
    end = answered(stage)
    stage.run(end + 5)
    (onset,) = [s.began_at for s in stage.speeches if s.say.kind == "acknowledgement"]
    (fallback,) = at(stage, FallbackUsed)

    assert onset is not None
    assert 1.2 == pytest.approx(fallback - onset, abs=0.06)
    assert ["What happened first?"] == [fact.probe.text for fact in stage.facts(ProbeChosen)]  # type: ignore[union-attr]


def test_a_late_judgement_is_dropped() -> None:
    stage = Stage(probing(), judge_with=asks(), judge_delay=3.0)
    end = answered(stage)
    stage.run(end + 8)

    assert ["judgement_overdue"] == [fact.reason for fact in stage.facts(FallbackUsed)]  # type: ignore[union-attr]
    assert ["What happened first?"] == stage.said("probe")


@pytest.mark.parametrize("voice_delay", [None, 6.0])
def test_a_probe_whose_sound_is_not_there_by_the_deadline_gives_way_to_known_words(
    voice_delay: float | None,
) -> None:
    stage = Stage(probing(), judge_with=asks(), voice_delay=voice_delay)
    end = answered(stage)
    stage.run(end + 6)

    assert ["voice_overdue"] == [fact.reason for fact in stage.facts(FallbackUsed)]  # type: ignore[union-attr]
    assert ["What happened first?"] == stage.said("probe")
    assert 1 == len(stage.facts(ProbeChosen))
    assert probe_began(stage) - at(stage, AnswerTaken)[0] < 1.5


def test_only_guarded_words_are_given_to_the_voice() -> None:
    stage = Stage(probing(), judge_with=asks("Wasn't that awful, and do you hate your manager?", "manager"))
    end = answered(stage)
    stage.run(end + 6)

    assert [] == bodies(stage, Prepare)
    assert ["What happened first?"] == stage.said("probe")


def test_words_that_were_made_ahead_are_not_prepared() -> None:
    stage = Stage(probing(), judge_with=asks("What happened the last time?", ""))
    end = answered(stage)
    stage.run(end + 6)

    assert [] == bodies(stage, Prepare)
    assert ["What happened the last time?"] == stage.said("probe")


def test_a_cough_in_the_hold_lets_the_judgement_stand() -> None:
    stage = Stage(probing(), judge_with=asks(), judge_delay=0.3)
    end = answered(stage)
    stage.at(end + 1.0, SpeechStarted(9))
    stage.at(end + 1.5, SpeechStopped(9, 0.2, 0.2))
    stage.run(end + 7)

    assert 1 == len(bodies(stage, Judge))
    assert [PROBE] == stage.said("probe")


def test_the_rest_of_the_node_is_reached_when_a_draft_says_advance() -> None:
    stage = Stage(two_questions(), judge_with=advances, judge_delay=0.64)
    end = answered(stage)
    stage.run(end + 6)

    assert ["morning", "evening"] == [fact.node_key for fact in stage.facts(NodeEntered)]  # type: ignore[union-attr]
    assert [] == bodies(stage, Prepare)
    assert 1 == len([say for say in bodies(stage, Say) if say.kind == "acknowledgement"])  # type: ignore[attr-defined]


def request(answer: str, **changes: object) -> JudgementRequest:
    return JudgementRequest("work", "question", "Tell me.", None, None, answer, answer, 0.95, **changes)  # type: ignore[arg-type]


MODEL = Judgement("sufficient", judged_by="a model")
ASKS = Judgement("vague", Probe("term", "mirroring", PROBE, "messy"), judged_by="a model")


def test_an_advance_holds_for_more_of_the_same() -> None:
    assert still_holds(MODEL, request(f"{ANSWER} and i was tired"))


@pytest.mark.parametrize("turn", ["what do you mean by that", "i'd rather not talk about that"])
def test_an_advance_falls_when_the_rest_turns_the_answer(turn: str) -> None:
    assert not still_holds(MODEL, request(turn))


def test_a_probe_holds_as_long_as_its_words_stand() -> None:
    assert still_holds(ASKS, request(f"{ANSWER} and i was tired"))
    assert not still_holds(ASKS, request("it was a nasty day because my manager called four times"))


def test_nothing_drafted_holds_where_values_or_ways_hang_on_the_words() -> None:
    assert not still_holds(MODEL, request(ANSWER, fields=({"name": "age", "type": "number"},)))


def test_a_last_transcript_that_only_adds_punctuation_has_the_same_words() -> None:
    assert same_words("it was a messy day", "It was a messy day.")
    assert not same_words("it was a messy day", "it was a messy way")


def test_a_span_is_found_again_byte_by_byte() -> None:
    probe = Probe("term", "mirroring", "What about it?", "messy day because")

    assert "Messy day, because" == anchored(probe, "It was a Messy day, because of him.").span
    assert "" == anchored(probe, "It was a nice day.").span


def test_of_a_draft_the_log_keeps_no_earlier_exchange() -> None:
    told = (Exchange("morning", "How did it begin?", "With coffee."),)
    draft, due = Judge(1, request(ANSWER, exchanges=told), True), Judge(2, request(ANSWER, exchanges=told))

    assert Judge(1, request(ANSWER), True) == as_logged(draft)
    assert due is as_logged(due)


def begun_on(stage: Stage) -> int:
    (prepare,) = bodies(stage, Prepare)
    return prepare.preparation_id  # type: ignore[attr-defined,no-any-return]


def test_a_voice_that_fails_while_the_answer_goes_on_leaves_no_trace_but_the_draft() -> None:
    stage = Stage(probing(), judge_with=asks(), voice_delay=None)
    end = answered(stage)
    stage.run(end + 0.5)
    stage.at(end + 0.6, PreparationFailed(begun_on(stage), "vendor"))
    stage.at(end + 0.55, SpeechStarted(9))
    stage.run(end + 0.65)

    assert "hearing" == stage.floor
    assert [] == stage.facts(FallbackUsed)
    assert [DraftClosed(1, False, "failed")] == bodies(stage, DraftClosed)


def test_words_that_stand_in_for_a_probe_are_never_prepared_themselves() -> None:
    stage = Stage(probing(), judge_with=asks(), voice_delay=None)
    stage.run_until_floor_is("open")
    stage.feed(RightClaimed("slower"))
    end = answered(stage)
    failed: set[int] = set()
    while stage.now < end + 6:
        stage.run(stage.now + 0.02)
        for prepare in bodies(stage, Prepare):
            if prepare.preparation_id not in failed:  # type: ignore[attr-defined]
                failed.add(prepare.preparation_id)  # type: ignore[attr-defined]
                stage.feed(PreparationFailed(prepare.preparation_id, "vendor"))  # type: ignore[attr-defined]

    assert {PROBE} == {prepare.text for prepare in bodies(stage, Prepare)}  # type: ignore[attr-defined]
    assert ["What happened first?"] == stage.said("probe")


@pytest.mark.parametrize(
    "ended_by",
    [RightClaimed("pause"), RightClaimed("strike"), ParticipantLeft("hung up"), OperatorTookOver("sam")],
)
def test_the_voice_is_told_when_what_it_has_begun_on_will_not_be_said(ended_by: AnySignal) -> None:
    stage = Stage(probing(), judge_with=asks(), voice_delay=None)
    end = answered(stage)
    stage.run(end + 0.5)
    number = begun_on(stage)
    stage.feed(ended_by)

    assert [DropPrepared(number)] == bodies(stage, DropPrepared)


def test_the_log_does_not_repeat_the_study_with_every_judgement() -> None:
    study = Study("Robin", "You interview.", "neutral", "en", "allow")

    assert Judge(1, request(ANSWER)) == as_logged(Judge(1, replace(request(ANSWER), study=study)))
