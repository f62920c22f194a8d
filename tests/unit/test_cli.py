import subprocess
import sys

import pytest

from server.__main__ import COMMANDS, main
from tests.support.command_line import run_command

HEAVY = ("aiortc", "av", "onnxruntime", "numpy", "sqlalchemy", "pydantic", "starlette")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_begins_as_the_list_of_commands_says(name: str) -> None:
    result = run_command(name, "--help")

    assert result.exit_code == 0
    assert COMMANDS[name] in " ".join(result.output.split())


def test_help_lists_every_command() -> None:
    output = run_command("--help").output

    assert [name for name in COMMANDS if f"  {name} " not in output] == []


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from server.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stderr.strip() == "[]"


def test_an_unknown_command_is_a_mistake_in_calling() -> None:
    assert run_command("chek").exit_code == 2


def test_the_version_is_that_of_the_distribution() -> None:
    assert run_command("--version").output.startswith("vivavoce, version ")


def test_the_console_script_is_the_command() -> None:
    assert main.name == "main"
