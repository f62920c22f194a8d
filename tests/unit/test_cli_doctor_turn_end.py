from pathlib import Path

import pytest

from server.cli import examinations
from server.settings import Settings
from tests.support.turn_end_models import describe, features_model

pytestmark = pytest.mark.usefixtures("elsewhere")


async def test_without_a_model_there_is_nothing_to_say() -> None:
    assert [] == await examinations.examine_turn_end_model(Settings.load())


async def test_a_model_that_works_is_told_with_its_cost(tmp_path: Path) -> None:
    model = features_model(tmp_path / "smart-turn-v3.2-cpu.onnx")
    (finding,) = await examinations.examine_turn_end_model(Settings.load(turn_end_model=model))

    assert "ok" == finding.state
    assert "smart-turn-v3 takes" in finding.text


async def test_a_model_of_which_nothing_is_known_is_a_warning(tmp_path: Path) -> None:
    model = describe(features_model(tmp_path / "ears.onnx"), name="ears-2")
    (finding,) = await examinations.examine_turn_end_model(Settings.load(turn_end_model=model))

    assert "warning" == finding.state
    assert "ears-2" in finding.text


async def test_a_file_that_is_no_model_is_a_fault_with_the_way_out(tmp_path: Path) -> None:
    model = tmp_path / "ears.onnx"
    model.write_bytes(b"no model")
    (finding,) = await examinations.examine_turn_end_model(Settings.load(turn_end_model=model))

    assert "fault" == finding.state
    assert str(model) in finding.text
    assert "VIVAVOCE_TURN_END_MODEL" in (finding.remedy or "")
