"""`vivavoce guard`: verdicts on lines of a file, and the figures of a labelled set."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import run_command

CONTEXT = {
    "question": "How was the trip?",
    "objective": None,
    "transcript": [{"role": "participant", "text": "it was messy and my sister booked the hotel"}],
}


def lines(path: Path, *values: object) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def test_each_line_has_its_verdict(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "lines.jsonl",
        {"id": "a", "context": CONTEXT, "utterance": "What was messy?"},
        {"id": 2, "context": CONTEXT, "utterance": "You said the airport. What was that like?"},
        {"utterance": "Why?"},
    )
    result = run_command("guard", file, "--json")

    assert 0 == result.exit_code
    assert [
        {"id": "a", "violations": []},
        {"id": 2, "violations": ["false_attribution"]},
        {"id": 3, "violations": ["bare_why"]},
    ] == [json.loads(line) for line in result.stdout.splitlines()]
    assert "a: may be spoken" in run_command("guard", file).stdout


BAD = [
    b"nonsense",
    b"{}",
    b'{"utterance": 3}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"utterance": "", "context": []}',
]


@pytest.mark.parametrize("line", BAD)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b'{"utterance": "Okay."}\n' + line)
    result = run_command("guard", file)

    assert 1 == result.exit_code
    assert "line 2" in result.stderr


def test_a_labelled_set_has_its_figures(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "set.jsonl",
        {
            "id": "trip",
            "context": CONTEXT,
            "utterances": [
                {"id": "1", "utterance": "What was messy?"},
                {"id": "2", "utterance": "Great answer!", "breaks": ["evaluation"]},
                {"id": "3", "utterance": "What was the hotel like?", "breaks": ["bare_why"]},
            ],
        },
    )
    result = run_command("guard", "--set", file, "--json")
    figures = json.loads(result.stdout)
    by_rule = {each["rule"]: each for each in figures["rules"]}

    assert 1 == result.exit_code
    assert (0, 1) == (figures["false_refusals"], figures["admissible"])
    assert (1.0, 1.0) == (by_rule["evaluation"]["recall"], by_rule["evaluation"]["precision"])
    assert 0.0 == by_rule["bare_why"]["recall"]
    assert 0.5 == by_rule[None]["recall"]


def test_the_checkouts_own_set_is_good_enough() -> None:
    result = run_command("guard", "--set", "--half", "unseen")

    assert 0 == result.exit_code, result.output


def test_a_rule_that_is_none_is_refused(tmp_path: Path) -> None:
    labelled = {"id": "1", "utterance": "Hi.", "breaks": ["manners"]}
    file = lines(tmp_path / "set.jsonl", {"id": "x", "context": {}, "utterances": [labelled]})

    assert "there is no rule manners" in run_command("guard", "--set", file).stderr
