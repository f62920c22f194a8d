"""`vivavoce check`: everything that is wrong with a blueprint, and everything that is unwise, at once."""

from pathlib import Path

import click
import msgspec

from dialog.blueprint import Blueprint
from dialog.blueprint_validation import read_blueprint, validate_graph
from dialog.graph_checks import Fault
from server.cli.files import read_json, readable_file, told
from server.cli.output import Failure, counted, json_option, print_json


@click.command()
@click.argument("file", type=readable_file)
@json_option
def check(file: Path, as_json: bool) -> None:
    """Find everything that is wrong with a blueprint.

    Exits with 1 when it has faults; warnings are advice. Each comes with its place as a JSON pointer.
    """
    blueprint, errors = _read(file, as_json)
    warnings = list(validate_graph(blueprint).warnings) if blueprint is not None else []
    if as_json:
        print_json(
            {
                "object": "graph_validation",
                "valid": not errors,
                "errors": msgspec.to_builtins(errors),
                "warnings": msgspec.to_builtins(warnings),
            }
        )
    else:
        for fault in errors:
            click.echo(f"{click.style('fault', fg='red')}    {told(fault)}")
        for fault in warnings:
            click.echo(f"{click.style('warning', fg='yellow')}  {told(fault)}")
        click.echo(
            f"{file}: {counted(len(errors), 'fault')}, {counted(len(warnings), 'warning')}."
            if errors or warnings
            else f"{file}: no fault, no warning."
        )
    raise SystemExit(1 if errors else 0)


def _read(file: Path, as_json: bool) -> tuple[Blueprint | None, list[Fault]]:
    """Read a blueprint; to a program a file that is no JSON is one more fault, and not silence."""
    try:
        content = read_json(file)
    except Failure as failure:
        if not as_json:
            raise
        return None, [Fault("invalid_json", "", failure.message)]
    return read_blueprint(content)
