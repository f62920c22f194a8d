"""What is promised in figures, measured one after the other, each in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from benchmarks.catalogue import PROMISED
from benchmarks.load import HERE
from benchmarks.report import STRICT, this_machine


def measured(name: str, options: Sequence[str]) -> tuple[dict[str, Any], int]:
    """Run one benchmark: what it prints as JSON, and its exit code.

    One that broke off is told without figures, and with why as its `fault`.
    """
    command = (sys.executable, "-m", "benchmarks", name, "--json", *options)
    ended = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True)
    try:
        told: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        machine = msgspec.to_builtins(this_machine())
        return {"bench": name, "machine": machine, "figures": {}, "fault": last}, ended.returncode or 1
    return told, ended.returncode


def lines_of(told: dict[str, Any]) -> list[str]:
    """One benchmark's figures for a person."""
    if "fault" in told:
        return [f"{told['bench']}: broke off: {told['fault']}"]
    lines = [f"{told['bench']}:"]
    for figure in told["figures"].values():
        value = (
            "not measured" if figure["value"] is None else f"{figure['value']:,.6g} {figure['unit']}".rstrip()
        )
        verdict = {None: "", True: "met", False: "MISSED"}[figure["met"]]
        budget = "" if figure["budget"] is None else f"  must be {figure['budget']}: {verdict}"
        lines.append(f"  {figure['what']:<58} {value}{budget}")
    return lines


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """All that is promised in figures, one benchmark after the other.

    Takes as long as they take together. With --json, prints a list of what each prints.
    """
    strict = bool(context.meta.get(STRICT))
    every, worst = [], 0
    for name in PROMISED:
        click.echo(f"{name} …", err=True)
        told, code = measured(name, ("--strict",) if strict else ())
        worst = max(worst, code)
        every.append(told)
        if not as_json:
            click.echo("\n".join(lines_of(told)))
    if as_json:
        click.echo(json.dumps(every, indent=2))
    if worst:
        context.exit(1)
