import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.cli import examinations
from server.settings import Settings

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


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


async def test_a_port_in_use_is_a_fault(taken_port: int) -> None:
    (finding,) = await examinations.examine_port(Settings.load(port=taken_port))

    assert finding.state == "fault"
    assert "--port" in (finding.remedy or "")


async def test_a_free_port_is_fine() -> None:
    (finding,) = await examinations.examine_port(Settings.load(port=0))

    assert finding.state == "ok"


async def test_a_host_that_is_not_ours_is_a_fault_and_no_crash() -> None:
    (finding,) = await examinations.examine_port(Settings.load(host="no-such-host.invalid", port=0))

    assert finding.state == "fault"


@pytest.mark.parametrize(
    "url", ["https://a.example", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:8"]
)
def test_browsers_give_the_microphone_to_https_and_localhost(url: str) -> None:
    finding = examinations.examine_network(Settings.load(public_url=url))[-1]

    assert finding.state == "ok"


def test_a_plain_address_gets_the_four_lines_that_make_it_https() -> None:
    finding = examinations.examine_network(Settings.load(public_url="http://interviews.example.org"))[-1]

    assert finding.state == "warning"
    assert "interviews.example.org {" in (finding.remedy or "")
    assert "reverse_proxy 127.0.0.1:8080" in (finding.remedy or "")


def test_a_setting_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PROT", "80")

    (finding,) = examinations.examine_settings()

    assert finding.state == "warning"
    assert "VIVAVOCE_PORT" in finding.text


def test_codecs_and_the_model_of_voice_activity_work_here() -> None:
    assert [finding.state for finding in examinations.examine_codecs()] == ["ok", "ok"]
