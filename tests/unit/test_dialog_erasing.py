"""All answers erased, consent taken back, the recording stopped: what somebody can want beside the rights
of the page, and is asked about first."""

import pytest

from dialog import script
from dialog.claims import claim_amid
from dialog.events import AnswerCommitted, AnswerStruck, InterviewFinished, RightUsed
from dialog.judgement import Right, Wish
from dialog.keeping import wants_nothing_erased
from dialog.rights import spoken_right
from dialog.signals import ParticipantLeft, RightClaimed
from dialog.struck_words import EVERYTHING
from tests.simulation.aftermath import check_fold, check_replay
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage
from tests.support.struck_talk import left_after_striking

WISHES: dict[Wish, list[str]] = {
    "erase_all": [
        "erase everything I said",
        "delete all my answers",
        "please erase all of my answers",
        "could you delete everything I've told you so far",
        "I want all my answers deleted",
        "delete the recording",
        "please delete my data",
        "forget everything I said",
        "can we delete this whole interview",
        "remove everything I said from the record please",
    ],
    "withdraw": [
        "I withdraw my consent",
        "I'd like to withdraw my consent",
        "I want to take my consent back",
        "I revoke my consent",
        "I don't consent anymore",
        "I no longer agree to this",
        "I want to withdraw from this study",
        "can I withdraw my consent please",
        "sorry, I don't agree to this any more",
        "I no longer consent",
    ],
    "unrecord": [
        "stop recording me",
        "can you stop recording me",
        "turn off the recording",
        "please turn the recording off",
        "I don't want to be recorded",
        "don't record me",
        "stop the recording",
        "could you switch off the recorder",
        "please stop recording this",
        "can we go on without being recorded",
    ],
}
DESIGN = blueprint(
    *(question(key, f"How was your {key}?") for key in ("morning", "noon", "evening", "night"))
)
SAID = ("I met Elizabeth at the station", "we had fish with Bartholomew by the river")
AMID = "in the evening Cordelia came to see me."


def stage(*said: str) -> Stage:
    """A talk in which this has been said, and is being waited for more."""
    stage = Stage(DESIGN)
    for words in said:
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.3, words) + 3)
    return stage.run_until_floor_is("open")


def is_sound(stage: Stage) -> None:
    check_replay(stage.events, DESIGN)
    check_fold(stage.events, stage.manager._out.state)


@pytest.mark.parametrize("wish", WISHES)
def test_ten_phrasings_of_each_are_heard_alone_and_after_an_answer(wish: Wish) -> None:
    told = "it was a long day at the office"
    heard = [(spoken_right(text), claim_amid((told, text))) for text in WISHES[wish]]

    assert [wish] * 10 == [alone for alone, _ in heard]
    assert [wish] * 10 == [amid.right for _, amid in heard if amid is not None]


@pytest.mark.parametrize(
    "text",
    [
        "my brother wanted everything deleted",
        "they stopped recording at noon",
        "I erased everything on the phone and started again",
        "she withdrew her consent the next day",
        "the police told me to turn off the recording",
        "we all agreed to this",
        "I forget everything these days",
    ],
)
def test_what_is_told_of_such_things_claims_nothing(text: str) -> None:
    told = "it was a long day at the office"

    assert spoken_right(text) is None
    assert [None] * 3 == [claim_amid(parts) for parts in ((text,), (told, text), (f"{told} {text}",))]


def test_everything_is_erased_after_a_yes_and_the_talk_goes_on() -> None:
    talk = stage(*SAID, "please erase everything I said", "yes")

    assert script.CONFIRM_ERASING in talk.said()
    assert [script.ALL_STRUCK, "How was your evening?"] == talk.said("notice", "question", "re_ask")[-2:]
    assert (1, 2, 3, 4, EVERYTHING) == tuple(  # the wish and the yes are turns as well
        fact.turn_id for fact in talk.facts(AnswerStruck) if isinstance(fact, AnswerStruck)
    )
    assert () == talk.manager._out.state.answers
    assert not {name for name in ("Elizabeth", "Bartholomew") if name in left_after_striking(talk)}
    is_sound(talk)


def test_a_no_erases_nothing() -> None:
    talk = stage(*SAID, "delete all my answers", "no")

    assert [] == talk.facts(AnswerStruck)
    assert [script.GOING_ON, "How was your evening?"] == talk.said("notice", "question", "re_ask")[-2:]
    is_sound(talk)


def test_something_else_instead_of_a_yes_is_an_answer_and_erases_nothing() -> None:
    talk = stage(*SAID, "delete all my answers", "in the evening we sat on the balcony for hours")

    assert [] == talk.facts(AnswerStruck)
    assert 3 == len(talk.manager._out.state.answers)


def test_what_was_being_said_with_it_is_erased_as_well() -> None:
    talk = stage(*SAID, f"{AMID} Please delete everything I said, I don't want Cordelia to know.", "yes")

    assert () == talk.manager._out.state.answers
    assert not {
        name for name in ("Elizabeth", "Bartholomew", "Cordelia") if name in left_after_striking(talk)
    }
    is_sound(talk)


def test_without_an_answer_there_is_nothing_to_erase() -> None:
    talk = stage("delete all my answers")

    assert [script.NOTHING_TO_STRIKE] == talk.said("notice")
    assert [] == talk.facts(AnswerStruck)


def test_consent_that_is_taken_back_erases_everything_and_ends_the_talk_after_a_yes() -> None:
    talk = Stage(DESIGN)
    for words in (*SAID, "I withdraw my consent", "yes please"):
        talk.run_until_floor_is("open")
        talk.run(talk.say(talk.now + 0.3, words) + 3)
    talk.run(talk.now + 20)

    assert script.CONFIRM_WITHDRAWAL in talk.said()
    assert [script.ALL_STRUCK, script.STOPPED] == talk.said()[-2:]
    assert ["stopped"] == [one.outcome for one in talk.facts(InterviewFinished) if hasattr(one, "outcome")]
    assert () == talk.manager._out.state.answers
    assert not {name for name in ("Elizabeth", "Bartholomew") if name in left_after_striking(talk)}


@pytest.mark.parametrize(("answer", "goes_on"), [("no", True), ("yes", False)])
def test_who_wants_no_recording_is_told_what_can_be_done_instead(answer: str, goes_on: bool) -> None:
    talk = Stage(DESIGN)
    for words in (*SAID, "can you stop recording me", answer):
        talk.run_until_floor_is("open")
        talk.run(talk.say(talk.now + 0.3, words) + 3)
    talk.run(talk.now + 3)

    assert script.RECORDING_STAYS in talk.said()
    assert goes_on == (RightUsed("stop_confirmed") not in talk.facts(RightUsed))
    assert list(SAID) == [one.text for one in talk.facts(AnswerCommitted) if hasattr(one, "text")]


@pytest.mark.parametrize("right", ["skip", "stop"])
def test_what_is_said_to_a_yes_or_no_is_the_answer_to_no_other_question(right: Right) -> None:
    talk = stage(*SAID, "delete all my answers")
    ended_at = talk.say(talk.now + 0.3, "well maybe I should ask my husband Archibald about that first")
    talk.run(ended_at - 0.1)
    talk.feed(RightClaimed(right))
    talk.run(talk.now + 3)

    assert len(SAID) == len(talk.facts(AnswerCommitted))


def test_who_takes_consent_back_and_hangs_up_has_everything_erased() -> None:
    talk = stage(*SAID, "I withdraw my consent")
    talk.feed(ParticipantLeft("closed"))
    talk.run(talk.now + 5)

    assert () == talk.manager._out.state.answers
    assert not {name for name in ("Elizabeth", "Bartholomew") if name in left_after_striking(talk)}


def test_all_of_that_is_the_last_answer() -> None:
    talk = stage(*SAID, "scratch all of that")
    talk.run(talk.now + 5)

    assert len(SAID) - 1 == len(talk.manager._out.state.answers)


def test_who_strikes_what_is_being_said_to_a_yes_or_no_loses_no_answer() -> None:
    talk = stage(*SAID, "delete all my answers")
    ended_at = talk.say(talk.now + 0.3, "well maybe I should ask my husband Archibald about that first")
    talk.run(ended_at - 0.1)
    talk.feed(RightClaimed("strike"))
    talk.run(talk.now + 5)

    assert len(SAID) == len(talk.manager._out.state.answers)
    assert "Archibald" not in left_after_striking(talk)


def test_everything_is_what_was_said_beside_the_answers_too() -> None:
    said = "what do you mean by that when Bartholomew called"
    talk = stage(
        "I met Elizabeth near the river and we walked home together", said, *SAID, "erase everything I said"
    )
    talk.run(talk.say(talk.now + 0.3, "yes") + 5)

    assert script.ALL_STRUCK in talk.said()
    assert not {name for name in ("Elizabeth", "Bartholomew") if name in left_after_striking(talk)}


@pytest.mark.parametrize("beside", ["yeah Cordelia", "Cordelia", "oh that was Cordelia over there"])
def test_everything_is_what_was_said_over_the_interviewer_too(beside: str) -> None:
    talk = stage(*SAID)
    talk.run(talk.say(talk.now + 0.3, "can you repeat the question"))
    talk.run_until_floor_is("speaking")
    talk.run(talk.say(talk.now + 0.2, beside) + 4)
    before = str([event.body for event in talk.events])
    for words in ("erase everything I said", "yes"):
        talk.run_until_floor_is("open")
        talk.run(talk.say(talk.now + 0.3, words) + 3)
    after = left_after_striking(talk)

    assert script.ALL_STRUCK in talk.said()
    assert "Cordelia" in before
    assert not {name for name in ("Elizabeth", "Bartholomew", "Cordelia") if name in after}
    is_sound(talk)


def test_what_is_answered_after_everything_was_erased_stays() -> None:
    talk = stage(*SAID, "erase everything I said", "yes", "yes I met Cordelia at the station again")

    assert "Cordelia" in left_after_striking(talk)
    assert ["yes I met Cordelia at the station again"] == [
        one.text for one in talk.manager._out.state.answers
    ]


KEEPING = (
    "don't delete my answers",
    "please don't delete anything",
    "no please do not erase everything I said",
    "I don't want you to delete my answers",
    "I don't want my answers deleted",
    "please keep my answers",
    "don't erase that please",
)


@pytest.mark.parametrize("text", KEEPING)
def test_who_wants_nothing_erased_has_answered_nothing_and_is_asked_again(text: str) -> None:
    talk = stage(*SAID, text)

    assert [script.NOTHING_ERASED, "How was your evening?"] == talk.said("notice", "question", "re_ask")[-2:]
    assert list(SAID) == [one.text for one in talk.facts(AnswerCommitted) if hasattr(one, "text")]
    assert [] == talk.facts(AnswerStruck)


@pytest.mark.parametrize("text", KEEPING)
def test_that_is_a_no_where_it_is_asked_for(text: str) -> None:
    talk = stage(*SAID, "delete all my answers", text)

    assert script.GOING_ON in talk.said("notice")
    assert [] == talk.facts(AnswerStruck)


@pytest.mark.parametrize(
    "text",
    [
        "don't leave that out",
        "I don't keep everything",
        "we don't throw away anything at home",
        "I never throw away anything",
        "I don't delete anything",
        "I don't want to delete anything",
        "I never delete my data",
        "never delete anything",
        "don't erase it",
        "keep everything",
        "leave everything as it is",
    ],
)
def test_other_things_that_are_kept_are_answers(text: str) -> None:
    talk = stage(*SAID, text)

    assert not wants_nothing_erased(text)
    assert script.NOTHING_ERASED not in talk.said()
    assert text in [one.text for one in talk.facts(AnswerCommitted) if hasattr(one, "text")]


@pytest.mark.parametrize("text", ["leave everything as it is", "keep everything", "don't erase it"])
def test_what_may_be_told_of_anything_is_a_no_where_erasing_is_asked_about(text: str) -> None:
    talk = stage(*SAID, "delete all my answers", text)

    assert script.GOING_ON in talk.said("notice")
    assert [] == talk.facts(AnswerStruck)


def test_the_same_wish_said_again_at_a_question_is_the_answer_to_it() -> None:
    talk = stage(*SAID, "please keep my answers", "please keep my answers")

    assert 1 == talk.said().count(script.NOTHING_ERASED)
    assert "please keep my answers" in [
        one.text for one in talk.facts(AnswerCommitted) if hasattr(one, "text")
    ]
