import json
from pathlib import Path

import pytest

from dialog.events import AnswerReleased, Event, Fact, SessionOpened, decode_event
from dialog.manager import Manager
from dialog.signals import ParticipantJoined
from server.cli.files import load_blueprint
from server.cli.replay import first_difference
from tests.support.command_line import SAMPLE, run_command, sample_blueprint, write_json

ANSWERS = (
    "I cook for my wife and our two boys.",
    "Last Sunday I sat at the kitchen table and wrote down seven meals.",
    "Because my son wanted something different every day.",
    "paper",
    "My mother always did it that way.",
    "It hangs on the wall.",
    "Last month half of the food was thrown away because I came home late.",
    "We lost sixty dollars.",
    "I feel bad about it.",
    "I would like the plan to change by itself, because I work late.",
    "I think of it on the train.",
    "That is all.",
)


def _typed(*lines: str) -> str:
    return "".join(line + "\n" for line in lines)


def test_a_whole_interview_is_held_and_written_down(tmp_path: Path) -> None:
    out = tmp_path / "out"

    result = run_command("interview", SAMPLE, "--out", out, typed=_typed("yes", *ANSWERS))
    responses = json.loads((out / "responses.json").read_text(encoding="utf-8"))
    transcript = json.loads((out / "transcript.json").read_text(encoding="utf-8"))

    assert result.exit_code == 0, result.output
    assert "Robin: To begin with, who do you cook for at home?" in result.output
    assert responses["items"][0]["answer"]["verbatim"] == ANSWERS[0]
    assert ANSWERS[0] in [entry["content"] for entry in transcript["entries"]]
    assert (out / "transcript.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert f"Participant: {ANSWERS[0]}\n" in (out / "transcript.txt").read_text(encoding="utf-8")


def test_at_its_end_an_interview_shows_what_is_on_record_and_where_it_is_kept(tmp_path: Path) -> None:
    typed = _typed("yes", ANSWERS[0], "/skip", "paper", "/stop", "yes")

    kept = run_command("interview", SAMPLE, "--out", tmp_path, typed=typed).output
    unkept = run_command("interview", SAMPLE, typed=typed).output

    assert "On record (stopped, 2 of 4 questions answered):" in kept
    assert f"  household  {ANSWERS[0]}\n  last_plan  (no answer)\n  tool       main = " in kept
    assert "transcript.txt" in kept.splitlines()[-1]
    assert "Nothing of it will be kept: with --out DIR it is written down." in unkept
    assert "Nothing of it will be kept" not in kept


def test_a_mistyped_right_is_no_answer() -> None:
    result = run_command("interview", SAMPLE, typed=_typed("yes", "/help"))

    assert 2 == result.output.count("An answer may also be one of /")
    assert 1 == result.output.count("who do you cook for at home?")


def test_the_log_of_an_interview_replays_to_the_same_log(tmp_path: Path) -> None:
    run_command("interview", SAMPLE, "--out", tmp_path, typed=_typed("yes", "/repeat", *ANSWERS))

    result = run_command("replay", tmp_path / "events.jsonl", "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["same"] is True


def test_a_log_with_a_struck_answer_replays_up_to_it_and_says_so(tmp_path: Path) -> None:
    typed = _typed("yes", *ANSWERS[:2], "/strike", *ANSWERS[2:])
    run_command("interview", SAMPLE, "--out", tmp_path, typed=typed)
    log = tmp_path / "events.jsonl"

    told = run_command("replay", log)
    (rest,) = json.loads(run_command("replay", log, "--json").output)["left_out"]
    log.write_text(log.read_text(encoding="utf-8").replace("who do you cook for", "whom do you feed"))
    changed = run_command("replay", log)

    assert told.exit_code == 0, told.output
    assert ANSWERS[1] not in log.read_text(encoding="utf-8")
    assert f"session 1 from {rest['at']:.1f} s on" in told.output
    assert "what was compared" in told.output
    assert rest["seq"] > 20
    assert changed.exit_code == 1, "what comes before the struck answer is compared"


def test_a_log_of_which_everything_was_erased_says_that_nothing_can_be_compared(tmp_path: Path) -> None:
    typed = _typed("yes", *ANSWERS[:2], "erase everything I said", "yes", "/stop", "yes")
    run_command("interview", SAMPLE, "--out", tmp_path, typed=typed)

    told = run_command("replay", tmp_path / "events.jsonl")

    assert told.exit_code == 0, told.output
    assert "none of which can be compared" in told.output


def test_a_sitting_after_the_one_with_a_struck_answer_is_compared(tmp_path: Path) -> None:
    run_command(
        "interview", SAMPLE, "--out", tmp_path, typed=_typed("yes", *ANSWERS[:2], "/strike", *ANSWERS[2:])
    )
    blueprint = load_blueprint(SAMPLE)
    first = [decode_event(line) for line in (tmp_path / "events.jsonl").read_bytes().splitlines()]
    facts = [event.body for event in first if isinstance(event.body, Fact)]
    joined = ParticipantJoined("text")
    outputs = Manager(blueprint, facts=facts).handle(joined, 0.0)
    seq = len(first)
    second = [Event(seq + 1, 0.0, SessionOpened("ses_2", "text", 0, 2)), Event(seq + 2, 0.0, joined)]
    second += [Event(seq + place, 0.0, body) for place, body in enumerate(outputs, start=3)]
    second += [Event(seq + len(second) + 1, 0.0, AnswerReleased(99))]

    difference = first_difference(blueprint, {}, [*first, *second])

    assert difference is not None
    assert difference.session == 2
    assert AnswerReleased(99) == difference.recorded


def test_a_log_that_was_changed_shows_its_first_difference(tmp_path: Path) -> None:
    run_command("interview", SAMPLE, "--out", tmp_path, typed=_typed("yes", *ANSWERS))
    log = tmp_path / "events.jsonl"
    log.write_text(log.read_text(encoding="utf-8").replace("seven meals", "nine meals", 1), encoding="utf-8")

    result = run_command("replay", log)

    assert result.exit_code == 1
    assert "First difference: session 1" in result.output
    assert "seven meals" in result.output


def test_a_log_replayed_with_another_blueprint_differs(tmp_path: Path) -> None:
    run_command("interview", SAMPLE, "--out", tmp_path, typed=_typed("yes", *ANSWERS))
    blueprint = sample_blueprint()
    blueprint["graph"]["nodes"]["household"]["text"] = "Who eats at your table?"
    other = write_json(tmp_path / "other.json", blueprint)

    result = run_command("replay", tmp_path / "events.jsonl", "--blueprint", other, "--json")

    assert result.exit_code == 1
    assert "Who eats at your table?" in json.dumps(json.loads(result.output)["difference"]["today"])


def test_an_empty_log_has_no_difference(tmp_path: Path) -> None:
    assert first_difference(load_blueprint(SAMPLE), {}, []) is None


@pytest.mark.parametrize("garbage", [b"no event\n", b"\xff\xfe\n", b'{"seq": 1}\n', b"[" * 5_000 + b"\n"])
def test_a_line_that_is_no_event_is_refused_with_its_number(tmp_path: Path, garbage: bytes) -> None:
    log = tmp_path / "events.jsonl"
    log.write_bytes(garbage)

    result = run_command("replay", log, "--blueprint", SAMPLE)

    assert result.exit_code == 1
    assert "line 1" in result.output
    assert "Traceback" not in result.output


def test_a_run_that_is_unknown_is_told_in_a_sentence(elsewhere: Path) -> None:
    result = run_command("replay", "run_unknown")

    assert result.exit_code == 1
    assert "neither a file nor a run" in result.stderr


def test_who_declines_is_not_interviewed() -> None:
    result = run_command("interview", SAMPLE, typed=_typed("no"))

    assert result.exit_code == 1
    assert "Nothing was kept." in result.output
    assert "who do you cook for" not in result.output


def test_consent_that_is_not_clear_is_asked_for_again() -> None:
    result = run_command("interview", SAMPLE, typed=_typed("mm-hm", "whatever", "yes", "/stop", "yes"))

    assert result.output.count("Please answer yes or no.") == 2
    assert "who do you cook for" in result.output


def test_an_interview_that_is_left_says_so_and_keeps_what_was_said(tmp_path: Path) -> None:
    result = run_command("interview", SAMPLE, "--out", tmp_path, typed=_typed("yes", ANSWERS[0]))

    assert result.exit_code == 1
    assert "left before its end" in result.stderr
    assert ANSWERS[0] in (tmp_path / "transcript.json").read_text(encoding="utf-8")


def test_a_faulty_blueprint_is_not_talked_through(tmp_path: Path) -> None:
    blueprint = sample_blueprint()
    blueprint["graph"]["entry_node"] = "nowhere"

    result = run_command("interview", write_json(tmp_path / "blueprint.json", blueprint))

    assert result.exit_code == 1
    assert "vivavoce check" in result.stderr
