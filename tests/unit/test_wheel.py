import ast
import configparser
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder

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


def test_the_source_distribution_carries_all_that_its_documents_and_its_makefile_speak_of() -> None:
    carried = {file.distribution_path for file in SdistBuilder(str(ROOT)).recurse_included_files()}
    documents = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "NOTICE"}

    assert {*documents, "Makefile", ".ci/packages"} <= carried
    assert {"benchmarks", "docs", "tests", *ROOMS} <= {name.split("/")[0] for name in carried}


def _imported() -> set[str]:
    names: set[str] = set()
    for path in room_files("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - set(ROOMS)


def test_every_package_that_is_imported_is_declared_with_both_bounds() -> None:
    declared = {}
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]:
        name, rest = re.fullmatch(r"([\w-]+)(.*)", line).groups()  # type: ignore[union-attr]
        declared[name.lower().replace("_", "-").split("[")[0]] = rest
    owners = packages_distributions()
    undeclared = {
        name
        for name in _imported()
        if not {owner.lower().replace("_", "-") for owner in owners[name]} & declared.keys()
    }
    unbounded = [name for name, rest in declared.items() if "==" not in rest and "<" not in rest]

    assert set() == undeclared
    assert [] == unbounded
