from typing import Any

import pytest

from dialog import script
from dialog.consent import disclosure
from dialog.estimate import likely_path
from tests.support.blueprints import blueprint, question


def test_a_study_that_names_no_time_promises_what_its_questions_take() -> None:
    one = blueprint(question("q1", "How was your day?"), intro_message=None)
    ten = blueprint(*(question(f"q{n}", f"What of day {n}?") for n in range(10)))

    assert 2 == one.estimated_minutes
    assert 8 == ten.estimated_minutes
    assert "takes about 2 minutes" in script.opening(one)
    assert "takes about 2 minutes" in disclosure(one, organization="", recording_offered=False).text


def test_the_researchers_own_word_counts_and_the_limit_is_never_promised_to_be_passed() -> None:
    questions = [question(f"q{n}", f"What of day {n}?") for n in range(10)]

    assert 3 == blueprint(*questions, estimated_duration_m=3).estimated_minutes
    assert 5 == blueprint(*questions, max_duration_m=5).estimated_minutes
    assert "about a minute" in script.opening(
        blueprint(*questions, intro_message=None, estimated_duration_m=1)
    )


def test_a_closed_question_takes_less_by_its_wording_alone() -> None:
    closed = blueprint(*(question(f"q{n}", f"How many of {n} do you own?") for n in range(10)))
    open_ones = blueprint(*(question(f"q{n}", f"What of day {n}?") for n in range(10)))

    assert closed.estimated_minutes < open_ones.estimated_minutes


@pytest.mark.parametrize(
    ("edges", "path"),
    [
        ([], ["a"]),
        ([("a", "b", None, 0)], ["a", "b"]),
        ([("a", "b", {}, 0), ("a", "c", None, 5)], ["a", "c"]),
        ([("a", "b", {}, 1), ("a", "c", {}, 0)], ["a", "c"]),
        ([("a", "b", None, 0), ("b", "a", None, 0)], ["a", "b"]),
        ([("a", "nowhere", None, 0)], ["a"]),
    ],
)
def test_the_likely_path_follows_what_always_holds_and_ends_even_in_a_draft_that_goes_in_circles(
    edges: list[tuple[str, str, Any, int]], path: list[str]
) -> None:
    written = [
        {"from": start, "to": to, "condition": condition, "priority": priority}
        for start, to, condition, priority in edges
    ]

    assert path == likely_path({"entry_node": "a", "nodes": {"a": {}, "b": {}, "c": {}}, "edges": written})
