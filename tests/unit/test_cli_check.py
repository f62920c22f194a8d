import json
from pathlib import Path

from tests.support.command_line import SAMPLE, run_command, sample_blueprint, write_json


def test_the_sample_study_has_no_fault() -> None:
    result = run_command("check", SAMPLE)

    assert result.exit_code == 0, result.output


def test_every_fault_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    blueprint = sample_blueprint()
    blueprint["graph"]["entry_node"] = "nowhere"
    blueprint["graph"]["edges"].append({"from": "nobody", "to": "nothing"})

    result = run_command("check", write_json(tmp_path / "blueprint.json", blueprint))

    assert result.exit_code == 1
    assert "/graph/entry_node: " in result.output
    assert "[missing_entry_node]" in result.output
    assert "[unknown_node]" in result.output


def test_a_program_reads_faults_as_json(tmp_path: Path) -> None:
    blueprint = sample_blueprint()
    blueprint["graph"]["entry_node"] = "nowhere"

    result = run_command("check", write_json(tmp_path / "blueprint.json", blueprint), "--json")
    told = json.loads(result.output)

    assert result.exit_code == 1
    assert told["object"] == "graph_validation"
    assert told["valid"] is False
    assert ("missing_entry_node", "/graph/entry_node") in {
        (fault["code"], fault["path"]) for fault in told["errors"]
    }


def test_a_file_that_is_no_json_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "blueprint.json"
    for garbage in (b"", b"{", b"\xff\xfe\x00", b"[" * 100_000):
        path.write_bytes(garbage)

        result = run_command("check", path)

        assert result.exit_code == 1
        assert "is not JSON" in result.output
        assert "Traceback" not in result.output


def test_to_a_program_a_file_that_is_no_json_is_a_fault_like_any_other(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")

    result = run_command("check", broken, "--json")
    told = json.loads(result.output)

    assert 1 == result.exit_code
    assert told["valid"] is False
    assert ["invalid_json"] == [fault["code"] for fault in told["errors"]]


def test_json_that_is_no_blueprint_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    garbage: object
    for garbage in (None, 7, "text", [], {}, {"graph": {"nodes": []}}):
        result = run_command("check", write_json(tmp_path / "blueprint.json", garbage))

        assert result.exit_code == 1
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_missing_file_is_a_mistake_in_calling() -> None:
    assert run_command("check", "no-such-file.json").exit_code == 2
