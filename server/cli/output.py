"""How commands speak: results on stdout as text or JSON, progress on a terminal, failures in a sentence.

Exit codes: 0 it is so, 1 it is not so or didn't work, 2 the command was called wrongly.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """The command can't do what was asked. The message is one sentence with the way out; exit code 1."""


def json_option(command: _Command) -> _Command:
    """Give a command its `--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")(command)


def print_json(value: object) -> None:
    """Print a result for a program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def progress(sentence: str) -> None:
    """Say what is going on to whoever watches; nothing in a pipe."""
    if sys.stderr.isatty():
        click.echo(click.style(sentence, dim=True), err=True)


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """`1 fault`, `3 faults`."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
