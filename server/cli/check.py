"""`vivavoce check`: everything that is wrong with a blueprint, and everything that is unwise, at once."""

from pathlib import Path

import click
import msgspec

from dialog.blueprint_validation import read_blueprint, validate_graph
from server.cli.files import read_json, readable_file, told
from server.cli.output import counted, json_option, print_json


@click.command()
@click.argument("file", type=readable_file)
@json_option
def check(file: Path, as_json: bool) -> None:
    """Find everything that is wrong with a blueprint.

    Exits with 1 when it has faults; warnings are advice. Each comes with its place as a JSON pointer.
    """
    blueprint, errors = read_blueprint(read_json(file))
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
