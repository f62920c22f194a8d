"""The command line, called as a person calls it, in a directory and an environment of its own."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from server.__main__ import main

EXAMPLES = Path(__file__).parent.parent.parent / "server" / "examples"
SAMPLE = EXAMPLES / "product-discovery" / "blueprint.json"


def run_command(*arguments: str | Path, typed: str | None = None) -> Result:
    """Run `vivavoce` with these arguments; `typed` is its standard input."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=typed)


def sample_blueprint() -> dict[str, Any]:
    """The sample study's blueprint as parsed JSON, fresh each time."""
    blueprint: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return blueprint


def write_json(path: Path, value: object) -> Path:
    """Write a value where a command may read it."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
