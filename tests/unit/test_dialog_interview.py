"""What is asked next: graphs, forms, probes, rights, and coming back, over the pure core."""

from typing import Any

from dialog.events import (
    AnswerCommitted,
    AnswerStruck,
    DataRecorded,
    Fact,
    FallbackUsed,
    InterviewFinished,
    InterviewPaused,
    NodeClosed,
    NodeEntered,
    ProbeChosen,
    QuestionAsked,
    RemarkMade,
)
from dialog.judgement import Judgement, JudgementRequest, Probe
from dialog.manager import Manager
from dialog.signals import (
    FormFilled,
    InterviewCancelled,
    KeyPressed,
    ParticipantJoined,
    ParticipantLeft,
    RightClaimed,
    TextTyped,
)
from tests.support.blueprints import blueprint, question, two_questions
from tests.support.play import Stage

RICH = "last tuesday i missed the train because my phone died and i walked home for two hours in the rain"


def at_first_question(design: Any, **more: Any) -> Stage:
    return Stage(design, **more).run_until_floor_is("open")


def answer(stage: Stage, text: str) -> None:
    """Say `text`, and let time pass until the floor is open again or the talk is over."""
    end = stage.say(stage.now + 0.4, text)
    stage.run(end + 0.5)
    for _ in range(3000):
        if stage.floor in ("open", "closed", "paused"):
            return
        stage.run(stage.now + 0.02)
    raise AssertionError(stage.floor)


def path(stage: Stage) -> list[str]:
    return [str(fact.node_key) for fact in stage.facts(NodeEntered)]  # type: ignore[union-attr]


def form(key: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "form", "key": key, "text": "A few facts.", "fields": list(fields)}


OWNS = {"name": "owns", "label": "Do you own a car?", "type": "boolean"}
AGE = {"name": "age", "label": "How old are you?", "type": "number", "min": 18, "max": 120}


def branching() -> Any:
    return blueprint(
        form("facts", OWNS, AGE),
        question("driver", "What do you use the car for?"),
        question("walker", "How do you get around?"),
        edges=[
            {"from": "facts", "to": "walker", "priority": 5},
            {
                "from": "facts",
                "to": "driver",
                "condition": {"type": "structured", "field": "facts.owns", "operator": "eq", "value": True},
            },
        ],
    )


def test_a_talk_goes_through_its_questions_to_the_outro() -> None:
    stage = at_first_question(two_questions())
    answer(stage, RICH)
    answer(stage, "i read a book about the sea until midnight and then i slept badly")

    assert ["morning", "evening"] == path(stage)
    assert ["completed"] == [fact.outcome for fact in stage.facts(InterviewFinished)]  # type: ignore[union-attr]
    assert "Thank you, good-bye." == stage.said()[-1]
    assert stage.manager.finished


def test_a_structured_edge_is_taken_as_the_form_says() -> None:
    for words, expected in (("yes i do", "driver"), ("no", "walker")):
        stage = at_first_question(branching())
        answer(stage, words)
        answer(stage, "thirty four")
        answer(stage, "yes")
        data: dict[str, object] = {}
        for fact in stage.facts(DataRecorded):
            data |= fact.data  # type: ignore[union-attr]

        assert ["facts", expected] == path(stage)
        assert {"owns": expected == "driver", "age": 34} == data


def test_a_field_that_is_not_understood_is_asked_twice_and_left() -> None:
    stage = at_first_question(branching())
    answer(stage, "the weather was lovely")
    answer(stage, "the weather was lovely")

    assert 1 == len(stage.said("re_ask"))
    assert "age" == stage.facts(QuestionAsked)[-1].field  # type: ignore[union-attr]


TEAM = {"name": "team", "label": "How many people are in your team?", "type": "number"}
YEARS = {"name": "years", "label": "How many years have you been there?", "type": "number"}


def three_numbers() -> Any:
    return blueprint(form("facts", AGE, TEAM, YEARS), question("z", "What do you like about it?"))


def recorded(stage: Stage) -> dict[str, object]:
    return dict(stage.manager._out.state.node("facts").data)


def test_a_skipped_field_stays_skipped_over_a_lost_connection() -> None:
    first = at_first_question(three_numbers())
    answer(first, "skip this one please")
    second = Stage(three_numbers(), facts=facts_of(first)).run_until_floor_is("open")
    answer(second, "twelve people")

    assert {"team": 12} == recorded(second)
    assert "years" == second.facts(QuestionAsked)[-1].field  # type: ignore[union-attr]


def test_striking_one_value_of_a_form_keeps_the_others_and_the_order() -> None:
    stage = at_first_question(three_numbers())
    answer(stage, "forty")
    answer(stage, "twelve people")
    answer(stage, "strike that please")
    answer(stage, "fifteen")
    answer(stage, "yes that's right")

    assert {"age": 40, "years": 15} == recorded(stage)
    assert "z" == path(stage)[-1]


def test_going_back_to_a_form_lets_its_values_be_given_anew() -> None:
    stage = at_first_question(branching())
    answer(stage, "yes i do")
    answer(stage, "thirty four")
    answer(stage, "yes")
    answer(stage, "can we go back to the last question")
    answer(stage, "no")
    answer(stage, "thirty five")
    answer(stage, "yes")

    assert ["facts", "driver", "facts", "walker"] == path(stage)


def test_asked_for_its_opinion_the_interviewer_gives_the_question_back() -> None:
    stage = at_first_question(probing())
    answer(stage, "what do you think about that yourself")

    assert any("colour your answer" in text for text in stage.said("notice"))
    assert "Tell me about a hard day at work." == stage.said("re_ask")[-1]


def test_a_form_filled_on_the_page_counts_whole() -> None:
    stage = at_first_question(branching())
    stage.at(stage.now + 1, FormFilled("facts", {"owns": True, "age": 40}))
    stage.run(stage.now + 3)

    assert ["facts", "driver"] == path(stage)


def test_what_was_filled_in_reads_as_one_would_say_it() -> None:
    stage = at_first_question(branching())
    stage.at(stage.now + 1, FormFilled("facts", {"owns": True, "age": 40}))
    stage.run(stage.now + 2)

    assert ["Do you own a car: yes; How old are you: 40"] == [
        fact.text  # type: ignore[union-attr]
        for fact in stage.facts(AnswerCommitted)
    ]


def test_a_key_answers_a_closed_question_at_once() -> None:
    rating = {"name": "score", "label": "How satisfied are you?", "type": "rating", "min": 1, "max": 5}
    stage = at_first_question(blueprint(form("f", rating), question("z", "What led to that?")))
    stage.at(stage.now + 1, KeyPressed("4"))
    stage.run(stage.now + 2)

    assert [{"score": 4}] == [fact.data for fact in stage.facts(DataRecorded)]  # type: ignore[union-attr]


def probing(**more: Any) -> Any:
    return blueprint(
        question(
            "work",
            "Tell me about a hard day at work.",
            probing={"enabled": True, "max_follow_ups": 2},
            **more,
        ),
        question("rest", "How do you rest?"),
    )


def test_a_thin_answer_is_probed_within_the_ceiling_and_then_left() -> None:
    stage = at_first_question(probing())
    for _ in range(4):
        if path(stage)[-1] == "rest":
            break
        answer(stage, "it was hard and the meeting was stressful for the team")

    assert 1 <= len(stage.facts(ProbeChosen)) <= 2
    assert "rest" == path(stage)[-1]


def test_a_probe_that_the_guard_refuses_is_replaced_by_the_researchers_own() -> None:
    def leading(request: JudgementRequest) -> Judgement:
        probe = Probe(
            "general", "tell_me_more", "That sounds terrible, was your boss a bad manager or just lazy?", ""
        )
        return Judgement("general", probe)

    stage = at_first_question(probing(fallback_probe="What happened first?"), judge_with=leading)
    answer(stage, RICH)

    assert "What happened first?" in stage.said("probe")
    assert any("guard" in fact.reason for fact in stage.facts(FallbackUsed))  # type: ignore[union-attr]


def test_a_judge_that_never_answers_makes_no_dead_air() -> None:
    stage = at_first_question(probing(fallback_probe="What happened first?"), judge_with=lambda request: None)
    end = stage.say(stage.now + 0.4, RICH)
    stage.run(end + 4)
    began = [speech.began_at for speech in stage.speeches if speech.say.kind == "probe"]

    assert ["What happened first?"] == stage.said("probe")
    assert began[0] is not None
    assert began[0] - end < 3.0


def test_asking_back_is_neither_an_answer_nor_a_probe() -> None:
    stage = at_first_question(probing(clarification="Any day that cost you strength."))
    answer(stage, "what do you mean by a hard day")

    assert [] == stage.facts(AnswerCommitted)
    assert "Any day that cost you strength." in stage.said("re_ask")


def test_spoken_rights_are_granted_and_are_no_answers() -> None:
    stage = at_first_question(two_questions())
    answer(stage, "can you repeat that please")
    assert 1 == len(stage.said("re_ask"))
    answer(stage, "skip this one please")

    assert ["morning", "evening"] == path(stage)
    assert ["skipped"] == [fact.outcome for fact in stage.facts(NodeClosed)]  # type: ignore[union-attr]
    assert [] == stage.facts(AnswerCommitted)
    assert ["repeat", "skip"] == [fact.meaning for fact in stage.facts(RemarkMade)]  # type: ignore[union-attr]


def test_a_pause_is_taken_up_with_one_sentence() -> None:
    stage = at_first_question(two_questions())
    answer(stage, "let's take a break please")
    assert "paused" == stage.floor
    stage.at(stage.now + 600, RightClaimed("resume"))
    stage.run(stage.now + 601)
    stage.run_until_floor_is("open")

    assert ["Welcome back. We were at this question. How did your morning begin?"] == stage.said("recap")
    assert 1 == len(stage.facts(InterviewPaused))


def test_stopping_by_voice_is_confirmed_first() -> None:
    stage = at_first_question(two_questions())
    answer(stage, "i want to stop the interview")
    assert "open" == stage.floor
    answer(stage, "no")
    assert not stage.manager.finished
    answer(stage, "i want to stop the interview")
    answer(stage, "yes please")

    assert ["stopped"] == [fact.outcome for fact in stage.facts(InterviewFinished)]  # type: ignore[union-attr]


def test_a_struck_answer_is_gone_from_the_state() -> None:
    stage = at_first_question(two_questions())
    answer(stage, RICH)
    answer(stage, "strike that please")

    assert 1 == len(stage.facts(AnswerStruck))
    assert () == stage.manager._out.state.answers


def test_going_back_asks_the_earlier_question_again_and_nothing_twice() -> None:
    design = blueprint(*(question(f"q{n}", f"What about thing number {n}?") for n in range(3)))
    stage = at_first_question(design)
    answer(stage, RICH)
    answer(stage, "can we go back to the last question")
    answer(stage, "also i lost my umbrella on that train near the station")
    answer(stage, RICH)

    assert ["q0", "q1", "q0", "q1", "q2"] == path(stage)


def facts_of(stage: Stage) -> tuple[Any, ...]:
    return tuple(event.body for event in stage.events if isinstance(event.body, Fact))


def test_a_killed_talk_goes_on_in_mid_answer_from_its_facts_alone() -> None:
    first = at_first_question(two_questions())
    answer(first, RICH)
    end = first.say(first.now + 0.5, "in the evening i cooked a large")
    first.run(end + 0.6)
    second = Stage(two_questions(), facts=facts_of(first)).run_until_floor_is("lull")
    recap = second.said("recap")
    end = second.say(second.now + 0.2, "pot of soup for everyone in the house")
    second.run(end + 12)

    assert ["Welcome back. You were saying: in the evening i cooked a large. Please go on."] == recap
    assert [] == second.said("question", "opening")
    assert (
        "in the evening i cooked a large pot of soup for everyone in the house"
        == [
            fact.text  # type: ignore[union-attr]
            for fact in second.facts(AnswerCommitted)
        ][-1]
    )


def test_an_answer_over_the_recap_is_an_answer() -> None:
    stage = at_first_question(two_questions())
    stage.at(stage.now + 1, ParticipantLeft("closed"))
    stage.at(stage.now + 5, ParticipantJoined("webrtc"))
    stage.run(stage.now + 7.0)
    assert "speaking" == stage.floor
    answer(stage, "i use a hammer every day in my workshop near the river")

    assert ["i use a hammer every day in my workshop near the river"] == [
        fact.text  # type: ignore[union-attr]
        for fact in stage.facts(AnswerCommitted)
    ]


def test_a_participant_who_leaves_and_returns_is_not_asked_anew() -> None:
    stage = at_first_question(two_questions())
    stage.at(stage.now + 1, ParticipantLeft("closed"))
    stage.at(stage.now + 20, ParticipantJoined("webrtc"))
    stage.run(stage.now + 21)
    stage.run_until_floor_is("open")

    assert 1 == len(stage.said("question"))
    assert 1 == len(stage.said("recap"))


def test_the_same_signals_give_the_same_outputs() -> None:
    stage = at_first_question(probing())
    for words in (RICH, "i had to tell the customer and he was angry", "no idea", "well i sleep a lot"):
        if stage.floor == "open":
            answer(stage, words)
    again = Manager(probing())
    outputs = []
    for event in stage.events:
        if type(event.body).__module__ == "dialog.signals":
            outputs += again.handle(event.body, event.at)  # type: ignore[arg-type]

    assert [e.body for e in stage.events if type(e.body).__module__ != "dialog.signals"] == outputs


def test_cancelled_from_outside_ends_at_once() -> None:
    stage = at_first_question(two_questions())
    stage.feed(InterviewCancelled("by the researcher"))

    assert stage.manager.finished
    assert "closed" == stage.floor


def test_time_running_out_leaves_only_required_questions() -> None:
    nodes = [
        question("a", "What is first?"),
        question("b", "What is second?", required=False),
        question("c", "Third?"),
    ]
    stage = at_first_question(blueprint(*nodes, max_duration_m=1), channel="text", ends_sound=None)
    stage.run(55)
    stage.at(stage.now, TextTyped("we did everything by hand back then", "1"))
    stage.run(stage.now + 20)

    assert ["a", "c"] == path(stage)


def test_a_talk_killed_in_its_last_words_after_a_stop_asks_nothing_more() -> None:
    first = at_first_question(two_questions())
    first.at(first.now + 0.5, RightClaimed("stop"))
    first.run(first.now + 0.6)
    assert [] == first.facts(InterviewFinished), "the last words are being said"
    second = Stage(two_questions(), facts=facts_of(first))
    second.run(20)

    assert ["stopped"] == [fact.outcome for fact in second.facts(InterviewFinished)]  # type: ignore[union-attr]
    assert [] == second.said("question", "recap", "opening")
