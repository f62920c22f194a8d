import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from server.cli.seeding import SAMPLE
from tests.support.command_line import run_command, sample_blueprint, write_json
from tests.support.listening import sides
from tests.support.programs import program

pytestmark = pytest.mark.aloud


@pytest.fixture
def short_study(tmp_path: Path) -> Path:
    """Two questions of the sample study without follow-ups, and its persona with its spoken answers."""
    blueprint = sample_blueprint()
    nodes: dict[str, Any] = {key: blueprint["graph"]["nodes"][key] for key in ("household", "wish")}
    for node in nodes.values():
        node["probing"] = {"enabled": False, "max_follow_ups": 0}
    blueprint["graph"] = {
        "entry_node": "household",
        "nodes": nodes,
        "edges": [{"from": "household", "to": "wish"}],
    }
    blueprint["settings"]["intro_message"] = "Hello."
    study = tmp_path / "study"
    study.mkdir()
    persona = json.loads((SAMPLE / "persona.json").read_text(encoding="utf-8"))
    write_json(study / "persona.json", {**persona, "expected": {"path": ["household", "wish"]}})
    shutil.copytree(SAMPLE / "answers", study / "answers")
    return write_json(study / "blueprint.json", blueprint)


@pytest.mark.timeout(300)
async def test_a_simulated_participant_takes_a_whole_interview_aloud(
    tmp_path: Path, short_study: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("demo", "--participant", "simulated", "--blueprint", short_study, "--out", out)
    async with program(*arguments, cwd=tmp_path) as child:
        told, errors = await child.communicate()
        code = child.returncode
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    responses = json.loads((out / "responses.json").read_text(encoding="utf-8"))

    assert code == 0, errors.decode()
    assert [b"Asked", b"Said", b"Asked", b"Said"] == [
        line.split()[0] for line in told.splitlines() if line.startswith((b"Asked ", b"Said "))
    ]
    assert b"Interview    completed" in told
    assert report["required_unanswered"] == []
    assert [item["question_key"] for item in responses["items"]] == ["household", "wish"]
    assert report["word_errors"]["rate"] < 0.25, report["word_errors_by_question"]
    assert (out / "transcript.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert not (tmp_path / "data").exists()
    participant, agent = sides((out / "recording.ogg").read_bytes())
    assert participant.speech_seconds > 3
    assert agent.speech_seconds > 3
    assert report["recording"]["participant_speech_s"] == pytest.approx(participant.speech_seconds, abs=1.0)
    assert report["recording"]["agent_speech_s"] == pytest.approx(agent.speech_seconds, abs=1.0)
    assert report["recording"]["longest_overlap_s"] <= 1.0
    assert run_command("replay", out / "events.jsonl").exit_code == 0
