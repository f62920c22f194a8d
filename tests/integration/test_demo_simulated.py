import json
from pathlib import Path

import pytest

from tests.support.command_line import run_command
from tests.support.listening import sides
from tests.support.programs import program
from tests.support.sample_study import part_of_sample

pytestmark = pytest.mark.aloud


@pytest.mark.timeout(300)
async def test_a_simulated_participant_takes_a_whole_interview_aloud(
    tmp_path: Path,
) -> None:
    study, out = part_of_sample(tmp_path / "study", "household", "wish", probing=False), tmp_path / "out"
    arguments = ("demo", "--participant", "simulated", "--blueprint", study, "--out", out)
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
