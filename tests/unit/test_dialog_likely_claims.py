"""Rights that may have been claimed, or only told of: asked about, and otherwise an answer like any other."""

import pytest

from dialog import script
from dialog.claims import claim_amid, likely_claim
from dialog.events import AnswerCommitted, AnswerStruck, InterviewPaused, NodeClosed, RemarkMade, RightUsed
from dialog.signals import FinalTranscript, PartialTranscript, RightClaimed, SpeechStarted, SpeechStopped
from server.providers.embedded.claims_heard import claim_among
from tests.simulation.aftermath import check_fold, check_replay, check_transcript
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

DESIGN = blueprint(question("work", "Tell me about a day at work."), question("home", "And at home?"))
DAY = "it was a long day at the office"
BREAK = "I need a short break"


def asked(said: str = BREAK) -> Stage:
    """A talk in which somebody has told something, and then said this in a breath of its own."""
    stage = Stage(DESIGN).run_until_floor_is("open")
    at = stage.say(stage.now + 0.5, DAY)
    stage.run(stage.say(at + 0.7, said) + 4)
    return stage.run_until_floor_is("open")


def sounding_like(claim: str, *, text: str = "stride that") -> Stage:
    """A talk in which this was heard, and sounded like a claim of a right."""
    stage = Stage(DESIGN).run_until_floor_is("open")
    at = stage.now + 0.5
    stage.at(at, SpeechStarted(70))
    stage.at(at + 0.7, PartialTranscript(70, text, 0.9))
    stage.at(at + 1.0, SpeechStopped(70, 0.2, 0.8))
    stage.at(at + 1.3, FinalTranscript(70, text, 0.9, None, claim))
    return stage.run(at + 4)


def answers(stage: Stage) -> list[str]:
    return [one.text for one in stage.facts(AnswerCommitted) if isinstance(one, AnswerCommitted)]


def rights(stage: Stage) -> list[str]:
    return [one.right for one in stage.facts(RightUsed) if isinstance(one, RightUsed)]


def says(stage: Stage, text: str, then: float = 8.0) -> Stage:
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, text) + then)
    check_replay(stage.events, DESIGN)
    check_fold(stage.events, stage.manager._out.state)
    check_transcript(stage.events)
    return stage


def test_words_that_are_said_of_life_as_well_are_asked_about() -> None:
    stage = asked()

    assert claim_amid((DAY, BREAK)) is None
    assert [script.IS_IT_SO["pause"]] == stage.said("re_ask")
    assert [] == stage.facts(RightUsed)


def test_a_yes_grants_it_and_keeps_what_was_said_before() -> None:
    stage = says(asked(), "yes please")

    assert ["pause"] == rights(stage)
    assert 1 == len(stage.facts(InterviewPaused))
    stage.feed(RightClaimed("resume"))
    stage.run_until_floor_is("speaking")
    while stage.speeches[-1].ended_at is None:
        stage.run(stage.now + 0.1)
    stage.run(stage.say(stage.now + 0.2, "and then I went home") + 20)
    assert [f"{DAY} and then I went home"] == answers(stage)


@pytest.mark.parametrize(
    ("reply", "committed"),
    [
        ("no", [f"{DAY} {BREAK}"]),
        ("it was just too much for me that day", [f"{DAY} {BREAK}", "it was just too much for me that day"]),
    ],
)
def test_anything_else_leaves_it_an_answer(reply: str, committed: list[str]) -> None:
    stage = says(asked(), reply)

    assert [] == rights(stage)
    assert committed == answers(stage)
    assert [NodeClosed("work", "answered")] == stage.facts(NodeClosed)
    assert 1 == stage.said().count(script.IS_IT_SO["pause"])


def test_silence_leaves_it_an_answer_too() -> None:
    stage = asked()
    stage.run(stage.now + 60)

    assert [] == rights(stage)
    assert [f"{DAY} {BREAK}"] == answers(stage)


@pytest.mark.parametrize(
    "parts",
    [
        (DAY,),
        (DAY, "and the doctor told me that I need a break"),
        ("my boss always said", "please stop"),
        ("when it gets too loud", "I need a short break"),
        ("she asked me to", "skip this question"),
        ("", BREAK),
    ],
)
def test_what_is_told_of_others_or_supposed_is_not_asked_about(parts: tuple[str, ...]) -> None:
    assert likely_claim(parts) is None


@pytest.mark.parametrize("right", ["skip", "strike", "stop", "human", "repeat", "slower", "back", "pause"])
def test_what_sounds_like_a_claim_is_asked_about_in_its_own_words(right: str) -> None:
    stage = sounding_like(right)

    assert script.IS_IT_SO[right] == stage.said("re_ask")[-1]
    assert [] == stage.facts(RightUsed)
    assert "stride that" in [one.text for one in stage.facts(RemarkMade) if isinstance(one, RemarkMade)]


def test_nothing_is_erased_by_its_sound_alone() -> None:
    kept, gone = says(sounding_like("strike"), "no"), Stage(DESIGN).run_until_floor_is("open")
    gone.run(gone.say(gone.now + 0.5, DAY) + 6).run_until_floor_is("open")
    gone.at(gone.now + 0.1, SpeechStarted(9))
    gone.at(gone.now + 0.9, SpeechStopped(9, 0.2, 0.7))
    gone.at(gone.now + 1.1, FinalTranscript(9, "stride that", 0.9, None, "strike"))
    gone.run(gone.now + 5)
    before = gone.facts(AnswerStruck)
    says(gone, "yes")

    assert ["stride that"] == answers(kept)
    assert [] == before
    assert [AnswerStruck(1)] == gone.facts(AnswerStruck)


def test_a_yes_to_a_stop_that_was_guessed_ends_the_talk_without_a_second_question() -> None:
    stage = says(sounding_like("stop"), "yes", then=20)

    assert ["stop", "stop_confirmed"] == rights(stage)
    assert 1 == stage.said().count(script.CONFIRM_STOP)


@pytest.mark.parametrize(
    ("best", "alternatives", "right"),
    [
        ("stride that", ["stride that", "strike that"], "strike"),
        ("i want him to stop", ["i want to stop"], "stop"),
        ("skip this question", ["stop this question"], ""),
        ("we talked for hours", ["we stopped for hours"], ""),
        ("", ["strike that"], ""),
        ("one two three four five six seven eight nine ten eleven twelve", ["can we skip this one"], ""),
    ],
)
def test_a_decoder_s_alternatives_change_no_word(best: str, alternatives: list[str], right: str) -> None:
    assert right == claim_among(best, alternatives)
