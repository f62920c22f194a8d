"""What is said between two sections: what was told, to be corrected or struck, and how long the rest
takes."""

import pytest

from dialog import script
from dialog.blueprint import Blueprint
from dialog.events import AnswerCommitted, AnswerReopened, AnswerStruck, NodeEntered, RemarkMade
from dialog.judgement import Right
from dialog.run_state import Answer
from dialog.said_back import worth_saying_back
from dialog.section_facts import SectionOver
from dialog.signals import ParticipantJoined, ParticipantLeft, RightClaimed
from tests.simulation.aftermath import check_fold, check_replay, check_transcript
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage
from tests.support.struck_talk import left_after_striking

TOLD = ("I met Elizabeth at the station in Bristol", "we moved to a farm with Bartholomew in 1987")
READ = (
    f'{script.SECTION_BACK} You said "I met Elizabeth at the station in Bristol" and'
    ' "we moved to a farm with Bartholomew in 1987". Is that right?'
)


def design() -> Blueprint:
    return blueprint(
        question("start", "How did it begin?", section="Then"),
        question("move", "And after that?", section="Then"),
        question("now", "How is it today?", section="Now"),
        question("last", "What else?", section="Now"),
    )


def told(*said: str, of: Blueprint | None = None) -> Stage:
    """A talk in which these are said one after the other."""
    made = of or design()
    stage = Stage(made)
    for words in said:
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.3, words) + 2.5)
    check_replay(stage.events, made)
    check_fold(stage.events, stage.manager._out.state)
    check_transcript(stage.events)
    return stage


def answers(stage: Stage, key: str) -> list[str]:
    return [answer.text for answer in stage.manager._out.state.answers_at(key)]


def test_what_was_told_is_said_back_before_the_next_section() -> None:
    stage = told(*TOLD)

    assert READ == stage.said("re_ask")[-1]
    assert "How is it today?" not in stage.said("question")
    assert [SectionOver("Then", (1, 2))] == [
        SectionOver(one.section, one.read_back)
        for one in stage.facts(SectionOver)
        if isinstance(one, SectionOver)
    ]


@pytest.mark.parametrize("said", ["yes", "yeah that's right", "right", "mm-hm", "correct", "that's fine"])
def test_who_agrees_is_asked_the_next_question(said: str) -> None:
    stage = told(*TOLD, said)

    assert "How is it today?" == stage.said("question")[-1]
    assert 2 == len(stage.facts(AnswerCommitted))


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (("no it was in Bath that I met Elizabeth",), "start"),
        (("yes but we moved there in 1986",), "move"),
        (("no", "the farm was near Bath"), "move"),
        (("no that's wrong", "it was my sister at the station"), "start"),
    ],
)
def test_a_correction_goes_on_record_where_it_belongs(said: tuple[str, ...], at: str) -> None:
    stage = told(*TOLD, *said)

    assert said[-1] == answers(stage, at)[-1]
    assert 2 == len(answers(stage, at))
    assert script.NOTED in stage.said("notice")
    assert "How is it today?" == stage.said("question")[-1]


@pytest.mark.parametrize("said", ["never mind", "no", "it doesn't matter", "nothing"])
def test_who_has_nothing_to_correct_after_all_is_not_held_up(said: str) -> None:
    stage = told(*TOLD, "no", said)
    stage.run(stage.now + 6)

    assert script.WHAT_TO_CORRECT in stage.said("re_ask")
    assert 2 == len(stage.facts(AnswerCommitted))
    assert "How is it today?" == stage.said("question")[-1]


@pytest.mark.parametrize("again", ["yes", "strike that"])
@pytest.mark.parametrize("said", ["strike that", "please delete that from the record"])
def test_what_was_said_back_can_be_struck_after_a_yes(said: str, again: str) -> None:
    stage = told(*TOLD, said, again)

    assert script.confirm_striking(2) in stage.said("re_ask")
    assert [1, 2] == [fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)]
    assert not {name for name in ("Elizabeth", "Bartholomew") if name in left_after_striking(stage)}
    assert script.STRUCK_ALL_OF_IT in stage.said("notice")
    assert "How is it today?" == stage.said("question")[-1]


@pytest.mark.parametrize("said", ["no", "no don't erase anything", "leave everything as it is"])
def test_nothing_of_it_is_struck_without_a_yes(said: str) -> None:
    stage = told(*TOLD, "strike that", said)

    assert [] == stage.facts(AnswerStruck)
    assert "How is it today?" == stage.said("question")[-1]


def test_what_was_said_back_long_ago_is_not_struck() -> None:
    """The last answer goes on while it is said back; then another one is given, and struck."""
    stage = told(TOLD[0])
    stage.run_until_floor_is("open")
    end = stage.say(stage.now + 0.3, TOLD[1])
    while not stage.said("re_ask"):
        stage.run(stage.now + 0.02)
    stage.run(stage.say(max(stage.now, end) + 0.3, "and then it rained for days in Bath") + 8)
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, "go back") + 4).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, "it was in spring that she wrote to me about the house") + 4)
    stage.run_until_floor_is("open")
    newest = stage.manager._out.state.answers[-1].turn_id
    asks_first = stage.manager._moments.yes_or_no.awaited is not None
    stage.run(stage.say(stage.now + 0.3, "strike that") + 4)
    struck = [fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)]

    assert stage.facts(AnswerReopened)
    assert struck == ([] if asks_first else [newest])


@pytest.mark.parametrize(
    "said",
    ["sounds about right", "you got it", "both are right", "nothing to add", "let's go on", "no corrections",
     "I'd rather not say", "no that's all correct", "pretty much"],
)  # fmt: skip
def test_words_of_agreement_are_no_answer(said: str) -> None:
    stage = told(*TOLD, said)

    assert 2 == len(stage.facts(AnswerCommitted))
    assert script.WHAT_TO_CORRECT not in stage.said("re_ask")
    assert "How is it today?" == stage.said("question")[-1]


@pytest.mark.parametrize(
    "said", ["I don't think so", "not quite", "the first one is wrong", "I didn't say that"]
)
def test_words_of_denial_are_asked_what_to_change(said: str) -> None:
    stage = told(*TOLD, said)

    assert 2 == len(stage.facts(AnswerCommitted))
    assert script.WHAT_TO_CORRECT == stage.said("re_ask")[-1]


@pytest.mark.parametrize("said", ["strike my last answer", "can you please erase my last answer", ""])
def test_the_last_answer_is_one_answer_though_two_were_said_back(said: str) -> None:
    stage = told(*TOLD)
    stage.run_until_floor_is("open")
    if said:
        stage.run(stage.say(stage.now + 0.3, said) + 4)
    else:
        stage.feed(RightClaimed("strike"))
        stage.run(stage.now + 4)

    assert [2] == [fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)]
    assert [TOLD[0]] == answers(stage, "start")
    assert script.STRUCK in stage.said("notice")


def test_silence_leaves_what_was_said_as_it_is() -> None:
    stage = told(*TOLD)
    stage.run(stage.now + 25)

    assert "How is it today?" in stage.said("question")
    assert 2 == len(stage.facts(AnswerCommitted))


@pytest.mark.parametrize(
    ("right", "heard"),
    [("repeat", READ), ("slower", READ), ("skip", "How is it today?"), ("back", "And after that?")],
)
def test_every_right_holds_between_two_sections(right: Right, heard: str) -> None:
    stage = told(*TOLD)
    stage.feed(RightClaimed(right))
    stage.run_until_floor_is("open")

    assert heard == stage.said("question", "re_ask")[-1]


def test_who_goes_on_to_stop_and_says_no_is_asked_the_next_question() -> None:
    stage = told(*TOLD, "I want to stop", "no")

    assert "How is it today?" == stage.said("question")[-1]


def test_nothing_is_said_back_twice_nor_after_a_lost_connection() -> None:
    stage = told(*TOLD)
    stage.feed(ParticipantLeft("lost"))
    stage.run(stage.now + 5)
    stage.feed(ParticipantJoined("webrtc"))
    stage.run_until_floor_is("open")

    assert 1 == len(stage.facts(SectionOver))
    assert "How is it today?" == stage.said("question")[-1]
    assert ("Then",) == stage.manager._out.state.sections_over


def test_going_back_over_a_section_says_nothing_back_again() -> None:
    stage = told(*TOLD, "yes", "go back", "it rained in Bath all day on Sunday")

    assert 1 == stage.said("re_ask").count(READ)
    assert 3 == len(answers(stage, "start") + answers(stage, "move"))


@pytest.mark.parametrize(
    "said",
    [
        ("it was rather fine", "there was nothing much"),
        ("it was okay I guess", "we usually just talk"),
        ("I met Elizabeth at the station in Bristol", "no idea"),
        ("I would rather not say", "I met Elizabeth at the station in Bristol"),
    ],
)
def test_a_section_of_which_there_is_little_to_say_is_left_in_silence(said: tuple[str, ...]) -> None:
    stage = told(*said)

    assert not any(text.startswith(script.SECTION_BACK) for text in stage.said())
    assert "How is it today?" in stage.said("question")


def test_the_last_section_is_followed_by_the_good_bye_alone() -> None:
    stage = told(
        "it was fine really",
        "it was fine too",
        "I met Elizabeth at the station in Bristol",
        "we moved to a farm in 1987",
    )

    assert not any(text.startswith(script.SECTION_BACK) for text in stage.said())


def test_what_is_sensitive_is_not_said_back() -> None:
    made = design()
    made.agent.boundaries.sensitive_topics.append("farm")
    stage = told(*TOLD, of=made)

    assert not any("farm" in text for text in stage.said())


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        (
            "well um we lost the disk at ten past two and then everybody panicked",
            "we lost the disk at ten past two",
        ),
        ("I called my sister on Monday, she was not at home", "I called my sister on Monday"),
        (
            "I called my sister on Monday by the way the weather was awful all week",
            "I called my sister on Monday",
        ),
    ],
)
def test_a_statement_is_said_back_whole_and_alone(text: str, piece: str) -> None:
    other = Answer(2, "b", "we drove to Leeds in my father's car", 0.9, "")

    said = worth_saying_back([Answer(1, "a", text, 0.9, ""), other], [])

    assert [piece, "we drove to Leeds in my father's car"] == [one.text for one in said]


def test_words_that_were_heard_badly_are_not_said_back() -> None:
    pair = [Answer(1, "a", TOLD[0], 0.8, ""), Answer(2, "b", TOLD[1], 0.9, "")]

    assert [] == worth_saying_back(pair, [])


def test_what_is_said_to_it_is_no_answer_when_it_is_a_yes() -> None:
    stage = told(*TOLD, "yes")

    assert ["confirmation"] == [one.meaning for one in stage.facts(RemarkMade) if isinstance(one, RemarkMade)]
    assert ["start", "move", "now"] == [
        one.node_key for one in stage.facts(NodeEntered) if isinstance(one, NodeEntered)
    ]
