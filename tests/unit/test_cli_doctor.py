from pathlib import Path

import pytest

from server.cli import examinations
from server.settings import Settings

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_a_data_directory_is_found_usable_by_writing_to_it() -> None:
    (finding,) = examinations.examine_data_directory(Settings.load(data_dir=Path("new/data")))

    assert finding.state in ("ok", "warning")  # a developer's disk may be nearly full
    assert Path("new/data").is_dir()
    assert list(Path("new/data").iterdir()) == []


def test_a_data_directory_that_cannot_be_is_a_fault_with_the_way_out() -> None:
    Path("file").write_text("in the way")

    (finding,) = examinations.examine_data_directory(Settings.load(data_dir=Path("file/data")))

    assert finding.state == "fault"
    assert "VIVAVOCE_DATA_DIR" in (finding.remedy or "")


def test_a_database_that_is_none_is_a_fault() -> None:
    Path("data").mkdir()
    Path("data/vivavoce.db").write_bytes(b"this is no database, but it is long enough to be read as one" * 20)

    (finding,) = examinations.examine_database(Settings.load())

    assert finding.state == "fault"


def test_a_database_that_is_not_there_yet_is_fine() -> None:
    (finding,) = examinations.examine_database(Settings.load())

    assert finding.state == "ok"
    assert not Path("data").exists()


def test_a_postgresql_that_is_away_is_a_fault_and_its_password_is_told_nowhere() -> None:
    settings = Settings.load(database_url="postgresql://kim:open-sesame@127.0.0.1:1/interviews")

    (finding,) = examinations.examine_database(settings)

    assert "fault" == finding.state
    assert "postgresql://kim:***@127.0.0.1:1/interviews can't be reached" in finding.text
    assert "open-sesame" not in repr(finding)


def test_a_setting_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PROT", "80")

    (finding,) = examinations.examine_settings()

    assert finding.state == "warning"
    assert "VIVAVOCE_PORT" in finding.text


def test_codecs_and_the_model_of_voice_activity_work_here() -> None:
    assert [finding.state for finding in examinations.examine_codecs()] == ["ok", "ok"]
