"""The fault matrix as a table: what a participant hears of each vendor's bad days. Each talk is held on a
clock that waits for nobody, so that the figures do not depend on the machine."""

import logging
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from benchmarks.report import Row, publish, this_machine
from tests.emulators.script import FAULT_KINDS, FaultKind
from tests.support.bad_days import VENDORS, BadDay, bad_day

LONGEST_SILENCE: Final = 3.0


def cell(day: BadDay) -> str:
    """A day in a table: the longest silence, and what was done."""
    done = [name for name in ("replaced", "hedged", "opened") if name in day.decisions]
    told = f"{day.longest_silence:.1f} s, {', '.join(done) or 'nothing'}"
    return f"{told}: {day.faults()}" if day.faults() else told


@click.command()
@click.option("--vendor", type=click.Choice(VENDORS), multiple=True, help="Default: each.")
@click.option("--fault", type=click.Choice(FAULT_KINDS), multiple=True, help="Default: each.")
@click.option("--json", "as_json", is_flag=True)
def command(vendor: tuple[str, ...], fault: tuple[str, ...], as_json: bool) -> None:
    """What is heard of each vendor's bad days."""
    machine, began = this_machine(), time.monotonic()
    logging.disable(logging.WARNING)
    vendors = [each for each in VENDORS if not vendor or each in vendor]
    kinds: list[FaultKind] = [each for each in FAULT_KINDS if not fault or each in fault]
    days = {}
    for kind in kinds:
        for each in vendors:
            with TemporaryDirectory(prefix="vivavoce-bad-day-") as folder:
                days[each, kind] = bad_day(each, kind, Path(folder))
        if not as_json:
            click.echo(f"| `{kind}` | {' | '.join(cell(days[each, kind]) for each in vendors)} |")
    rows = [
        Row(f"{each}, {kind}, longest silence", round(day.longest_silence, 2), "s", LONGEST_SILENCE)
        for (each, kind), day in days.items()
    ]
    rows.append(Row("days with a fault of ours", sum(bool(day.faults()) for day in days.values()), "", 0))
    rows.append(Row("the whole", round(time.monotonic() - began, 1), "s"))
    publish("bad-days", rows, machine, as_json=as_json)
