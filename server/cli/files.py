"""Files that a person names on the command line, read and refused in plain words."""

import json
from pathlib import Path
from typing import Final

import click

from dialog.blueprint import Blueprint
from dialog.blueprint_validation import read_blueprint
from dialog.graph_checks import Fault
from server.cli.output import Failure, counted

MAX_FILE_BYTES: Final = 16 * 1024 * 1024

readable_file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def read_json(path: Path) -> object:
    """Parse a file of JSON. Raises Failure."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Failure(f"{path} is larger than {MAX_FILE_BYTES // 1024 // 1024} MB: that is no blueprint.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"{path} can't be read ({error.strerror}): look at its permissions.") from None
    except (ValueError, RecursionError) as error:
        raise Failure(f"{path} is not JSON ({error}): correct it at that place.") from None


def load_blueprint(path: Path) -> Blueprint:
    """Read a blueprint that can be talked through. Raises Failure with its first fault."""
    blueprint, faults = read_blueprint(read_json(path))
    if blueprint is None or faults:
        found = f"{faults[0].path or '/'}: {faults[0].message}" if faults else "its shape is wrong."
        more = f" Of {counted(len(faults), 'fault')} that is the first: `vivavoce check {path}` tells all."
        raise Failure(f"{path} can't be used. {found}{more}")
    return blueprint


def told(fault: Fault) -> str:
    """One fault in one line."""
    return f"{fault.path or '/'}: {fault.message} [{fault.code}]"
