import configparser
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.house import ROOMS, ROOT, room_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    building = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(ROOT),
    ]
    built = subprocess.run(building, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def _dist_info(wheel: zipfile.ZipFile) -> str:
    return next(name.split("/")[0] for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))


def test_the_wheel_holds_the_four_rooms_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    top_level = {name.split("/")[0] for name in wheel.namelist()}

    assert {*ROOMS, _dist_info(wheel)} == top_level


def test_the_wheel_carries_every_file_of_its_rooms(wheel: zipfile.ZipFile) -> None:
    expected = {str(path.relative_to(ROOT)) for path in room_files()}
    carried = {name for name in wheel.namelist() if name.split("/")[0] in ROOMS}

    assert expected == carried


@pytest.mark.parametrize(
    "needed",
    [
        "static/join/index.html",
        "media/models/silero_vad.onnx",
        "server/store/migrations/versions/*.py",
        "server/examples/*/blueprint.json",
        "server/examples/*/persona.json",
        "server/examples/*/answers/*.opus",
    ],
)
def test_the_wheel_carries_what_is_no_code_but_needed(wheel: zipfile.ZipFile, needed: str) -> None:
    assert [name for name in wheel.namelist() if Path(name).match(needed)]


def test_the_wheel_carries_its_licence_and_what_it_owes_to_others(wheel: zipfile.ZipFile) -> None:
    licences = f"{_dist_info(wheel)}/licenses"

    assert {f"{licences}/LICENSE", f"{licences}/NOTICE"} <= set(wheel.namelist())


def test_the_wheel_installs_one_command(wheel: zipfile.ZipFile) -> None:
    entry_points = configparser.ConfigParser()
    entry_points.read_string(wheel.read(f"{_dist_info(wheel)}/entry_points.txt").decode())

    assert {"console_scripts": {"vivavoce": "server.__main__:main"}} == {
        section: dict(entry_points[section]) for section in entry_points.sections()
    }


@pytest.mark.parametrize("room", ROOMS)
def test_no_dependency_owns_the_name_of_a_room(room: str) -> None:
    assert set(packages_distributions().get(room, [])) <= {"vivavoce"}
