"""Rights that are claimed in the middle of an answer, and stories in which the same words are told."""

import json
from pathlib import Path

import pytest

from dialog.claims import claim_amid
from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerStruck,
    InterviewPaused,
    NodeClosed,
    RemarkMade,
    RightUsed,
    TurnOpened,
)
from dialog.judgement import Right
from dialog.rights import spoken_right
from dialog.signals import FinalTranscript, PartialTranscript, RightClaimed, SpeechStarted, TextTyped
from dialog.transcript import transcript
from tests.simulation.aftermath import check_fold, check_replay, check_transcript
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

DATA = json.loads(
    (Path(__file__).parent.parent / "data" / "rights_amid_answers.json").read_text(encoding="utf-8")
)
"""Claims, how they are joined to what was being told, and stories that a claim must not be heard in."""
BEGUN: list[str] = DATA["begun"]
CLAIMS: dict[Right, list[str]] = DATA["claims"]
STORIES = [tuple(story.split(" / ")) for story in DATA["stories"] + DATA["lives"]]
"""The former tell of requests; in the latter people want, need and leave things in their lives."""

# The words


def joined(claim: str, right: Right, place: int) -> list[tuple[str, ...]]:
    """The ways in which a claim follows the first words of an answer."""
    begun = BEGUN[(7 * place) % len(BEGUN)]
    breaks_off = DATA["breaks_off"][place % len(DATA["breaks_off"])].format(claim)
    reason = DATA["reasons"][right][place % 2]
    if claim in DATA["only_aside"]:
        return [(f"{begun}. Sorry, {claim}.",), (begun, f"actually {claim}"), (f"{begun} sorry {claim}",)]
    ways = [
        (begun, claim),
        (f"{begun.capitalize()}. {claim.capitalize()}.",),
        (f"{begun} {breaks_off}",),
        (begun, f"{claim} {reason}"),
    ]
    return ways if claim in DATA["only_apart"] else [*ways, (f"{begun} {claim}",)]


@pytest.mark.parametrize("right", CLAIMS)
def test_twenty_phrasings_of_each_right_are_heard_wherever_they_follow_an_answer(right: Right) -> None:
    unheard = [
        parts
        for place, claim in enumerate(CLAIMS[right])
        for parts in joined(claim, right, place)
        if (found := claim_amid(parts)) is None or found.right != right
    ]

    assert len(set(CLAIMS[right])) >= (15 if right == "strike" else 20)
    assert [] == unheard


def test_each_of_them_is_heard_by_itself_as_well() -> None:
    assert [] == [claim for right in CLAIMS for claim in CLAIMS[right] if spoken_right(claim) != right]


def test_what_somebody_would_do_claims_nothing() -> None:
    assert [] == [text for text in DATA["no_claims"] if spoken_right(text) is not None]


def test_no_story_in_which_the_same_words_are_told_claims_anything() -> None:
    told = [
        parts
        for story in STORIES
        for begun in BEGUN[:3]
        for parts in (story, (begun, *story), (f"{begun} {story[0]}", *story[1:]))
    ]
    mistaken = [(parts, found) for parts in told if (found := claim_amid(parts)) is not None]

    assert len(STORIES) >= sum(len(claims) for claims in CLAIMS.values())
    assert [] == mistaken


@pytest.mark.parametrize(
    "text", ["", "?", "stop " * 500, "can you " * 300, "a" * 5_000, "日本語。skip this one"]
)
def test_no_words_break_the_search(text: str) -> None:
    claim_amid((text,))
    claim_amid(("it was late", text))


def test_noises_ahead_of_a_claim_hide_nothing_of_it() -> None:
    for noises in ("um " * 60, "so um " * 30, "and so well " * 20):
        claim = claim_amid((f"it was late {noises}can you repeat the question",))

        assert claim is not None, noises
        assert "repeat" == claim.right


# What becomes of the answer


def clear(right: Right) -> list[str]:
    """Ten claims that can be meant for nobody but the interviewer."""
    return [claim for claim in CLAIMS[right] if claim not in DATA["only_aside"]][:10]


DAY = "it was a long day at the office"


def begun_stage(*later: str) -> Stage:
    """A talk in which somebody has begun an answer, and says `later` in breaths of their own."""
    stage = Stage(
        blueprint(question("work", "Tell me about a day at work."), question("home", "And at home?"))
    )
    stage.run_until_floor_is("open")
    at = stage.say(stage.now + 0.5, DAY)
    for words in later:
        at = stage.say(at + 0.6, words)
    stage.run(at + 3.5)
    return stage


def consistent(stage: Stage) -> bool:
    """What every log promises."""
    check_replay(stage.events, stage.manager._interview.blueprint)
    check_fold(stage.events, stage.manager._out.state)
    check_transcript(stage.events)
    return True


@pytest.mark.parametrize("right", CLAIMS)
def test_a_spoken_claim_amid_an_answer_is_granted(right: Right) -> None:
    for claim in clear(right):
        stage = begun_stage(claim)

        assert [RightUsed(right)] == stage.facts(RightUsed), claim
        assert consistent(stage)


@pytest.mark.parametrize("right", CLAIMS)
def test_a_typed_claim_behind_an_answer_is_granted(right: Right) -> None:
    for claim in clear(right):
        stage = Stage(blueprint(question("work", "Tell me about a day at work.")), channel="text")
        stage.run_until_floor_is("open")
        stage.feed(TextTyped(f"It was a long day at the office. {claim.capitalize()}.", "one"))
        stage.run(stage.now + 1)

        assert [RightUsed(right)] == stage.facts(RightUsed), claim
        assert consistent(stage)


@pytest.mark.parametrize(
    "story", ["my boss told me to / stop", "she goes can we take a break", "and then he yelled / stop it"]
)
def test_a_story_goes_on(story: str) -> None:
    stage = begun_stage(*story.split(" / "))

    assert [] == stage.facts(RightUsed)


def test_the_words_before_a_repetition_stay_and_the_claim_is_no_part_of_the_answer() -> None:
    stage = begun_stage("can you repeat the question please")
    stage.run(stage.now + 4)
    stage.run(stage.say(stage.now, "and everybody shouted in the meeting") + 6)
    answers = [fact.text for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]
    remarks = [fact.text for fact in stage.facts(RemarkMade) if isinstance(fact, RemarkMade)]

    assert [f"{DAY} and everybody shouted in the meeting"] == answers
    assert ["can you repeat the question please"] == remarks
    assert 1 == len(stage.facts(TurnOpened))
    assert consistent(stage)


def test_what_was_repeated_is_waited_for_though_words_are_there() -> None:
    stage = begun_stage("can you repeat the question please")
    stage.run(stage.now + 4)

    assert [] == stage.facts(AnswerCommitted)
    assert "open" != stage.floor


@pytest.mark.parametrize("wish", ["yes", "no let's go on"])
def test_who_stops_in_the_middle_of_an_answer_has_given_it(wish: str) -> None:
    stage = begun_stage("sorry I have to go now")
    stage.run(stage.say(stage.now + 1, wish) + 6)
    answers = [fact.text for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]

    assert [DAY] == answers
    assert consistent(stage)


def test_a_pause_amid_an_answer_keeps_its_words_for_afterwards() -> None:
    stage = begun_stage("can we take a break please")
    stage.run(stage.now + 4)
    stage.feed(RightClaimed("resume"))
    stage.run(stage.now + 6)
    recap = stage.said("recap")
    stage.run(stage.say(stage.now, "and everybody shouted in the meeting") + 6)

    assert stage.facts(InterviewPaused)
    assert ["Welcome back. You were saying: it was a long day at the office. Please go on."] == recap
    assert f"{DAY} and everybody shouted in the meeting" == stage.facts(AnswerCommitted)[0].text  # type: ignore[union-attr]
    assert consistent(stage)


def test_a_claim_whose_last_word_is_still_owed_keeps_the_words_before_it() -> None:
    stage = Stage(blueprint(question("work", "Tell me about a day at work.")))
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.5, f"{DAY} um can we take a break please", last_word=False) + 6)
    stage.feed(FinalTranscript(1, f"{DAY} um can we take a break please", 0.9))
    stage.feed(RightClaimed("resume"))
    stage.run(stage.now + 6)

    assert ["Welcome back. You were saying: it was a long day at the office. Please go on."] == stage.said(
        "recap"
    )
    assert consistent(stage)


def test_late_words_of_a_claim_come_back_into_no_answer() -> None:
    stage = Stage(blueprint(question("work", "Tell me about a day at work.")))
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.5, f"{DAY} um can you repeat the question please", last_word=False) + 6)
    stage.feed(FinalTranscript(1, f"{DAY} um can you repeat the question please", 0.9))
    stage.feed(SpeechStarted(2))
    stage.feed(PartialTranscript(2, "and everybody shouted", 0.9))
    stage.run(stage.now + 1)
    stage.feed(FinalTranscript(2, "and everybody shouted", 0.9))
    stage.run(stage.now + 20)

    assert f"{DAY} and everybody shouted" == stage.facts(AnswerCommitted)[0].text  # type: ignore[union-attr]
    assert consistent(stage)


def test_what_was_said_before_a_skip_is_kept() -> None:
    skipped = begun_stage("skip this question please")

    assert [DAY] == [one.text for one in skipped.facts(AnswerCommitted) if isinstance(one, AnswerCommitted)]
    assert [NodeClosed("work", "skipped")] == skipped.facts(NodeClosed)
    assert consistent(skipped)


def test_striking_takes_the_begun_answer_with_it() -> None:
    struck = begun_stage("strike that please")

    assert [AnswerStruck(1)] == struck.facts(AnswerStruck)
    assert DAY not in str([entry.content for entry in transcript(struck.events)])


def test_the_reason_for_striking_an_answer_goes_with_it() -> None:
    stage = begun_stage()
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.2, "please delete that I don't want Elizabeth to hear it") + 4)
    struck = {fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)}

    assert {1, 2} == struck
    assert "Elizabeth" not in str([entry.content for entry in transcript(stage.events)])


def test_a_mere_um_before_a_claim_is_no_answer_to_strike() -> None:
    stage = begun_stage()
    stage.run_until_floor_is("open")
    at = stage.say(stage.now + 0.2, "um")
    stage.run(stage.say(at + 0.6, "strike that please") + 4)

    assert [AnswerStruck(1)] == stage.facts(AnswerStruck)


def test_a_claim_over_what_is_said_is_granted_behind_other_words() -> None:
    stage = begun_stage("can I talk to a human please")
    stage.run(stage.now + 0.2)
    stage.run(stage.say(stage.now, "oh I see thanks um can you speak more slowly please") + 4)
    used = [fact.right for fact in stage.facts(RightUsed) if isinstance(fact, RightUsed)]

    assert ["human", "slower"] == used
    assert any("more slowly" in event.body.text for event in stage.events if isinstance(event.body, Say))


@pytest.mark.parametrize(
    "reply", ["no I want to finish it", "no I'd like to finish the interview", "no let's go on"]
)
def test_a_no_to_stopping_is_a_no_whatever_follows_it(reply: str) -> None:
    stage = begun_stage("sorry I have to go now")
    stage.run(stage.say(stage.now + 1, reply) + 6)

    assert [RightUsed("stop")] == stage.facts(RightUsed)


@pytest.mark.parametrize("option", ["Delete it", "Stop", "The last one", "Skip it"])
def test_an_option_that_is_chosen_is_no_claim(option: str) -> None:
    field = {"name": "what", "label": "What would you do?", "type": "choice", "options": [option, "Keep it"]}
    form: dict[str, object] = {"key": "ad", "type": "form", "text": "An advertisement comes."}
    form["fields"] = [field]
    stage = Stage(blueprint(form), channel="text")
    stage.run_until_floor_is("open")
    stage.feed(TextTyped(option, "one"))
    stage.run(stage.now + 1)

    assert [] == stage.facts(RightUsed)


def test_what_follows_a_colon_is_quoted() -> None:
    assert claim_amid(("The client wrote: please stop.",)) is None
    assert claim_amid(("The customer goes: can I talk to a human?",)) is None


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("I want to stop now, my throat feels sore", "stop"),
        ("can we stop here, my bus leaves soon", "stop"),
        ("can we stop here, this feels wrong", "stop"),
        ("can we pause, the oven beeps", "pause"),
        ("skip this one, my boss listens", "skip"),
        ("please skip that, this concerns my employer", "skip"),
    ],
)
def test_behind_a_comma_any_sentence_is_a_reason(said: str, right: Right) -> None:
    claim = claim_amid(("it was a long day at the office", said))

    assert claim is not None
    assert right == claim.right


@pytest.mark.parametrize("said", ["I'd like to stop the medication", "I want to quit my job"])
def test_without_a_comma_it_is_what_one_wants_to_be_rid_of(said: str) -> None:
    assert claim_amid(("it was a long day at the office", said)) is None


@pytest.mark.parametrize(("said", "value"), [("yes", True), ("no", False)])
def test_a_yes_or_no_stays_when_something_is_claimed_behind_it(said: str, value: bool) -> None:
    field = {"name": "smokes", "label": "Do you smoke?", "type": "boolean"}
    form: dict[str, object] = {"type": "form", "key": "habits", "text": "Do you smoke?", "fields": [field]}
    stage = Stage(blueprint(form, question("last", "What else?")))
    stage.run_until_floor_is("open")
    over = stage.say(stage.now + 0.3, said, last_word=False)
    stage.run(stage.say(over + 0.1, "can you speak more slowly please", last_word=True) + 12)

    assert [RightUsed("slower")] == stage.facts(RightUsed)
    assert {"smokes": value} == stage.manager._out.state.node("habits").data
    assert consistent(stage)
