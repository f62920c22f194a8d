from typing import Any

from dialog.blueprint import Blueprint
from server.rehearsal.participant import Performance, SpokenAnswer
from server.rehearsal.report import build_report, shortcomings
from tests.support.command_line import sample_blueprint


def _blueprint() -> Blueprint:
    return Blueprint.model_validate(sample_blueprint())


def _item(key: str, verbatim: str) -> dict[str, Any]:
    return {
        "question_key": key,
        "answered": bool(verbatim),
        "answer": {"verbatim": verbatim} if verbatim else None,
    }


def _answer(key: str, said: str, replied_at: float | None = 12.0) -> SpokenAnswer:
    return SpokenAnswer(key, "question", "…?", said, 8.0, 8.5, 10.0, replied_at, cut_in=False)


def _report(performance: Performance, items: list[dict[str, Any]]) -> dict[str, Any]:
    return build_report(performance, _blueprint(), [], items)


def _required() -> list[str]:
    return [key for key, node in _blueprint().graph.nodes.items() if node.required]


def test_a_rehearsal_with_all_required_answers_lacks_nothing() -> None:
    report = _report(Performance("completed", (), 60.0, ()), [_item(key, "yes") for key in _required()])

    assert [] == shortcomings(report)


def test_a_required_question_without_an_answer_is_a_shortcoming() -> None:
    items = [_item(key, "" if key == "wish" else "yes") for key in _required()]
    report = _report(Performance("completed", (), 60.0, ()), items)

    assert ["wish"] == report["required_unanswered"]
    assert "wish" in " ".join(shortcomings(report))


def test_a_required_question_on_every_path_that_was_never_asked_is_a_shortcoming() -> None:
    items = [_item(key, "yes") for key in _required() if key != "household"]

    assert ["household"] == _report(Performance("completed", (), 60.0, ()), items)["required_unanswered"]


def test_a_branch_not_taken_is_none() -> None:
    blueprint = sample_blueprint()
    blueprint["graph"]["nodes"]["paper"]["required"] = True
    items = [_item(key, "yes") for key in _required()]
    report = build_report(
        Performance("completed", (), 60.0, ()), Blueprint.model_validate(blueprint), [], items
    )

    assert [] == report["required_unanswered"]


def test_an_interview_that_was_not_completed_is_a_shortcoming() -> None:
    items = [_item(key, "yes") for key in _required()]

    assert shortcomings(_report(Performance("lost", (), 60.0, ()), items))


def test_word_errors_are_counted_over_all_answers_to_a_node() -> None:
    answers = (_answer("wish", "i would like"), _answer("wish", "a plan that changes"))
    report = _report(
        Performance("completed", answers, 60.0, ()), [_item("wish", "I would bike\na plan that changes")]
    )

    assert {"errors": 1, "words": 7, "rate": 0.143} == report["word_errors"]


def test_gaps_are_measured_where_the_agent_replied() -> None:
    answers = (_answer("wish", "one", 12.0), _answer("wish", "two", None))
    report = _report(Performance("completed", answers, 60.0, ()), [])

    assert {"p50": 2.0, "p95": 2.0} == report["gaps_at_the_ear_s"]
