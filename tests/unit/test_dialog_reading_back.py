"""Forms that are given by voice: read back, corrected in the participant's words, and only then left."""

import pytest

from dialog import script
from dialog.blueprint import FormField
from dialog.commands import Say
from dialog.corrections import corrected
from dialog.events import (
    AnswerCommitted,
    AnswerStruck,
    DataRecorded,
    NodeClosed,
    NoticeGiven,
    SpeechHeard,
    WordsHeard,
)
from dialog.form_facts import FieldsReopened
from dialog.responses import response_items
from dialog.signals import FormFilled, ParticipantJoined, ParticipantLeft, RightClaimed, TextTyped
from dialog.strike import struck
from tests.simulation.aftermath import check_fold, check_replay, facts_of
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

SIZE = {"name": "size", "label": "How many people are on your team?", "type": "number"}
TOOL = {
    "name": "tool",
    "label": "Which tool do you use?",
    "type": "choice",
    "options": ["a spreadsheet", "paper"],
}
NAME = {"name": "name", "label": "What is the name of your company?", "type": "text"}
SINCE = {"name": "since", "label": "Since when?", "type": "date"}
DESIGN = blueprint(
    {"type": "form", "key": "facts", "text": "Some facts.", "fields": [SIZE, TOOL]},
    question("last", "What else?"),
)
READ = (
    f"{script.READ_BACK} How many people are on your team: 12; Which tool do you use: paper. Is that right?"
)


def given(*said: str) -> Stage:
    """A talk in which the form is answered aloud, and then these are said."""
    stage = Stage(DESIGN)
    for words in ("twelve", "paper", *said):
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.3, words) + 2.5)
    check_replay(stage.events, DESIGN)
    check_fold(stage.events, stage.manager._out.state)
    return stage


def data(stage: Stage) -> dict[str, object]:
    return stage.manager._out.state.node("facts").data


def test_values_that_were_spoken_are_read_back_before_anything_else_is_asked() -> None:
    stage = given()

    assert READ == stage.said("re_ask")[-1]
    assert [] == stage.facts(NodeClosed)


@pytest.mark.parametrize("said", ["yes", "yes that's right", "correct", "that is fine"])
def test_a_yes_goes_on(said: str) -> None:
    stage = given(said)

    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)
    assert "What else?" == stage.said("question")[-1]
    assert {"size": 12, "tool": "paper"} == data(stage)


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("no it's fifteen", {"size": 15, "tool": "paper"}),
        ("no fifteen people", {"size": 15, "tool": "paper"}),
        ("not twelve but fifteen", {"size": 15, "tool": "paper"}),
        ("the tool should be a spreadsheet", {"size": 12, "tool": "a spreadsheet"}),
        ("actually i use a spreadsheet", {"size": 12, "tool": "a spreadsheet"}),
    ],
)
def test_a_correction_is_taken_and_read_back_once_more(said: str, after: dict[str, object]) -> None:
    stage = given(said)
    answers = [fact.text for fact in stage.facts(AnswerCommitted) if isinstance(fact, AnswerCommitted)]

    assert after == data(stage)
    assert ["twelve", "paper", said] == answers
    assert [] == stage.facts(NodeClosed)
    assert stage.said("re_ask")[-1].startswith(script.READ_BACK)


def test_a_mere_no_is_asked_what_to_change() -> None:
    stage = given("no", "the tool is a spreadsheet", "yes")

    assert script.WHAT_TO_CORRECT in stage.said("re_ask")
    assert {"size": 12, "tool": "a spreadsheet"} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


def test_who_says_twice_that_it_is_wrong_is_asked_value_by_value() -> None:
    stage = given("no", "no it's both wrong")

    assert [script.WHAT_TO_CORRECT, "How many people are on your team: 12. Is that right?"] == stage.said(
        "re_ask"
    )[-2:]
    assert script.ONE_BY_ONE in stage.said("notice")
    assert [("type", "skip", "repeat")] == [
        fact.offers for fact in stage.facts(NoticeGiven) if isinstance(fact, NoticeGiven)
    ]
    assert [] == stage.facts(NodeClosed)


ASKED = {
    "size": "How many people are on your team?",
    "tool": "Which tool do you use? The choices are: a spreadsheet, or paper.",
}


@pytest.mark.parametrize(
    "said",
    [
        ("yes", "yes"),
        ("right", "exactly"),
        ("true", "uh-huh"),
        ("that's what I said", "that one is right"),
        ("it's twelve", "paper"),
    ],
)
def test_what_is_confirmed_value_by_value_is_kept(said: tuple[str, ...]) -> None:
    stage = given("no", "the weather was bad", *said)

    assert {"size": 12, "tool": "paper"} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)
    assert "What else?" == stage.said("question")[-1]


def test_what_is_put_right_value_by_value_is_read_back_no_more() -> None:
    stage = given("no", "the weather was bad", "no it's fifteen", "no it's a spreadsheet")

    assert {"size": 15, "tool": "a spreadsheet"} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (("yes", "no"), ("tool",)),
        (("no", "yes that's right"), ("size",)),
        (("the weather was bad", "yes"), ("size",)),
        (("twelve is wrong", "I think so"), ("size",)),
        (("no", "no"), ("size", "tool")),
    ],
)
def test_what_is_wrong_value_by_value_is_asked_for_anew(
    said: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    stage = given("no", "the weather was bad", *said)

    assert [FieldsReopened("facts", wrong)] == stage.facts(FieldsReopened)
    assert ASKED[wrong[0]] == stage.said("question")[-1]
    assert {"size": 12, "tool": "paper"}.items() - data(stage).items() == {
        (name, {"size": 12, "tool": "paper"}[name]) for name in wrong
    }
    assert [] == stage.facts(NodeClosed)


def test_what_is_given_anew_is_read_back_once_more() -> None:
    anew = ("no", "the weather was bad", "no", "yes", "thirteen")
    stage, agreed, denied = given(*anew), given(*anew, "yes"), given(*anew, "no", "no it's wrong")

    assert READ.replace("12", "13") == stage.said("re_ask")[-1]
    assert {"size": 13, "tool": "paper"} == data(agreed)
    assert [NodeClosed("facts", "answered")] == agreed.facts(NodeClosed)
    assert {"tool": "paper"} == data(denied), "what was confirmed stays, and the rest is asked no third time"
    assert [NodeClosed("facts", "answered")] == denied.facts(NodeClosed)


@pytest.mark.parametrize("said", ["hm", "both", "the weather was bad"])
def test_what_was_denied_is_confirmed_by_a_yes_alone(said: str) -> None:
    stage = given("no", said)

    assert [] == stage.facts(NodeClosed)
    assert script.ONE_BY_ONE in stage.said("notice")


def test_a_skip_leaves_a_value_that_is_wrong() -> None:
    stage = given("no", "the weather was bad", "yes", "skip this one")

    assert {"size": 12} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


def test_values_that_were_denied_are_no_answers_where_nobody_goes_through_them() -> None:
    stage = given("no", "the weather was bad", "skip this one")

    assert {} == data(stage)
    assert [NodeClosed("facts", "no_answer")] == stage.facts(NodeClosed)


def test_who_says_no_and_then_nothing_is_waited_for() -> None:
    stage = given("no")
    stage.run(stage.now + 60)

    assert stage.manager._turns.state == "paused"
    assert [] == stage.facts(NodeClosed)

    stage.feed(TextTyped("the tool is a spreadsheet", "m1"))
    stage.run(stage.now + 5)

    assert {"size": 12, "tool": "a spreadsheet"} == data(stage)


LEFT = [
    (),
    ("no",),
    ("no", "no it's both wrong"),
    ("no", "no it's both wrong", "yes"),
]


@pytest.mark.parametrize("said", LEFT)
def test_who_comes_back_is_read_the_values_again(said: tuple[str, ...]) -> None:
    stage = given(*said)
    stage.say(stage.now + 0.3, "the tool is")
    stage.run(stage.now + 1.0)
    stage.feed(ParticipantLeft("lost"))
    stage.run(stage.now + 30)
    stage.feed(ParticipantJoined("webrtc", "smart-turn-v3", ""))
    stage.run_until_floor_is("open")

    assert [script.recap(None, ""), READ] == stage.said()[-2:]
    assert [] == stage.facts(NodeClosed)

    stage.run(stage.say(stage.now + 0.3, "the tool is a spreadsheet") + 2.5).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, "yes") + 2.5)
    check_replay(stage.events, DESIGN)

    assert {"size": 12, "tool": "a spreadsheet"} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)
    assert "What else?" == stage.said("question")[-1]


@pytest.mark.parametrize("said", LEFT)
def test_who_comes_back_to_another_sitting_is_read_them_again_too(said: tuple[str, ...]) -> None:
    before = given(*said)
    before.feed(ParticipantLeft("closed"))
    stage = Stage(DESIGN, facts=facts_of(before.events)).run_until_floor_is("open")
    read = stage.said()
    stage.run(stage.say(stage.now + 0.3, "yes") + 2.5)

    assert [script.recap(None, ""), READ] == read[:2]
    assert {"size": 12, "tool": "paper"} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


@pytest.mark.parametrize("said", LEFT)
def test_a_break_costs_no_value(said: tuple[str, ...]) -> None:
    stage = given(*said, "I need a break")
    stage.run_until_floor_is("paused")
    stage.feed(RightClaimed("resume"))
    stage.run_until_floor_is("open")

    assert {"size": 12, "tool": "paper"} == data(stage)
    assert READ == stage.said()[-1]

    stage.run(stage.say(stage.now + 0.3, "yes") + 2.5)

    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


def test_who_puts_a_value_right_out_of_a_pause_is_understood() -> None:
    stage = given("no", "I need a break")
    stage.run_until_floor_is("paused")
    stage.feed(TextTyped("the tool is a spreadsheet", "m1"))
    stage.run(stage.now + 5)

    assert {"size": 12, "tool": "a spreadsheet"} == data(stage)
    assert script.READ_BACK in stage.said("re_ask")[-1]


def test_who_asks_for_a_person_meanwhile_can_still_say_yes() -> None:
    stage = given("can I talk to a human", "yes")

    assert {"size": 12, "tool": "paper"} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (("no the second one is wrong",), "tool"),
        (("the first one is wrong",), "size"),
        (("no", "the tool"), "tool"),
        (("no", "number two"), "tool"),
    ],
)
def test_the_one_value_that_is_wrong_is_asked_for_anew(said: tuple[str, ...], field: str) -> None:
    stage = given(*said)

    assert [FieldsReopened("facts", (field,))] == stage.facts(FieldsReopened)
    assert ASKED[field] == stage.said("question")[-1]


@pytest.mark.parametrize(
    "said",
    ["sounds right", "looks good", "pretty much", "I guess so", "as I said", "indeed", "you can keep that",
     "no it's right", "no no that's right", "no twelve is right"],
)  # fmt: skip
def test_a_value_is_kept_by_whatever_says_that_it_is_right(said: str) -> None:
    stage = given("no", "the weather was bad", said, "yes")

    assert {"size": 12, "tool": "paper"} == data(stage)


def test_who_points_at_the_other_value_changes_none() -> None:
    stage = given("no", "the weather was bad", "yes", "the paper one")

    assert {"size": 12, "tool": "paper"} == data(stage)


def test_who_asks_what_is_meant_is_asked_again() -> None:
    stage = given("what do you mean", "no", "the weather was bad", "what do you mean", "yes", "yes")

    assert 2 == stage.said("re_ask").count(READ)
    assert {"size": 12, "tool": "paper"} == data(stage)


def test_what_can_not_be_made_out_is_no_yes() -> None:
    stage = given("the weather was bad")

    assert [READ, READ] == stage.said("re_ask")[-2:]
    assert [] == stage.facts(NodeClosed)


def test_what_was_denied_is_no_data_of_whoever_never_came_back() -> None:
    stage = given("no", "no it's both wrong", "yes")
    stage.feed(ParticipantLeft("lost"))
    (item,) = response_items(DESIGN, stage.events)

    assert {"size": 12} == item["data"]


def test_a_correction_or_a_yes_after_a_no_keeps_the_values() -> None:
    corrected_late, agreed_late = given("no", "hm well", "the tool is a spreadsheet"), given("no", "yes")
    corrected_late.run(corrected_late.now + 25)

    assert {"size": 12, "tool": "a spreadsheet"} == data(corrected_late)
    assert {"size": 12, "tool": "paper"} == data(agreed_late)


def test_what_the_page_sends_after_a_no_is_all_that_counts() -> None:
    stage = given("no", "no it's both wrong")
    stage.feed(FormFilled("facts", {"size": 13}))
    stage.run(stage.now + 5)

    assert {"size": 13} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


def test_what_was_spoken_stays_beside_what_the_page_sends() -> None:
    stage = Stage(DESIGN).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, "twelve") + 2.5).run_until_floor_is("open")
    stage.feed(FormFilled("facts", {"tool": "paper"}))
    stage.run(stage.now + 5)

    assert {"size": 12, "tool": "paper"} == data(stage)
    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


def test_silence_leaves_it_as_it_is_too() -> None:
    stage = given()
    stage.run(stage.now + 25)

    assert [NodeClosed("facts", "answered")] == stage.facts(NodeClosed)


def test_a_skip_keeps_what_was_given_and_leaves_the_rest() -> None:
    read = given()
    read.run_until_floor_is("open")
    read.feed(RightClaimed("skip"))
    read.run(read.now + 5)
    half = Stage(DESIGN).run_until_floor_is("open")
    half.run(half.say(half.now + 0.3, "twelve") + 2.5).run_until_floor_is("open")
    half.run(half.say(half.now + 0.3, "skip this one") + 6)

    assert {"size": 12, "tool": "paper"} == data(read)
    assert {"size": 12} == data(half)
    assert [NodeClosed("facts", "answered")] == read.facts(NodeClosed) == half.facts(NodeClosed)


def test_a_form_that_the_page_sends_meanwhile_counts() -> None:
    stage = given()
    stage.run_until_floor_is("open")
    stage.feed(FormFilled("facts", {"size": 13, "tool": "paper"}))
    stage.run(stage.now + 5)

    assert {"size": 13, "tool": "paper"} == data(stage)
    assert "What else?" == stage.said("question")[-1]


def test_what_was_typed_is_not_read_back() -> None:
    stage = Stage(DESIGN, channel="text")
    for number, words in enumerate(("12", "paper")):
        stage.run_until_floor_is("open")
        stage.feed(TextTyped(words, f"m{number}"))
        stage.run(stage.now + 2)

    assert [] == [text for text in stage.said() if text.startswith(script.READ_BACK)]
    assert 2 == len(stage.facts(DataRecorded))


def test_a_right_claimed_while_it_is_read_back_is_granted() -> None:
    again, struck = given("can you repeat that"), given("strike that please")

    assert [READ, READ] == again.said("re_ask")[-2:]
    assert {"size": 12} == data(struck)


FIELDS = [FormField.model_validate(one) for one in (SIZE, TOOL, NAME, SINCE)]
VALUES = {"size": 12, "tool": "paper", "name": "Acme", "since": "2019-03-03"}


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("no the company is called Globex", {"name": "Globex"}),
        ("no the name of the company is globex", {"name": "globex"}),
        ("No, the name of the company is O’Neill & Söhne.", {"name": "O’Neill & Söhne"}),
        ("no the company is called “Köln-Süd 24” please", {"name": "Köln-Süd 24"}),
        ("the name is anna.berg_2@example.org thanks", {"name": "anna.berg_2@example.org"}),
        ("the name of the company is Globex not Acme", {"name": "Globex"}),
        ("the company is not Acme but Globex", {"name": "Globex"}),
        ("no the name is not Acme", {}),
        ("no I don't want the name to be stored", {}),
        ("the company isn't called Globex", {}),
        ("no it was march fourth twenty nineteen", {"since": "2019-03-04"}),
        ("yes", {}),
        ("no", {}),
        ("no that's wrong", {}),
        ("the name is wrong", {}),
        ("the company was misspelled", {}),
        ("the name is still not right", {}),
        ("paper", {}),
        ("the team has twelve people", {}),
        ("", {}),
        ("no " * 400, {}),
        ("no the second one is wrong", {}),
        ("the last one is not right", {}),
        ("one of them is wrong", {}),
        ("two of them are wrong", {}),
        ("number two", {}),
        ("the second one", {}),
        ("the second one should be a spreadsheet", {"tool": "a spreadsheet"}),
        ("no the first one is fifteen", {"size": 15}),
    ],
)
def test_only_what_is_clear_is_changed(said: str, changes: dict[str, object]) -> None:
    assert changes == corrected(FIELDS, VALUES, said)


def test_what_was_struck_is_gone_from_the_reading_back_as_well() -> None:
    stage = given("strike that please")
    (turn_id,) = [fact.turn_id for fact in stage.facts(AnswerStruck) if isinstance(fact, AnswerStruck)]
    changed = {event.seq: event for event in struck(stage.events, turn_id)}
    left = [changed.get(event.seq, event).body for event in stage.events]

    said = [body.text for body in left if isinstance(body, Say | SpeechHeard)]

    assert [] == [text for text in said if text.startswith(script.READ_BACK)]
    assert "Which tool do you use? The choices are: a spreadsheet, or paper." in said
    assert {"size": 12} == data(stage)


@pytest.mark.parametrize("said", ["twelve", "12", "zwölf", "🙂🙂"])
def test_numbers_are_found_in_whatever_way_they_were_said(said: str) -> None:
    stage = Stage(DESIGN).run_until_floor_is("open")
    stage.feed(TextTyped(said, "m1"))
    stage.run(stage.now + 5)
    stage.feed(RightClaimed("strike"))
    stage.run(stage.now + 5)
    changed = {event.seq: event for event in struck(stage.events, 1)}
    left = str(
        [
            changed.get(event.seq, event).body
            for event in stage.events
            if isinstance(event.body, TextTyped | WordsHeard | AnswerCommitted)
        ]
    )

    assert said not in left


def test_silence_costs_a_form_one_field_at_most_and_a_required_one_not_at_once() -> None:
    required = {"name": "size", "label": "How many people are on your team?", "type": "number"}
    optional = required | {"name": "rooms", "label": "How many rooms do you have?", "required": False}
    last = required | {"name": "desks", "label": "How many desks do you have?"}
    design = blueprint(
        {"type": "form", "key": "facts", "text": "Some facts.", "fields": [required, optional, last]},
        question("end", "What else?"),
    )
    stage = Stage(design)
    while not any("rooms" in text for text in stage.said("question")):
        stage.run(stage.now + 1)
    said_of_size = [text for text in stage.said() if "your team" in text]
    stage.run_until_floor_is("paused")  # at the second silence in a row, before it costs anything more

    assert script.NOTHING_HEARD in stage.said("notice")
    assert len(said_of_size) > 2
    assert not any("desks" in text for text in stage.said("question"))

    stage.feed(RightClaimed("resume"))
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, "seven") + 6)
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.3, "twelve") + 3)

    assert {"rooms": 7, "desks": 12} == stage.manager._out.state.node("facts").data
