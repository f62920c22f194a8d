from server.live.wire import FieldOnShow, Question
from server.rehearsal.persona import NodeAnswers, Persona, Phrase, Reply
from server.rehearsal.replies import Replies


def _phrases(*said: str) -> tuple[Phrase, ...]:
    return tuple(Phrase(say=text) for text in said)


def _asked(kind: str, text: str, node_key: str = "trip", fields: tuple[FieldOnShow, ...] = ()) -> Question:
    return Question(1, node_key, kind, text, None, "form" if fields else "question", fields=list(fields))


PERSONA = Persona(
    answers={
        "trip": NodeAnswers(
            first=_phrases("we went north"),
            fields={"days": _phrases("nine")},
            probes=(
                Reply(("north", "why"), _phrases("for the light")),
                Reply(("light",), _phrases("it is low")),
            ),
            otherwise=(_phrases("hard to say"), _phrases("no idea")),
        )
    },
    otherwise=(_phrases("nothing else"),),
)


def test_a_question_gets_the_first_answer_of_its_node() -> None:
    assert Replies(PERSONA).to(_asked("question", "Tell me about the trip.")) == _phrases("we went north")


def test_a_probe_gets_the_first_reply_that_fits_and_is_not_used_up() -> None:
    replies = Replies(PERSONA)

    assert replies.to(_asked("probe", "Why North?")) == _phrases("for the light")
    assert replies.to(_asked("probe", "Why that light?")) == _phrases("it is low")


def test_other_probes_get_the_rest_in_order_and_the_last_repeats() -> None:
    replies = Replies(PERSONA)
    said = [replies.to(_asked("probe", "And then?")) for _ in range(3)]

    assert said == [_phrases("hard to say"), _phrases("no idea"), _phrases("no idea")]


def test_a_field_of_a_form_gets_its_own_answer() -> None:
    days = FieldOnShow("days", "How many days?", "number")
    where = FieldOnShow("where", "Where to?", "text")

    assert Replies(PERSONA).to(
        _asked("question", "The trip. How many days?", fields=(where, days))
    ) == _phrases("nine")


def test_a_node_that_the_persona_does_not_know_gets_what_fits_anywhere() -> None:
    assert Replies(PERSONA).to(_asked("question", "Anything else?", "close")) == _phrases("nothing else")


def test_a_persona_that_foresees_nothing_still_answers() -> None:
    assert Replies(Persona()).to(_asked("question", "Anything else?"))


def test_what_was_said_can_be_said_again() -> None:
    replies = Replies(PERSONA)
    said = replies.to(_asked("probe", "Why north?"))

    assert replies.again() == said
    assert replies.again() == said
