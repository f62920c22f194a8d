import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.house import ROOT, room_files

MAX_FILE_LINES = 350
MAX_SCRIPT_LINES = 200
MAX_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "handler", "handlers", "misc"}


def _told(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in room_files("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_every_module_opens_by_saying_what_it_is_for() -> None:
    silent = [
        _told(path)
        for path in room_files("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert [] == silent


def test_no_module_is_longer_than_one_reads_at_a_sitting() -> None:
    long = [_told(path) for path in room_files("*.py") if _lines(path) > MAX_FILE_LINES]
    long += [_told(path) for path in room_files("*.js") if _lines(path) > MAX_SCRIPT_LINES]

    assert [] == long


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{_told(path)}:{node.lineno} {node.name}"
        for path, node in _functions()
        if path.parent.name != "versions"  # a migration is a list of tables, read from top to bottom
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]

    assert [] == long


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [_told(path) for path in room_files("*.py") if path.stem in VAGUE_NAMES]
    vague += [_told(path) for path in room_files("manager.py") if _told(path) != "dialog/manager.py"]

    assert [] == vague


def test_nothing_is_left_for_later_in_the_code() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    left = [
        f"{_told(path)}:{number}"
        for path in (*room_files("*.py"), *room_files("*.js"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if marks.search(line)
    ]

    assert [] == left
